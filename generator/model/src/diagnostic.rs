//! Diagnostics: what is wrong with a definition, where, why, and what to do about it.

use crate::{FileId, Phase, Span, Spanned};
use std::fmt;

/// The stable, greppable name of a diagnostic; also the name of the file that reports it.
pub type Code = &'static str;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    Error,
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A place and what is to be said of it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A change to a file that mends what is wrong for certain, so that a program may make it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Edit {
    /// This text in the place of what is there.
    Replace { span: Span, text: String },
    /// This string in the place of a scalar, quoted as the place needs.
    Write { span: Span, value: String },
    /// The entry of a mapping or list goes whose key or value is at this place.
    Remove { span: Span },
}

impl Edit {
    pub fn span(&self) -> Span {
        match self {
            Self::Replace { span, .. } | Self::Write { span, .. } | Self::Remove { span } => *span,
        }
    }
}

/// One thing that is wrong. The first place is the one to change; the others say why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    pub primary: Option<Label>,
    pub secondary: Vec<Label>,
    pub notes: Vec<String>,
    pub help: Vec<String>,
    /// The phases of the migration in which it holds, in order; none where it holds in all.
    pub phases: Vec<Phase>,
    /// What mends it, all of it together; nothing where that needs judgement.
    pub fix: Vec<Edit>,
}

impl Diagnostic {
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            phases: Vec::new(),
            fix: Vec::new(),
        }
    }

    /// The place to change.
    #[must_use]
    pub fn at<T>(self, value: &Spanned<T>, text: impl Into<String>) -> Self {
        self.at_span(value.span, text)
    }

    /// The place to change; a default, which no file says, is left out.
    #[must_use]
    pub fn at_span(mut self, span: Span, text: impl Into<String>) -> Self {
        if span != Span::default() {
            self.primary = Some(Label { span, text: text.into() });
        }
        self
    }

    /// A place that explains why.
    #[must_use]
    pub fn because<T>(self, value: &Spanned<T>, text: impl Into<String>) -> Self {
        self.because_span(value.span, text)
    }

    /// A place that explains why; a default, which no file says, is left out.
    #[must_use]
    pub fn because_span(mut self, span: Span, text: impl Into<String>) -> Self {
        if span != Span::default() {
            self.secondary.push(Label { span, text: text.into() });
        }
        self
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// What to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// A change that mends this for certain. Several belong together.
    #[must_use]
    pub fn fix(mut self, edit: Edit) -> Self {
        if edit.span() != Span::default() {
            self.fix.push(edit);
        }
        self
    }

    /// Another text mends this for certain.
    #[must_use]
    pub fn fix_by_replacing(self, span: Span, text: impl Into<String>) -> Self {
        self.fix(Edit::Replace { span, text: text.into() })
    }

    /// Another string mends this for certain.
    #[must_use]
    pub fn fix_by_writing(self, span: Span, value: impl Into<String>) -> Self {
        self.fix(Edit::Write { span, value: value.into() })
    }

    /// Taking out the entry that has this key or value mends this for certain.
    #[must_use]
    pub fn fix_by_removing(self, span: Span) -> Self {
        self.fix(Edit::Remove { span })
    }

    /// In which phases it holds, in words: `in the phases mesh to dns`. Nothing where it holds in all.
    pub fn in_phases(&self) -> Option<String> {
        match self.phases.as_slice() {
            [] => None,
            [only] => Some(format!("in the phase `{only}`")),
            [first, .., last] if *last as usize - *first as usize + 1 == self.phases.len() => {
                Some(format!("in the phases `{first}` to `{last}`"))
            }
            all => {
                let names: Vec<String> = all.iter().map(|it| format!("`{it}`")).collect();
                Some(format!("in the phases {}", names.join(", ")))
            }
        }
    }

    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.primary.iter().chain(&self.secondary)
    }
}

/// Everything found wrong so far. Passes push here and go on; only the driver stops.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.0.iter_mut()
    }

    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.0.retain(keep);
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|it| it.severity == severity).count()
    }

    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Sorts by file and place, and folds what is said twice.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            let place = |it: &Diagnostic| it.primary.as_ref().map(|label| label.span);
            (place(a), a.severity, a.code, &a.message).cmp(&(place(b), b.severity, b.code, &b.message))
        });
        self.0.dedup();
    }

    /// For a person at a terminal.
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        let mut out = String::new();
        self.0.iter().for_each(|diagnostic| crate::render::render(diagnostic, sources, colour, &mut out));
        out
    }
}

/// The files that were read, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    name: String,
    text: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name, text, lines }
    }
}

impl Sources {
    /// One file: the definition.
    pub fn single(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut sources = Self::default();
        sources.add(name, text);
        sources
    }

    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.0.push(Source::new(name.into(), text.into()));
        FileId(u32::try_from(self.0.len() - 1).expect("fewer than four billion files"))
    }

    /// Another text for a file.
    pub fn replace(&mut self, file: FileId, text: impl Into<String>) {
        let source = &mut self.0[file.0 as usize];
        *source = Source::new(std::mem::take(&mut source.name), text.into());
    }

    pub fn name(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].name
    }

    pub fn text(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].text
    }

    /// Line and column of a byte, both from 1. The end of a file that ends with a line break is in its last line.
    pub fn line_column(&self, file: FileId, byte: u32) -> (usize, usize) {
        let Source { text, lines, .. } = &self.0[file.0 as usize];
        let byte =
            (0..=(byte as usize).min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let mut line = lines.partition_point(|start| *start <= byte);
        if line > 1 && lines[line - 1] == text.len() {
            line -= 1;
        }
        let column = text[lines[line - 1]..byte].trim_end_matches(['\n', '\r']).chars().count() + 1;
        (line, column)
    }

    /// The bytes of a line, counted from 1, without what ends it.
    pub(crate) fn line(&self, file: FileId, line: usize) -> std::ops::Range<usize> {
        let Source { text, lines, .. } = &self.0[file.0 as usize];
        let start = lines[line - 1];
        let end = lines.get(line).map_or(text.len(), |next| next - 1);
        start..start + text[start..end].trim_end_matches('\r').len()
    }
}
