//! Stand-in until the real one is merged.
use model::{Diagnostic, Diagnostics, FileId, Sources, Span, span_protocol as protocol};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

pub struct Parsed<T> {
    pub value: T,
    pub poisoned: Vec<Span>,
}
pub const CODES: &[(&str, &str)] = &[("invalid-yaml", "x")];
pub fn decode(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|e| e.to_string())
}
pub fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
pub fn parse<T: DeserializeOwned>(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> Option<Parsed<T>> {
    let value: Value = match serde_saphyr::from_str(sources.text(file)) {
        Ok(v) => v,
        Err(e) => {
            diagnostics.push(Diagnostic::error("invalid-yaml", e.to_string()));
            return None;
        }
    };
    match T::deserialize(De(&value)) {
        Ok(value) => Some(Parsed { value, poisoned: Vec::new() }),
        Err(e) => {
            diagnostics.push(Diagnostic::error("invalid-yaml", e.to_string()));
            None
        }
    }
}
type E = de::value::Error;
struct De<'a>(&'a Value);
struct Sp<'a>(Option<&'a Value>, Option<String>, usize);
impl<'de> MapAccess<'de> for Sp<'_> {
    type Error = E;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, E> {
        self.2 += 1;
        if self.2 > 4 { return Ok(None) }
        seed.deserialize(protocol::FIELDS[self.2 - 1].into_deserializer()).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, E> {
        if self.2 < 4 { return seed.deserialize(0u32.into_deserializer()) }
        match (self.0, &self.1) {
            (Some(v), _) => seed.deserialize(De(v)),
            (_, Some(k)) => seed.deserialize(Key(k.clone())),
            _ => unreachable!(),
        }
    }
}
struct Key(String);
impl<'de> de::Deserializer<'de> for Key {
    type Error = E;
    fn deserialize_any<V: Visitor<'de>>(self, v: V) -> Result<V::Value, E> { v.visit_string(self.0) }
    fn deserialize_struct<V: Visitor<'de>>(self, name: &'static str, _: &'static [&'static str], v: V) -> Result<V::Value, E> {
        if name == protocol::NAME { v.visit_map(Sp(None, Some(self.0), 0)) } else { v.visit_string(self.0) }
    }
    serde::forward_to_deserialize_any! { bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any }
}
struct M<'a>(serde_json::map::Iter<'a>, Option<&'a Value>);
impl<'de> MapAccess<'de> for M<'_> {
    type Error = E;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, E> {
        match self.0.next() {
            Some((k, v)) => { self.1 = Some(v); seed.deserialize(Key(k.clone())).map(Some) }
            None => Ok(None),
        }
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, E> { seed.deserialize(De(self.1.take().expect("v"))) }
}
struct S<'a>(std::slice::Iter<'a, Value>);
impl<'de> SeqAccess<'de> for S<'_> {
    type Error = E;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, E> {
        self.0.next().map(|v| seed.deserialize(De(v))).transpose()
    }
}
impl<'de> de::Deserializer<'de> for De<'_> {
    type Error = E;
    fn deserialize_any<V: Visitor<'de>>(self, v: V) -> Result<V::Value, E> {
        match self.0 {
            Value::Null => v.visit_unit(),
            Value::Bool(b) => v.visit_bool(*b),
            Value::Number(n) => if let Some(u) = n.as_u64() { v.visit_u64(u) } else if let Some(i) = n.as_i64() { v.visit_i64(i) } else { v.visit_f64(n.as_f64().unwrap_or(0.0)) },
            Value::String(s) => v.visit_string(s.clone()),
            Value::Array(a) => v.visit_seq(S(a.iter())),
            Value::Object(m) => v.visit_map(M(m.iter(), None)),
        }
    }
    fn deserialize_option<V: Visitor<'de>>(self, v: V) -> Result<V::Value, E> { if self.0.is_null() { v.visit_none() } else { v.visit_some(self) } }
    fn deserialize_struct<V: Visitor<'de>>(self, name: &'static str, _: &'static [&'static str], v: V) -> Result<V::Value, E> {
        if name == protocol::NAME { v.visit_map(Sp(Some(self.0), None, 0)) } else { self.deserialize_any(v) }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, v: V) -> Result<V::Value, E> { v.visit_newtype_struct(self) }
    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], v: V) -> Result<V::Value, E> {
        match self.0 { Value::String(s) => v.visit_enum(s.as_str().into_deserializer()), _ => Err(de::Error::custom("enum")) }
    }
    serde::forward_to_deserialize_any! { bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any }
}
