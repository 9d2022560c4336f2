//! [`Spanned`]: a value and the place in a file that said it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::{borrow::Borrow, borrow::Cow, cmp::Ordering, fmt, marker::PhantomData, ops::Deref};

/// Which of the loaded files a span lies in; an index into [`crate::Sources`].
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct FileId(pub u32);

/// Bytes `start..end` of one file. The default is the empty span at the top of the first file.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn overlaps(self, other: Self) -> bool {
        self.file == other.file
            && self.start < other.end.max(other.start + 1)
            && other.start < self.end.max(self.start + 1)
    }
}

/// A value that a diagnostic can point at. Compares, orders and hashes as the value alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

/// The names by which [`Spanned`] asks a deserializer for a place; only ours answers.
pub mod protocol {
    pub const NAME: &str = "$tombolo::Spanned";
    pub const FIELDS: &[&str] = &["$file", "$start", "$end", "$value"];
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// A value that no file says: a default, or one that we worked out.
    pub fn nowhere(value: T) -> Self {
        Self { value, span: Span::default() }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let number = |map: &mut A| match map.next_entry::<String, u32>()? {
                    Some((_, number)) => Ok(number),
                    None => Err(A::Error::custom("a place has a file, a start and an end")),
                };
                let file = FileId(number(&mut map)?);
                let (start, end) = (number(&mut map)?, number(&mut map)?);
                match map.next_entry::<String, T>()? {
                    Some((_, value)) => Ok(Spanned { value, span: Span { file, start, end } }),
                    None => Err(A::Error::custom("a place has a value")),
                }
            }
        }
        deserializer.deserialize_struct(protocol::NAME, protocol::FIELDS, Parts(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<T: Eq> Eq for Spanned<T> {}
impl<T: PartialOrd> PartialOrd for Spanned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}
impl<T: Ord> Ord for Spanned<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

/// Lets a map with spanned keys be asked by plain text.
impl<T: Borrow<str>> Borrow<str> for Spanned<T> {
    fn borrow(&self) -> &str {
        self.value.borrow()
    }
}
