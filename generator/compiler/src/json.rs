//! Diagnostics for programs: one JSON object each, with places as lines and columns from 1.

use crate::Cluster;
use model::{Diagnostics, Label};
use serde_json::{Value, json};

/// One object a diagnostic.
pub fn json(cluster: &Cluster, diagnostics: &Diagnostics) -> Vec<Value> {
    let place = |label: &Label| {
        let at = |byte| cluster.sources.line_column(label.span.file, byte);
        let ((line, column), (end_line, end_column)) = (at(label.span.start), at(label.span.end));
        json!({
            "file": cluster.sources.name(label.span.file),
            "line": line,
            "column": column,
            "endLine": end_line,
            "endColumn": end_column,
            "message": label.text,
        })
    };
    diagnostics
        .iter()
        .map(|it| {
            json!({
                "code": it.code,
                "severity": it.severity.to_string(),
                "message": it.message,
                "cluster": cluster.name,
                "place": it.primary.as_ref().map(place),
                "related": it.secondary.iter().map(place).collect::<Vec<_>>(),
                "notes": it.notes,
                "help": it.help,
            })
        })
        .collect()
}
