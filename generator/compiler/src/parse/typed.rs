//! A serde deserializer over [`Node`], which answers [`model::Spanned`]'s question for the place of a value.

use model::node::{Node, Value};
use model::{Span, Spanned, span_protocol as protocol};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};
use std::{fmt, slice};

/// Why a node is not a value of the type, at the innermost place that is known.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub(crate) message: String,
    pub(crate) span: Option<Span>,
}

/// The value of a tree.
pub(crate) fn from_node<'a, T: de::Deserialize<'a>>(node: &'a Node) -> Result<T, Mismatch> {
    T::deserialize(Typed(node))
}

impl Mismatch {
    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None }
    }
}

#[derive(Clone, Copy)]
struct Typed<'a>(&'a Node);

impl<'a> Typed<'a> {
    fn any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::Sequence(items) => visitor.visit_seq(Items(items.iter())),
            Value::Mapping(mapping) => {
                visitor.visit_map(Entries { entries: mapping.entries.iter(), value: None })
            }
            Value::Refused => Err(de::Error::custom("refused")),
        }
    }
}

impl<'a> Deserializer<'a> for Typed<'a> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.any(visitor).map_err(|error| error.at(self.0.span))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if matches!(self.0.value, Value::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if name == protocol::NAME {
            visitor.visit_map(Placed { span: self.0.span, field: 0, value: self })
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let result = match &self.0.value {
            Value::Text(name) => visitor.visit_enum(Variant { name, content: None }),
            Value::Mapping(mapping) if mapping.entries.len() == 1 => {
                let (name, content) = &mapping.entries[0];
                visitor.visit_enum(Variant { name, content: Some(content) })
            }
            other => {
                Err(de::Error::custom(format!("expected the name of a variant, found {}", other.kind())))
            }
        };
        result.map_err(|error| error.at(self.0.span))
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// A mapping's key: text, whatever its type makes of it.
#[derive(Clone, Copy)]
struct Key<'a>(&'a Spanned<String>);

impl<'a> Deserializer<'a> for Key<'a> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_borrowed_str::<Mismatch>(&self.0.value).map_err(|error| error.at(self.0.span))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if name == protocol::NAME {
            visitor.visit_map(Placed { span: self.0.span, field: 0, value: self })
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor
            .visit_enum(Variant { name: &self.0.value, content: None })
            .map_err(|error| error.at(self.0.span))
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'a>(slice::Iter<'a, Node>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        self.0.next().map(|node| seed.deserialize(Typed(node))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'a> {
    entries: slice::Iter<'a, (Spanned<String>, Node)>,
    value: Option<&'a Node>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Mismatch;

    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        seed.deserialize(Typed(self.value.take().expect("serde asks for the key first")))
    }
}

/// The four entries of [`protocol::FIELDS`].
struct Placed<D> {
    span: Span,
    field: usize,
    value: D,
}

impl<'a, D: Deserializer<'a, Error = Mismatch> + Copy> MapAccess<'a> for Placed<D> {
    type Error = Mismatch;

    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        let Some(name) = protocol::FIELDS.get(self.field) else { return Ok(None) };
        let name: StrDeserializer<'_, Mismatch> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        self.field += 1;
        match self.field {
            1 => seed.deserialize(self.span.file.0.into_deserializer()),
            2 => seed.deserialize(self.span.start.into_deserializer()),
            3 => seed.deserialize(self.span.end.into_deserializer()),
            _ => seed.deserialize(self.value),
        }
    }
}

struct Variant<'a> {
    name: &'a str,
    content: Option<&'a Node>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self), Mismatch> {
        let name: StrDeserializer<'_, Mismatch> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'a> Variant<'a> {
    fn content(&self) -> Result<Typed<'a>, Mismatch> {
        self.content.map(Typed).ok_or_else(|| de::Error::custom(format!("`{}` needs a value", self.name)))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(de::Error::custom(format!("`{}` takes no value", self.name))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, Mismatch> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.content()?.deserialize_any(visitor)
    }
}
