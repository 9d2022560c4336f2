//! The JSON Schema of a definition, and what of it a walk over a file needs.

use model::scalar::{KINDS, Kind};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::{
    any::TypeId,
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The schema of a type, in draft 2020-12, for editors and for [`super::structure`].
///
/// Stricter than what `schemars` derives: nothing is null, integers have the bounds of their type, and a map says
/// of what kind its keys are.
///
/// Worked out once for each type: it takes longer than reading a definition.
pub(crate) fn schema<T: JsonSchema + 'static>() -> &'static Value {
    static KNOWN: Mutex<BTreeMap<TypeId, &'static Value>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(TypeId::of::<T>()).or_insert_with(|| Box::leak(Box::new(made::<T>())))
}

fn made<T: JsonSchema>() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    tidy(&mut schema);
    schema
}

fn tidy(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(object) => {
            without_null(object);
            with_bounds(object);
            with_key_kind(object);
            object.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// An option is left out where there is none; writing a key with nothing after it is a mistake.
fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|it| it != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|it| !it.is_null());
    }
    let Some(Value::Array(options)) = object.get_mut("anyOf") else { return };
    options.retain(|it| it.get("type").is_none_or(|it| it != "null"));
    if let [Value::Object(only)] = options.as_slice() {
        let only = only.clone();
        object.shift_remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

/// `uint32` and its like mean nothing to an editor.
fn with_bounds(object: &mut Map<String, Value>) {
    let (least, most) = match object.get("format").and_then(Value::as_str) {
        Some("int8") => (i64::from(i8::MIN), i64::from(i8::MAX)),
        Some("int16") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("uint8") => (0, i64::from(u8::MAX)),
        Some("uint16") => (0, i64::from(u16::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some("uint" | "uint64") => (0, i64::MAX),
        Some("int" | "int64") => (i64::MIN, i64::MAX),
        _ => return,
    };
    object.shift_remove("format");
    object.entry("minimum").or_insert(json!(least));
    object.entry("maximum").or_insert(json!(most));
}

/// `schemars` keeps of a key's type its pattern alone, which is enough to find the kind by.
fn with_key_kind(object: &mut Map<String, Value>) {
    let Some(Value::Object(patterns)) = object.get("patternProperties") else { return };
    let mut patterns = patterns.iter();
    let (Some((pattern, value)), None) = (patterns.next(), patterns.next()) else { return };
    let Some(kind) = KINDS.iter().find(|kind| kind.pattern == Some(pattern)) else { return };
    let value = value.clone();
    object.shift_remove("patternProperties");
    let names = json!({ "format": kind.format, "pattern": kind.pattern, "examples": [kind.example] });
    object.insert("propertyNames".into(), names);
    object.insert("additionalProperties".into(), value);
}

/// A part of a schema: what may stand at one place of a file.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a> {
    root: &'a Value,
    /// As it stands where the place is declared: a reference, with a description of its own.
    here: &'a Value,
}

/// What may stand at a place.
pub(crate) enum Form<'a> {
    Any,
    Bool,
    Integer { least: i64, most: i64 },
    Text(Option<&'static Kind>),
    Choice(Vec<Choice<'a>>),
    List(Shape<'a>),
    Map { key: Option<&'static Kind>, value: Shape<'a> },
    Struct(Fields<'a>),
}

/// A variant of an enum: its name alone, or its name over a value.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: Option<Shape<'a>>,
}

/// The keys of a struct.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    root: &'a Value,
    properties: Option<&'a Map<String, Value>>,
    required: Option<&'a Vec<Value>>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(root: &'a Value) -> Self {
        Self { root, here: root }
    }

    fn with(self, here: &'a Value) -> Self {
        Self { here, ..self }
    }

    /// What a reference refers to.
    fn target(self) -> &'a Value {
        let mut target = self.here;
        while let Some(path) = target.get("$ref").and_then(Value::as_str) {
            let path = path.strip_prefix('#').expect("a reference stays within the schema");
            target = self.root.pointer(path).expect("a reference leads somewhere");
        }
        target
    }

    /// What the first sentence of the doc comment says, without its dot.
    pub(crate) fn summary(self) -> Option<&'a str> {
        let said = self.here.get("description").or_else(|| self.target().get("description"));
        let said = said.and_then(Value::as_str)?;
        let line = said.split("\n\n").next().unwrap_or(said);
        Some(line.split_once(". ").map_or(line, |(first, _)| first).trim_end_matches('.'))
    }

    /// A value that the schema gives as an example.
    pub(crate) fn example(self) -> Option<&'a Value> {
        let examples = self.here.get("examples").or_else(|| self.target().get("examples"));
        examples.and_then(Value::as_array).and_then(|examples| examples.first())
    }

    pub(crate) fn form(self) -> Form<'a> {
        let target = self.target();
        if let Some(choices) = target.get("oneOf").and_then(Value::as_array) {
            return Form::Choice(choices.iter().flat_map(|it| self.choices(it)).collect());
        }
        if target.get("enum").is_some() || target.get("const").is_some() {
            return Form::Choice(self.choices(target));
        }
        match target.get("type").and_then(Value::as_str) {
            Some("boolean") => Form::Bool,
            Some("integer") => {
                let bound = |name, default| target.get(name).and_then(Value::as_i64).unwrap_or(default);
                Form::Integer { least: bound("minimum", i64::MIN), most: bound("maximum", i64::MAX) }
            }
            Some("string") => Form::Text(kind(target)),
            Some("array") => Form::List(self.with(target.get("items").unwrap_or(&Value::Bool(true)))),
            Some("object") => match target.get("additionalProperties") {
                Some(value @ Value::Object(_)) => {
                    let key = target.get("propertyNames").and_then(kind);
                    Form::Map { key, value: self.with(value) }
                }
                Some(Value::Bool(false)) => Form::Struct(Fields {
                    root: self.root,
                    properties: target.get("properties").and_then(Value::as_object),
                    required: target.get("required").and_then(Value::as_array),
                }),
                _ => Form::Any,
            },
            _ => Form::Any,
        }
    }

    /// The variants that one part of an enum's schema stands for.
    fn choices(self, schema: &'a Value) -> Vec<Choice<'a>> {
        let name = |it: &'a Value| it.as_str().map(|name| Choice { name, content: None });
        if let Some(only) = schema.get("const") {
            return name(only).into_iter().collect();
        }
        if let Some(names) = schema.get("enum").and_then(Value::as_array) {
            return names.iter().filter_map(name).collect();
        }
        let content = schema.get("properties").and_then(Value::as_object);
        content
            .into_iter()
            .flatten()
            .map(|(name, content)| Choice { name, content: Some(self.with(content)) })
            .collect()
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        self.properties.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    pub(crate) fn get(self, name: &str) -> Option<Shape<'a>> {
        let here = self.properties?.get(name)?;
        Some(Shape { root: self.root, here })
    }

    pub(crate) fn required(self) -> impl Iterator<Item = &'a str> {
        self.required.into_iter().flatten().filter_map(Value::as_str)
    }
}

