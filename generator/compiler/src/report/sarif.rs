//! SARIF 2.1.0, which code hosts and editors read: rules with their pages, results with places and fixes.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use super::{name, region};
use crate::Cluster;
use model::{Diagnostic, Diagnostics, Edit, FileId, Label, Severity, Span};
use serde_json::{Value, json};
use std::fmt::Write;

/// Where places are counted from.
const ROOT: &str = "%SRCROOT%";

/// One run with all that is said of some clusters.
pub fn sarif<'a>(all: impl IntoIterator<Item = (&'a Cluster, &'a Diagnostics)>) -> Value {
    let pages: Vec<_> = crate::explain::areas_and_pages().collect();
    let rules: Vec<Value> = pages
        .iter()
        .map(|(area, code, page)| {
            json!({
                "id": code,
                "name": pascal_case(code),
                "shortDescription": { "text": page.title },
                "fullDescription": { "text": page.meaning },
                "help": { "text": page.text(), "markdown": page.markdown() },
                "properties": { "tags": [area] },
            })
        })
        .collect();
    let index = |code: &str| pages.iter().position(|(_, it, _)| *it == code);
    let results: Vec<Value> = all
        .into_iter()
        .flat_map(|(cluster, diagnostics)| {
            diagnostics.iter().map(|it| result(cluster, it, index(it.code))).collect::<Vec<_>>()
        })
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "tombolo",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the repository." } } },
            "results": results,
        }],
    })
}

fn result(cluster: &Cluster, it: &Diagnostic, rule: Option<usize>) -> Value {
    let location = |label: &Label| place(cluster, label.span.file, Some(label.span));
    let mut message = format!("{}.", it.message);
    it.primary.iter().filter(|label| !label.text.is_empty()).for_each(|label| {
        let _ = write!(message, "\n{}", label.text);
    });
    it.notes.iter().cloned().chain(it.in_phases()).for_each(|note| message.extend(["\n", &note]));
    it.help.iter().for_each(|help| message.extend(["\nhelp: ", help]));
    let related: Vec<Value> = it
        .secondary
        .iter()
        .enumerate()
        .map(|(id, label)| {
            let mut place = location(label);
            place["id"] = json!(id);
            place["message"] = json!({ "text": label.text });
            place
        })
        .collect();
    // Something that is missing has no place: it is missing in the definition.
    let primary = it.primary.as_ref().map_or_else(|| place(cluster, cluster.definition, None), location);
    let mut result = json!({
        "ruleId": it.code,
        "level": match it.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": message },
        "locations": [primary],
        "properties": {
            "cluster": cluster.name,
            "phases": it.phases.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = json!(rule);
    }
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if !it.fix.is_empty() {
        result["fixes"] = json!([fix(cluster, it)]);
    }
    result
}

fn fix(cluster: &Cluster, it: &Diagnostic) -> Value {
    let replacements: Vec<Value> = it
        .fix
        .iter()
        .map(|edit| {
            let Edit::Replace { span, text } = edit else { unreachable!("fixes are settled") };
            json!({
                "deletedRegion": shown(cluster, *span),
                "insertedContent": { "text": text },
            })
        })
        .collect();
    let what = it.help.first().map_or(it.message.as_str(), String::as_str);
    json!({
        "description": { "text": what },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(name(&cluster.sources, cluster.definition)), "uriBaseId": ROOT },
            "replacements": replacements,
        }],
    })
}

fn place(cluster: &Cluster, file: FileId, span: Option<Span>) -> Value {
    let mut physical = json!({
        "artifactLocation": { "uri": uri(name(&cluster.sources, file)), "uriBaseId": ROOT },
    });
    if let Some(span) = span {
        physical["region"] = shown(cluster, span);
    }
    json!({ "physicalLocation": physical })
}

fn shown(cluster: &Cluster, span: Span) -> Value {
    let region = region(&cluster.sources, span);
    json!({
        "startLine": region.start.0,
        "startColumn": region.start.1,
        "endLine": region.end.0,
        "endColumn": region.end.1,
    })
}

/// A path as a relative reference (RFC 3986, section 4.2).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `dangling-address` as `DanglingAddress`.
fn pascal_case(code: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    code.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::{pascal_case, uri};

    #[test]
    fn names_and_paths() {
        assert_eq!(pascal_case("wildcard-bind-on-port-53"), "WildcardBindOnPort53");
        assert_eq!(uri("clusters/my home/é%.yaml"), "clusters/my%20home/%C3%A9%25.yaml");
    }
}
