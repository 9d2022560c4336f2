//! Diagnostics for programs: our own JSON, SARIF, and annotations of GitHub.

mod github;
mod json;
mod sarif;

pub use github::github;
pub use json::{Report, json, json_schema};
pub use sarif::sarif;

use model::{FileId, Sources, Span};

/// Lines and columns from 1, the end behind the last character.
struct Region {
    start: (usize, usize),
    end: (usize, usize),
}

fn region(sources: &Sources, span: Span) -> Region {
    let at = |byte| sources.line_column(span.file, byte);
    Region { start: at(span.start), end: at(span.end.max(span.start)) }
}

fn name(sources: &Sources, file: FileId) -> &str {
    sources.name(file)
}
