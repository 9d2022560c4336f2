//! [`Node`]: a YAML document as a tree, each value with the place to point at.

use model::{Span, Spanned};

/// A value and its place.
///
/// The place is what a person is to look at, and lies within one line: a scalar's own text, for a collection in
/// block style the key that it stands under, for one in flow style its brackets where they are on one line.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What YAML 1.2's core schema makes of a node.
#[derive(Clone, Debug)]
pub(crate) enum Value {
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
pub(crate) struct Mapping {
    pub(crate) entries: Vec<(Spanned<String>, Node)>,
    /// Whether entries were left out, because they were refused: nothing is said to be missing.
    pub(crate) incomplete: bool,
}

impl Node {
    pub(crate) fn new(value: Value, span: Span) -> Self {
        Self { span, value }
    }

    pub(crate) fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(Value::Text(text.into()), span)
    }
}

impl Value {
    /// What a person calls it.
    pub(crate) fn kind(&self) -> &'static str {
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
    pub(crate) fn plain(text: &str) -> Self {
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
