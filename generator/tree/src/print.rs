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

/// A value on its own, as a part of another document: a patch, say.
pub fn print_fragment(value: &Value) -> String {
    let mut out = String::new();
    print_value(&mut out, value);
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

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use serde_json::json;

    fn print(value: &Value) -> String {
        let mut out = String::new();
        print_value(&mut out, value);
        out
    }

    /// What an independent reader makes of a text.
    fn read(yaml: &str) -> Value {
        serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}:\n{yaml}"))
    }

    fn assert_reads_back(value: &Value) {
        let yaml = print(value);
        assert_eq!(&read(&yaml), value, "\n{yaml}");
        assert!(yaml.ends_with('\n'), "{yaml:?}");
    }

    #[test]
    fn a_file_of_two_documents() {
        let service = Object::new(&json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"on": "yes"}},
            "spec": {"ports": [{"name": "dns", "port": 53}, {"port": 80}], "externalIPs": [], "selector": {}},
        }));
        let config = Object::new(&json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"},
            "data": {"pdns.conf": "# one\nlaunch=lmdb\n", "long": "word ".repeat(40) + "end", "bare": "a\nb"},
        }));
        assert_snapshot!(
            print_documents("clusters/home/cluster.yaml (components.a)", "nix run .#render", &[&service, &config]),
            @r#"
        # Generated from clusters/home/cluster.yaml (components.a); do not edit.
        # To render it anew: nix run .#render
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: a
          labels:
            "on": "yes"
        spec:
          ports:
            - name: dns
              port: 53
            - port: 80
          externalIPs: []
          selector: {}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: b
        data:
          pdns.conf: |
            # one
            launch=lmdb
          long: word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word end
          bare: |-
            a
            b
        "#
        );
    }

    #[test]
    fn texts_that_yaml_1_1_takes_for_something_else() {
        #[rustfmt::skip]
        let misread = [
            "", "~", "null", "Null", "true", "False", "yes", "No", "on", "OFF", "y", "N", "=", "<<", "0",
            "-1", "+1", "0777", "08", "0o7", "0x1f", "0b1", "1_000", "_1", "1e3", "1.", ".5", "-.5e+1", ".inf",
            "-.INF", ".nan", "1.2.3", "12:30:45", "1:20", "190:20:30.15", "2026-01-02", "2026-1-2 3:4:5",
            "2026-01-02T03:04:05Z",
        ];
        for text in misread {
            assert_eq!(print(&json!([text])), format!("- \"{text}\"\n"));
            assert_eq!(print(&json!({text: 1})), format!("\"{text}\": 1\n"));
        }
    }

    #[test]
    fn texts_that_are_syntax() {
        #[rustfmt::skip]
        let syntax = [
            "a: b", "a:", ":a", "a #b", "#a", "!a", "&a", "*a", "%a", "@a", "`a", "|", ">", "- a", "-",
            "?", "? a", "[a", "{a", "]", "}", ",a", "'a", "---", "...", "--- a", " a", "a ", "a\u{a0}#b",
        ];
        for text in syntax {
            let yaml = print(&json!([text]));
            assert!(yaml.starts_with("- \"") || yaml.starts_with("- '"), "{yaml}");
            assert_reads_back(&json!([text, {text: [text]}]));
        }
    }

    #[test]
    fn texts_with_characters_that_need_an_escape() {
        #[rustfmt::skip]
        let texts = [
            "a\tb", "\ta", "a\r\nb\r\n", "a\rb", "a\u{85}b", "a\u{2028}b\n", "a\u{2029}b", "\u{feff}a",
            "\0", "\u{7f}", "a\n\u{1b}[1m", "a\u{9f}", "a\u{fffe}", "a\n\u{feff}",
        ];
        let table: String = texts.iter().map(|text| print(&json!([text]))).collect();
        assert_snapshot!(table, @r#"
        - "a\tb"
        - "\ta"
        - "a\r\nb\r\n"
        - "a\rb"
        - "a\Nb"
        - "a\Lb\n"
        - "a\Pb"
        - "\uFEFFa"
        - "\0"
        - "\x7F"
        - "a\n\e[1m"
        - "a\x9F"
        - "a\uFFFE"
        - "a\n\uFEFF"
        "#);
    }

    #[test]
    fn blocks() {
        #[rustfmt::skip]
        let texts = [
            "a\n", "a\nb", "a\n\n\n", "\na\n", "a\n  b\n\tc\n", "a \nb\t\n", "a: b\n- c # d\n---\n", "\n",
            "\n\n", " \n", "  a\nb\n", "\ta\nb\n", "\n  a\n", "\n\ta\n",
        ];
        let table: String = texts.iter().map(|text| print(&json!([{"k": text}]))).collect();
        assert_snapshot!(table, @r#"
        - k: |
            a
        - k: |-
            a
            b
        - k: |+
            a


        - k: |

            a
        - k: |
            a
              b
            	c
        - k: |
            a 
            b	
        - k: |
            a: b
            - c # d
            ---
        - k: "\n"
        - k: "\n\n"
        - k: " \n"
        - k: "  a\nb\n"
        - k: "\ta\nb\n"
        - k: "\n  a\n"
        - k: "\n\ta\n"
        "#);
    }

    #[test]
    fn plain_texts_stay_plain() {
        #[rustfmt::skip]
        let plain = [
            "a", "a b", "a-b_c.d/e", "http://a.example:80/b?c=d&e", "10.0.0.0/8", "v1.31.2", "100m",
            "64Mi", "2001:db8::1", "a#b", "a:b", "-a", "ä→字🌍", "it's", "a \"b\" c", "$(A)", "10m0s", "1h",
            "e3", "01:30",
        ];
        for text in plain {
            assert_eq!(print(&json!({"k": text})), format!("k: {text}\n"));
        }
    }

    #[test]
    fn numbers() {
        let numbers = json!([0, -1, u64::MAX, i64::MIN, 1.5, 0.1, 1.0, -0.25, 1e21, 1e-9, f64::MAX]);
        assert_reads_back(&numbers);
        assert_snapshot!(print(&numbers), @"
        - 0
        - -1
        - 18446744073709551615
        - -9223372036854775808
        - 1.5
        - 0.1
        - 1.0
        - -0.25
        - 1.0e+21
        - 1.0e-9
        - 1.7976931348623157e+308
        ");
    }

    #[test]
    fn generated_texts_read_back() {
        #[rustfmt::skip]
        const NASTY: &[&str] = &[
            "a", "Z", "0", "7", "9", "_", "-", "+", ".", ":", ": ", " #", "#", " ", "  ", "\t", "\n",
            "\n\n", "\r", "\r\n", "'", "\"", "\\", "\\n", "!", "&", "*", "%", "@", "`", "|", ">", "?",
            "? ", "- ", "[", "]", "{", "}", ",", "~", "=", "<<", "on", "no", "y", "null", "true", "0x",
            "0o", "e", "E+", ".inf", ".nan", "2026-01-02", "T", "12:30", "---", "...", "--- ", "\u{0}",
            "\u{7f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{fffd}", "\u{1b}", "ä",
            "字", "🌍", "${A}", "$$", "{{", "word word word word word word word word word word word ",
        ];
        let mut state = 1_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % below
        };
        let mut text = || (0..=next(6)).map(|_| NASTY[next(NASTY.len())]).collect::<String>();
        for _ in 0..5_000 {
            let (a, b, c) = (text(), text(), text());
            assert_reads_back(&json!({
                "top": a, "list": [a, b, [c]], "maps": [{"x": a, b.as_str(): {"in": c}}, {c.as_str(): [b]}],
            }));
        }
    }

    #[test]
    fn long_keys_and_many_documents_read_back() {
        assert_reads_back(&json!({"k".repeat(2_000): "a", "long\nkey ".repeat(300): ["a"]}));
        let objects: Vec<Object> =
            ["a\n\n", "---", "\n", "b"].iter().map(|text| Object::new(&json!({"text": text}))).collect();
        let yaml = print_documents("a", "b", &objects.iter().collect::<Vec<_>>());
        let read: Vec<Value> = serde_yaml::Deserializer::from_str(&yaml)
            .map(|document| serde::Deserialize::deserialize(document).expect("a document"))
            .collect();
        assert_eq!(read, objects.iter().map(|object| object.value().clone()).collect::<Vec<_>>());
    }
}
