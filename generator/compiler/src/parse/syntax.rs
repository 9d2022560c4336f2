//! What is said of text that is no YAML, or more than a definition may use.

use granit_parser::{ErrorKind, ScanError};
use model::{Diagnostic, FileId, Span};

/// What is wrong with the text, at its place, in words that say what to do.
pub(super) fn diagnostic(text: &str, file: FileId, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    if text[..at].ends_with('$') && text[at..].starts_with('{') {
        let line = text[at..].lines().next().unwrap_or_default();
        let end = line.find('}').map_or(line.len(), |length| length + 1);
        return unexpanded(one_line(text, file, at - 1, at + end), &text[at - 1..at + end]);
    }
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let indentation = text[line..].len() - text[line..].trim_start_matches([' ', '\t']).len();
    let tab = text[line..line + indentation].find('\t').map(|tab| line + tab);
    let unfinished = *error.kind() == ErrorKind::MappingValueNotAllowed && !text[line..at].contains(": ");
    let (at, (message, label, help)) = match tab {
        Some(tab) => (tab, words(&ErrorKind::TabInIndentation)),
        None if unfinished => (line + indentation, words(&ErrorKind::SimpleKeyExpected)),
        None => (at, words(error.kind())),
    };
    let diagnostic = Diagnostic::error("invalid-yaml", message).at_span(visible(text, file, at), label);
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

/// A message, what is said at the place, and what to do, if there is something to say.
fn words(kind: &ErrorKind) -> (String, &'static str, &'static str) {
    let (message, label, help) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::InvalidBlockEntryWhitespace
        | ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::TabInPlainScalar => {
            ("this line is indented with a tab", "a tab", "indent with spaces; YAML takes no tabs there")
        }
        ErrorKind::UnclosedQuotedScalar => {
            ("a quote is opened and never closed", "opened here", "close it on this line")
        }
        ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quote is not closed before this line", "still within the quotes", "close the quote above")
        }
        ErrorKind::UnclosedFlowCollection { open } | ErrorKind::MismatchedFlowCollectionEnd { open, .. } => {
            let close = if *open == '[' { ']' } else { '}' };
            return (
                format!("a `{open}` is not closed by a `{close}`"),
                "here",
                "close every bracket that is opened, and put text that begins with one in quotes",
            );
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => (
            "a `[` or `{` is not closed, or a comma is missing",
            "expected a comma or the closing bracket here",
            "",
        ),
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("a bracket is closed that was not opened", "here", "delete it, or open it before")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::ExpectedDocumentStart => (
            "this line does not fit the lines above it",
            "indented to no level above, or a `:` or `-` is missing",
            "keys of one mapping, and entries of one list, start in the same column",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "a key without a colon, or text that goes on where a key is expected",
            "here, or in the line above",
            "write `key: value`; or indent the line, if it belongs to the text above",
        ),
        ErrorKind::MappingValueNotAllowed => (
            "a colon within a value",
            "a second `: ` on this line",
            "put text with a colon in quotes, or begin the mapping on a line of its own",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            return (format!("a value cannot begin with `{character}`"), "here", "put the value in quotes");
        }
        ErrorKind::RecursionLimitExceeded => (
            "lists and mappings lie more than 64 deep within each other",
            "the limit is reached here",
            "no definition needs that; is this the right file?",
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => (
            "an unknown escape in double quotes",
            "this `\\`",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text goes on after the closing quote",
            "expected the end of the value here",
            "put the whole value in quotes; a quote within single quotes is written twice",
        ),
        ErrorKind::DirectiveDisallowed => {
            ("a line that begins with `%` is a directive", "here", "delete this line")
        }
        ErrorKind::BomInsideDocument => {
            ("a byte order mark within the file", "here", "delete it; two files may have been joined")
        }
        other => return (format!("this is not YAML: {other}"), "here", ""),
    };
    (message.to_owned(), label, help)
}

/// A control character, which YAML has no place for (YAML 1.2.2, section 5.1) and a terminal may obey.
pub(super) fn control_character(text: &str, file: FileId) -> Option<Diagnostic> {
    let bad = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let (at, found) = text.char_indices().find(|(_, c)| bad(*c))?;
    Some(
        Diagnostic::error("invalid-yaml", format!("the control character U+{:04X}", u32::from(found)))
            .at_span(one_line(text, file, at, at + found.len_utf8()), "here")
            .help("delete it; within double quotes it can be written as an escape"),
    )
}

/// A text that another program would replace, and we do not.
pub(super) fn unexpanded(span: Span, variable: &str) -> Diagnostic {
    Diagnostic::error("unexpanded-variable", format!("`{variable}` would stay as it is"))
        .at_span(span, "nothing fills this in")
        .note("tombolo has no variables, and lets Flux have none in what it writes")
        .help("write the value itself; for a secret, the name of its Secret")
}

/// A place that ends with its first line.
pub(super) fn one_line(text: &str, file: FileId, start: usize, end: usize) -> Span {
    let line = text[start..end].find(['\n', '\r']).map_or(end, |length| start + length);
    let byte = |at: usize| u32::try_from(at).expect("a definition is at most 1 MiB");
    Span { file, start: byte(start), end: byte(line) }
}

/// The character at a place; at the end of a line or of the file, the last one that can be seen before it.
pub(super) fn visible(text: &str, file: FileId, at: usize) -> Span {
    let next = text[at..].chars().next().filter(|c| !matches!(c, '\n' | '\r'));
    if let Some(c) = next {
        return one_line(text, file, at, at + c.len_utf8());
    }
    let before = text[..at].trim_end();
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    one_line(text, file, before.len() - last, before.len())
}
