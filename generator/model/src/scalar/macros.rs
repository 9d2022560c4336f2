//! What every scalar type has beside its parser: serde, schema, display.

/// Gives a [`crate::Scalar`] its `Deserialize`, `Serialize`, `JsonSchema` and `FromStr`, by way of `Display`.
macro_rules! scalar {
    ($type:ty) => {
        impl std::str::FromStr for $type {
            type Err = crate::scalar::Fault;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as crate::Scalar>::parse(text)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                <Self as crate::Scalar>::parse(&text).map_err(|fault| serde::de::Error::custom(fault.message))
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = schemars::json_schema!({
                    "type": "string",
                    "format": <Self as crate::Scalar>::FORMAT,
                    "examples": [<Self as crate::Scalar>::EXAMPLE],
                });
                if let Some(pattern) = <Self as crate::Scalar>::PATTERN {
                    schema.insert("pattern".into(), pattern.into());
                }
                schema
            }
        }
    };
}

/// The same for a type that is its text: adds the struct's `Display`, `AsRef`, `Borrow` and `Deref`.
macro_rules! text {
    ($type:ident) => {
        crate::scalar::macros::scalar!($type);
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
        impl std::ops::Deref for $type {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.0
            }
        }
    };
}

pub(crate) use {scalar, text};
