//! Text to the typed definition, with every mistake of the file reported at once.
//!
//! Three steps: [`yaml`] reads the text into nodes with their places, [`structure`] holds them against the schema and
//! mends what does not fit, [`typed`] reads the mended nodes into the type. What was mended is remembered, so that
//! nobody is told what only follows from a mistake that was reported already.

mod decode;
mod mend;
mod scalar;
mod schema;
mod structure;
mod syntax;
mod typed;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use decode::decode;
pub(crate) use schema::schema;

use model::{Diagnostic, Diagnostics, FileId, Sources, Span, node::Value};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// More mistakes than anyone mends at one go; a file that has them all is something else.
const MOST_FAULTS: usize = 50;

/// A definition that could be read, if need be with things mended.
#[derive(Debug)]
pub(crate) struct Parsed<T> {
    pub(crate) value: T,
    /// The places of what was mended. What is found wrong there follows from what was reported.
    pub(crate) poisoned: Vec<Span>,
}

/// Reads a file. Says everything that is wrong with it; gives nothing where too little is left of it.
pub(crate) fn parse<T: DeserializeOwned + JsonSchema + 'static>(
    sources: &Sources,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Option<Parsed<T>> {
    let mut faults = Faults::default();
    let value = read(sources.text(file), file, &mut faults);
    faults.report(diagnostics);
    value
}

fn read<T: DeserializeOwned + JsonSchema + 'static>(
    text: &str,
    file: FileId,
    faults: &mut Faults,
) -> Option<Parsed<T>> {
    let document = yaml::read(text, file, faults);
    // The first character, of however many bytes: a file may begin with a byte order mark.
    let end = text.chars().next().map_or(1, char::len_utf8);
    let top = Span { file, start: 0, end: u32::try_from(end).expect("a character has four bytes at most") };
    let mut root = match document.root {
        Some(root) if !matches!(root.value, Value::Null) => root,
        _ if document.cut => return None,
        _ => {
            faults.push(
                Diagnostic::error("invalid-yaml", "the file says nothing")
                    .at_span(top, "expected a definition")
                    .help("`tombolo init NAME` writes one to begin with"),
            );
            return None;
        }
    };
    if document.cut && !matches!(root.value, Value::Mapping(_)) {
        return None;
    }
    let schema = schema::schema::<T>();
    let mended = structure::check(&mut root, schema, text, document.cut, faults);
    if document.cut || mended.hopeless || faults.full() {
        return None;
    }
    match typed::from_node(&root) {
        Ok(value) => Some(Parsed { value, poisoned: mended.poisoned }),
        Err(mismatch) => {
            // What only a type's own reader knows, and no schema says.
            let span = mismatch.span.unwrap_or(top);
            if !mended.poisoned.iter().any(|it| it.overlaps(span)) {
                faults.push(Diagnostic::error("invalid-value", mismatch.message).at_span(span, ""));
            }
            None
        }
    }
}

/// Whether a text without quotes is read as text.
pub(crate) fn is_plain_text(text: &str) -> bool {
    matches!(Value::plain(text), Value::Text(_))
}

/// What was found wrong, up to a limit.
#[derive(Debug, Default)]
struct Faults(Vec<Diagnostic>);

impl Faults {
    fn push(&mut self, fault: Diagnostic) {
        if !self.full() {
            self.0.push(fault);
        }
    }

    fn full(&self) -> bool {
        self.0.len() >= MOST_FAULTS
    }

    fn report(mut self, diagnostics: &mut Diagnostics) {
        if self.full() {
            let last = self.0.iter_mut().max_by_key(|it| it.primary.as_ref().map(|label| label.span));
            let last = last.expect("it is full");
            last.notes.push(format!("there are more; only the first {MOST_FAULTS} are shown"));
        }
        self.0.into_iter().for_each(|fault| diagnostics.push(fault));
    }
}
