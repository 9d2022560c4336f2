//! Our own JSON: `docs/diagnostics.schema.json` is its schema, made of these types.

use super::{name, region};
use crate::Cluster;
use model::{Diagnostic, Diagnostics, Edit, Severity, Span};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;

/// The form of the whole. It goes up when a key changes its meaning or goes; new keys may come without.
const FORMAT: u32 = 1;

/// Everything that `tombolo check` says.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Report {
    /// The version of this format.
    format: u32,
    /// By cluster, file and place.
    diagnostics: Vec<Entry>,
}

/// One thing that is wrong.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    /// The stable name of what is wrong, which `tombolo explain` takes.
    code: String,
    severity: Level,
    /// One sentence without a full stop. Names are in backticks.
    message: String,
    /// The name of the cluster.
    cluster: String,
    /// The place to change. None where something is missing altogether.
    place: Option<Place>,
    /// Places that make it so.
    related: Vec<Place>,
    /// More of what makes it so.
    notes: Vec<String>,
    /// The phases of the migration in which it holds. Empty where it holds in all.
    phases: Vec<String>,
    /// What to write instead.
    help: Vec<String>,
    /// What mends it for certain: all of it together, in order and without overlaps. Empty where that needs judgement.
    fix: Vec<Replacement>,
}

/// Whether anything is written in spite of it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
enum Level {
    /// Nothing is written while there is one.
    Error,
    /// It can be accepted in `checks.allow`.
    Warning,
}

/// A part of a file, with lines and columns from 1. Columns count characters, and the end is behind the last.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Place {
    /// From the root of the repository.
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    /// What is to be said of this place.
    message: String,
}

/// A text in the place of another.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Replacement {
    /// From the root of the repository.
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    /// What to write there; nothing, to take out what is there.
    text: String,
}

/// What is said of some clusters.
pub fn json<'a>(all: impl IntoIterator<Item = (&'a Cluster, &'a Diagnostics)>) -> Report {
    let entries = all.into_iter().flat_map(|(cluster, diagnostics)| {
        diagnostics.iter().map(move |diagnostic| entry(cluster, diagnostic)).collect::<Vec<_>>()
    });
    Report { format: FORMAT, diagnostics: entries.collect() }
}

fn entry(cluster: &Cluster, it: &Diagnostic) -> Entry {
    let place = |span: Span, message: &str| {
        let region = region(&cluster.sources, span);
        Place {
            file: name(&cluster.sources, span.file).to_owned(),
            line: region.start.0,
            column: region.start.1,
            end_line: region.end.0,
            end_column: region.end.1,
            message: message.to_owned(),
        }
    };
    let replacement = |edit: &Edit| {
        let Edit::Replace { span, text } = edit else { unreachable!("fixes are settled") };
        let Place { file, line, column, end_line, end_column, .. } = place(*span, "");
        Replacement { file, line, column, end_line, end_column, text: text.clone() }
    };
    Entry {
        code: it.code.to_owned(),
        severity: match it.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        },
        message: it.message.clone(),
        cluster: cluster.name.clone(),
        place: it.primary.as_ref().map(|label| place(label.span, &label.text)),
        related: it.secondary.iter().map(|label| place(label.span, &label.text)).collect(),
        notes: it.notes.clone(),
        phases: it.phases.iter().map(ToString::to_string).collect(),
        help: it.help.clone(),
        fix: it.fix.iter().map(replacement).collect(),
    }
}

/// The schema of [`Report`], as a file.
pub fn json_schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    format!("{:#}\n", settings.into_generator().into_root_schema_for::<Report>().to_value())
}
