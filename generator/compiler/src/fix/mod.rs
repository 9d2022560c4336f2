//! Fixes: what a diagnostic says to change, as changes to the text; and the text with all of them made.

mod layout;

use crate::{Cluster, Options, compile_on};
use model::{Diagnostic, Diagnostics, Edit, FileId, Severity, Sources, Span, scalar::Date};
use std::collections::BTreeSet;

/// More than this is no slip of the pen any more.
const MOST: usize = 500;

/// Brings every fix into the form of text that replaces text, in order. A fix that cannot be, or that reaches beyond
/// the definition, is left out.
pub(crate) fn settle(sources: &Sources, definition: FileId, diagnostics: &mut Diagnostics) {
    for diagnostic in diagnostics.iter_mut().filter(|it| !it.fix.is_empty()) {
        diagnostic.fix = settled(sources.text(definition), definition, &diagnostic.fix).unwrap_or_default();
    }
}

fn settled(text: &str, file: FileId, edits: &[Edit]) -> Option<Vec<Edit>> {
    let mut changes: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for edit in edits {
        let span = edit.span();
        if span.file != file {
            return None;
        }
        let range = span.start as usize..span.end as usize;
        match edit {
            Edit::Replace { text, .. } => changes.push((range, text.clone())),
            Edit::Write { value, .. } => {
                let written = written(text.get(range.clone())?, value);
                changes.push((range, written));
            }
            Edit::Remove { .. } => changes.extend(layout::without_entry(text, range)?),
        }
    }
    changes.sort_by_key(|(range, _)| (range.start, range.end));
    changes.dedup();
    if changes.windows(2).any(|pair| pair[0].0.end > pair[1].0.start) {
        return None;
    }
    let byte = |at: usize| u32::try_from(at).expect("a definition is at most 1 MiB");
    let edit = |(range, text): (std::ops::Range<usize>, String)| {
        let span = Span { file, start: byte(range.start), end: byte(range.end) };
        (span != Span::default()).then_some(Edit::Replace { span, text })
    };
    changes.into_iter().map(edit).collect()
}

/// A string as YAML, in the quotes of what it replaces, or in some where it needs them.
fn written(old: &str, value: &str) -> String {
    let plain = value.starts_with(|c: char| c.is_alphanumeric())
        && !value.contains([',', '[', ']', '{', '}', '#', '"', '\'', '\\'])
        && !value.contains(": ")
        && !value.ends_with(':')
        && crate::parse::is_plain_text(value);
    match old.chars().next() {
        Some('\'') if !value.contains('\'') => format!("'{value}'"),
        Some('"') => quoted(value),
        _ if plain => value.to_owned(),
        _ => quoted(value),
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text with changes made to it.
pub(crate) fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut reached = 0;
    for edit in edits {
        let Edit::Replace { span, text: new } = edit else { unreachable!("fixes are settled") };
        out.push_str(&text[reached..span.start as usize]);
        out.push_str(new);
        reached = span.end as usize;
    }
    out.push_str(&text[reached..]);
    out
}

/// A definition with every certain fix made.
#[derive(Debug)]
pub struct Fixed {
    pub text: String,
    /// What was mended: code and message of each.
    pub mended: Vec<(&'static str, String)>,
    /// What is wrong still.
    pub left: Diagnostics,
}

/// Makes every fix that is certain, one after the other; each is kept only if what it is for is gone then, and the
/// form of the definition is no worse. The cluster has the new text in the end.
pub fn fix(cluster: &mut Cluster, today: Option<Date>, wanted: impl Fn(&Diagnostic) -> bool) -> Fixed {
    let compile = |cluster: &Cluster| compile_on(cluster, Options::default(), today).diagnostics;
    let id = |it: &Diagnostic| (it.code, it.message.clone());
    let mut text = cluster.sources.text(cluster.definition).to_owned();
    let mut left = compile(cluster);
    let mut mended = Vec::new();
    let mut refused = BTreeSet::new();
    for _ in 0..MOST {
        let next = left.iter().find(|it| !it.fix.is_empty() && wanted(it) && !refused.contains(&id(it)));
        let Some(next) = next.cloned() else { break };
        let new = applied(&text, &next.fix);
        cluster.sources.replace(cluster.definition, new.clone());
        let after = compile(cluster);
        let gone = same(&after, &next) < same(&left, &next);
        if gone && faults_of_form(&after) <= faults_of_form(&left) {
            mended.push(id(&next));
            (text, left) = (new, after);
        } else {
            refused.insert(id(&next));
            cluster.sources.replace(cluster.definition, text.clone());
        }
    }
    Fixed { text, mended, left }
}

/// How many say the very same.
fn same(all: &Diagnostics, one: &Diagnostic) -> usize {
    all.iter().filter(|it| it.code == one.code && it.message == one.message).count()
}

fn faults_of_form(all: &Diagnostics) -> usize {
    let form = |code| crate::pages::FORM.iter().any(|(it, _)| *it == code);
    all.iter().filter(|it| it.severity == Severity::Error && form(it.code)).count()
}

#[cfg(test)]
mod tests;
