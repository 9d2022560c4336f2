//! The one printer: documents to YAML that a YAML 1.1 reader and a YAML 1.2 reader read alike.

use crate::Object;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;
use serde_saphyr::DoubleQuoted;
use std::fmt::Write;

/// One file: what it was made from, how to make it anew, and its documents.
///
/// `source` is a path and a key path, as in `clusters/home/cluster.yaml (components.powerdns)`.
pub fn print_documents(source: &str, command: &str, documents: &[&Object]) -> String {
    let mut out = header(source, command);
    for document in documents {
        out.push_str("---\n");
        print_value(&mut out, document.value());
    }
    out
}

fn header(source: &str, command: &str) -> String {
    let mut out = String::new();
    writeln!(out, "# Generated from {source}; do not edit.\n# To render it anew: {command}")
        .expect("a string takes any text");
    out
}

fn print_value(out: &mut String, value: &Value) {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        folded_wrap_chars: usize::MAX,
    };
    serde_saphyr::to_fmt_writer_with_options(out, &Printed(value), options)
        .expect("JSON values print and a string takes any text");
}

/// A value, with double quotes round the texts for which `|` would not do.
struct Printed<'a>(&'a Value);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    out.serialize_entry(key, &Printed(value))?;
                }
                out.end()
            }
            Value::Array(items) => {
                let mut out = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    out.serialize_element(&Printed(item))?;
                }
                out.end()
            }
            Value::String(text) if needs_quotes(text) => DoubleQuoted(text).serialize(serializer),
            scalar => scalar.serialize(serializer),
        }
    }
}

/// Readers disagree on how deep a block is indented when it begins with white space, or has nothing else.
fn needs_quotes(text: &str) -> bool {
    let first = text.trim_start_matches('\n').chars().next();
    text.contains('\n') && first.is_none_or(char::is_whitespace)
}