fn kind(schema: &Value) -> Option<&'static Kind> {
    let format = schema.get("format")?.as_str()?;
    KINDS.iter().find(|kind| kind.format == format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonschema::validator_for;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_can_be_told_by_its_pattern_and_has_an_example_of_it() {
        let mut seen = BTreeSet::new();
        for kind in KINDS {
            assert_eq!((kind.parse)(kind.example), Ok(()), "{}", kind.format);
            let Some(pattern) = kind.pattern else { continue };
            assert!(seen.insert(pattern), "{} shares its pattern", kind.format);
            let validator = validator_for(&json!({ "pattern": pattern })).expect("a pattern");
            assert!(validator.is_valid(&json!(kind.example)), "{}", kind.format);
        }
    }

    /// All parts of a schema.
    fn parts<'a>(value: &'a Value, found: &mut Vec<&'a Map<String, Value>>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| parts(item, found)),
            Value::Object(object) => {
                found.push(object);
                object.values().for_each(|value| parts(value, found));
            }
            _ => {}
        }
    }

    #[test]
    fn the_definition_is_strict() {
        let schema = schema::<model::Definition>();
        let mut found = Vec::new();
        parts(schema, &mut found);
        for part in found {
            let said = format!("{part:?}");
            assert!(!said.contains("\"null\"") || part.contains_key("$defs"), "{said}");
            for unknown in ["anyOf", "allOf", "patternProperties"] {
                assert!(!part.contains_key(unknown), "{unknown} in {said}");
            }
            if part.get("type").is_some_and(|it| it == "object") && !part.contains_key("propertyNames") {
                assert!(part.contains_key("additionalProperties"), "not strict: {said}");
            }
            if let Some(format) = part.get("format").and_then(Value::as_str) {
                assert!(KINDS.iter().any(|kind| kind.format == format), "no kind for {format}");
            }
        }
    }
}
