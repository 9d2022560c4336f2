//! [`Node`]: a YAML document as a tree, each value with the place to point at.

use crate::{Span, Spanned};

/// A value and its place.
///
/// The place is what a person is to look at, and lies within one line: a scalar's own text, for a collection in
/// block style the key that it stands under, for one in flow style its brackets where they are on one line.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

/// What YAML 1.2's core schema makes of a node.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Sequence(Vec<Node>),
    Mapping(Mapping),
    /// Something that was reported already; nothing more is said of it.
    Refused,
}

/// Keys and values in the order of the file. A key that is there twice is there twice.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    pub entries: Vec<(Spanned<String>, Node)>,
    /// Whether entries were left out, because they were refused: nothing is said to be missing.
    pub incomplete: bool,
}

impl Node {
    pub fn new(value: Value, span: Span) -> Self {
        Self { span, value }
    }

    pub fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(Value::Text(text.into()), span)
    }

    /// The value of a key; of one that is there twice the last, as most readers take it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value.
    pub fn entry(&self, key: &str) -> Option<(&Spanned<String>, &Self)> {
        match &self.value {
            Value::Mapping(mapping) => {
                mapping.entries.iter().rev().find(|(it, _)| it.value == key).map(|(key, value)| (key, value))
            }
            _ => None,
        }
    }

    /// The value at the end of a path of keys: `spec.template.spec`. Nothing where a part of it is missing.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, key| node.get(key))
    }

    pub fn entries(&self) -> &[(Spanned<String>, Self)] {
        match &self.value {
            Value::Mapping(mapping) => &mapping.entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    pub fn str(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(it) => Some(it),
            _ => None,
        }
    }

    pub fn int(&self) -> Option<i64> {
        match self.value {
            Value::Integer(it) => Some(it),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The text at the end of a path.
    pub fn str_at(&self, path: &str) -> Option<&str> {
        self.at(path)?.str()
    }

    /// The truth value at the end of a path.
    pub fn bool_at(&self, path: &str) -> Option<bool> {
        self.at(path)?.bool()
    }

    /// The items of the list at the end of a path; none where it is missing.
    pub fn items_at(&self, path: &str) -> &[Self] {
        self.at(path).map_or(&[], Self::items)
    }

    /// A scalar as it would be printed: `8080`, `true`, `text`.
    pub fn printed(&self) -> Option<String> {
        match &self.value {
            Value::Bool(it) => Some(it.to_string()),
            Value::Integer(it) => Some(it.to_string()),
            Value::Float(it) => Some(it.to_string()),
            Value::Text(it) => Some(it.clone()),
            _ => None,
        }
    }

    /// Calls `see` with every node below this one and itself.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        self.items().iter().for_each(|item| item.visit(see));
        self.entries().iter().for_each(|(_, value)| value.visit(see));
    }
}

impl Value {
    /// What a person calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "`true` or `false`",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
            Self::Refused => "something refused",
        }
    }

    /// What the core schema makes of a scalar without quotes (YAML 1.2.2, section 10.3.2).
    pub fn plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" | "True" | "TRUE" => return Self::Bool(true),
            "false" | "False" | "FALSE" => return Self::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Self::Float(f64::NAN),
            _ => {}
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
            return Self::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        let based = |prefix, radix| {
            let digits = text.strip_prefix(prefix)?;
            digits
                .chars()
                .all(|c| c.is_digit(radix))
                .then(|| i64::from_str_radix(digits, radix).ok())
                .flatten()
        };
        if let Some(number) = based("0o", 8).or_else(|| based("0x", 16)) {
            return Self::Integer(number);
        }
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !unsigned.is_empty() && digits(unsigned) {
            return match text.parse() {
                Ok(number) => Self::Integer(number),
                Err(_) => text.parse().map_or_else(|_| Self::Text(text.into()), Self::Float),
            };
        }
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
            None => (unsigned, "0"),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let number = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
        if number && !exponent.is_empty() && digits(exponent) {
            return text.parse().map_or_else(|_| Self::Text(text.into()), Self::Float);
        }
        Self::Text(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn plain_scalars_are_read_by_the_core_schema() {
        let read = |text: &str| format!("{:?}", Value::plain(text));
        for (text, value) in [
            ("", "Null"),
            ("~", "Null"),
            ("true", "Bool(true)"),
            ("yes", "Text(\"yes\")"),
            ("on", "Text(\"on\")"),
            ("10", "Integer(10)"),
            ("-1", "Integer(-1)"),
            ("0x1F", "Integer(31)"),
            ("0o17", "Integer(15)"),
            ("1_000", "Text(\"1_000\")"),
            ("12:30:45", "Text(\"12:30:45\")"),
            ("1.10", "Float(1.1)"),
            ("1e3", "Float(1000.0)"),
            (".5", "Float(0.5)"),
            ("5.", "Float(5.0)"),
            (".", "Text(\".\")"),
            ("-", "Text(\"-\")"),
            ("e5", "Text(\"e5\")"),
            ("1.2.3", "Text(\"1.2.3\")"),
            ("9223372036854775808", "Float(9.223372036854776e18)"),
        ] {
            assert_eq!(read(text), value, "{text:?}");
        }
    }
}
