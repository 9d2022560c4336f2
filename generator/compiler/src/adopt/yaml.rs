//! Text to documents, as Flux and Helm read them: with anchors, aliases and merge keys, and the place of each value.
//!
//! A definition is read more strictly, by `parse`.

use granit_parser::{Event, Parser, ScalarStyle, Span as Range, StructureStyle};
use model::{
    FileId, Node, Span, Spanned,
    node::{Mapping, Value},
};
use std::collections::BTreeMap;

/// How deep lists and mappings may lie within each other.
const DEEPEST: usize = 64;

/// Aliases may stand for this many nodes in one file, so that a few lines do not fill the memory.
const MOST_COPIES: usize = 100_000;

/// Where reading ended before the file did, and what the parser says.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) at: Span,
    pub(super) message: String,
}

/// The documents of a file. Empty ones are left out.
pub(super) fn read(text: &str, file: FileId) -> Result<Vec<Node>, Broken> {
    let options = granit_parser::options! {
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut builder =
        Builder { text, file, open: Vec::new(), documents: Vec::new(), anchors: BTreeMap::new(), copies: 0 };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, range)) => builder.event(event, &range)?,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                return Err(Broken { at: visible(text, file, at), message: error.kind().to_string() });
            }
        }
    }
    Ok(builder.documents)
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
    open: Vec<Open>,
    documents: Vec<Node>,
    anchors: BTreeMap<usize, Node>,
    copies: usize,
}

/// A collection of which the end was not seen yet.
struct Open {
    start: Span,
    anchor: usize,
    flow: bool,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(Mapping, Option<Spanned<String>>),
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, range: &Range) -> Result<(), Broken> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = match style {
                    ScalarStyle::Plain if tag.is_none() => Value::plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                let span = self.span(range);
                self.finish(Node::new(value, span), anchor);
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(range, anchor, style, Content::Sequence(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                self.start(range, anchor, style, Content::Mapping(Mapping::default(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range),
            Event::Alias(anchor) => {
                let span = self.span(range);
                let node = self.anchors.get(&anchor).cloned().unwrap_or_else(|| Node::new(Value::Null, span));
                node.visit(&mut |_| self.copies += 1);
                if self.copies > MOST_COPIES {
                    return Err(Broken { at: span, message: "aliases stand for too much".into() });
                }
                self.finish(node, 0);
            }
            Event::DocumentEnd => self.anchors.clear(),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, range: &Range, anchor: usize, style: StructureStyle, content: Content) {
        let start = self.span(range);
        self.open.push(Open { start, anchor, flow: style == StructureStyle::Flow, content });
    }

    fn end(&mut self, range: &Range) {
        let end = self.span(range).end;
        let Some(Open { start, anchor, flow, content }) = self.open.pop() else { return };
        let (value, first) = match content {
            Content::Sequence(items) => {
                let first = items.first().map(|it| it.span);
                (Value::Sequence(items), first)
            }
            Content::Mapping(mapping, _) => {
                let mapping = merged(mapping);
                let first = mapping.entries.first().map(|(key, _)| key.span);
                (Value::Mapping(mapping), first)
            }
        };
        let whole = Span { end, ..start };
        let one_line = flow && !self.text[whole.start as usize..whole.end as usize].contains('\n');
        let key = match self.open.last() {
            Some(Open { content: Content::Mapping(_, Some(key)), .. }) => Some(key.span),
            _ => None,
        };
        let span = if one_line { whole } else { key.or(first).unwrap_or(start) };
        self.finish(Node::new(value, span), anchor);
    }

    fn finish(&mut self, mut node: Node, anchor: usize) {
        if let Some(Open { content: Content::Mapping(_, Some(key)), .. }) = self.open.last() {
            // A value that is not written, and the first line of a block of text: their key is to be looked at.
            if node.span.start == node.span.end
                || self.text.as_bytes().get(node.span.start as usize) == Some(&b'\n')
            {
                node.span = key.span;
            }
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None if node.is_null() => {}
            None => self.documents.push(node),
            Some(Content::Sequence(items)) => items.push(node),
            Some(Content::Mapping(mapping, key)) => match key.take() {
                Some(name) => mapping.entries.push((name, node)),
                None => *key = Some(Spanned::new(node.printed().unwrap_or_default(), node.span)),
            },
        }
    }

    /// The place of an event, as far as its first line.
    fn span(&self, range: &Range) -> Span {
        let bytes = range.byte_range().expect("a parser of a string knows the bytes");
        let end =
            self.text[bytes.clone()].find(['\n', '\r']).map_or(bytes.end, |length| bytes.start + length);
        let byte = |at: usize| u32::try_from(at).expect("a file of at most a few MiB");
        Span { file: self.file, start: byte(bytes.start), end: byte(end) }
    }
}

/// A mapping with what `<<` draws in; its own keys win (YAML 1.1, merge key).
fn merged(mapping: Mapping) -> Mapping {
    if mapping.entries.iter().all(|(key, _)| key.value != "<<") {
        return mapping;
    }
    let (drawn, own): (Vec<_>, Vec<_>) = mapping.entries.into_iter().partition(|(key, _)| key.value == "<<");
    let mut entries = Vec::new();
    for (_, node) in drawn {
        match node.value {
            Value::Mapping(mapping) => entries.extend(mapping.entries),
            Value::Sequence(items) => {
                entries.extend(items.iter().rev().flat_map(|item| item.entries().iter().cloned()));
            }
            _ => {}
        }
    }
    entries.retain(|(key, _)| own.iter().all(|(it, _)| it.value != key.value));
    entries.extend(own);
    Mapping { entries, incomplete: false }
}

/// The character at a place, or the last one before it that can be seen.
fn visible(text: &str, file: FileId, at: usize) -> Span {
    let at = (0..=at).rev().find(|it| text.is_char_boundary(*it)).unwrap_or(0);
    let next = text[at..].chars().next().filter(|c| !matches!(c, '\n' | '\r'));
    let (start, end) = if let Some(c) = next {
        (at, at + c.len_utf8())
    } else {
        let before = text[..at].trim_end();
        (before.len() - before.chars().next_back().map_or(0, char::len_utf8), before.len())
    };
    let byte = |at: usize| u32::try_from(at).expect("a file of at most a few MiB");
    Span { file, start: byte(start), end: byte(end) }
}

#[cfg(test)]
mod tests {
    use super::read;
    use model::{FileId, Span};

    fn whole(text: &str, path: &str) -> Vec<String> {
        let documents = read(text, FileId(0)).expect("YAML");
        let values = documents.iter().filter_map(|it| it.at(path));
        values
            .map(|it| {
                format!("{:?} at {}", it.printed(), &text[it.span.start as usize..it.span.end as usize])
            })
            .collect()
    }

    #[test]
    fn several_documents_and_the_place_of_each_value() {
        let text = "a: { b: one }\n---\na:\n  b: two\n---\n# nothing\n---\nother: 1\n";
        assert_eq!(whole(text, "a.b"), ["Some(\"one\") at one", "Some(\"two\") at two"]);
    }

    #[test]
    fn an_alias_and_a_merge_key_stand_for_what_they_name() {
        let text = "base: &base { image: a, tag: b }\nrun:\n  <<: *base\n  tag: c\nagain: *base\n";
        assert_eq!(whole(text, "run.image"), ["Some(\"a\") at a"]);
        assert_eq!(whole(text, "run.tag"), ["Some(\"c\") at c"]);
        assert_eq!(whole(text, "again.tag"), ["Some(\"b\") at b"]);
    }

    #[test]
    fn aliases_of_aliases_do_not_fill_the_memory() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let below = format!("*a{}", level - 1);
            text.extend(["a", &level.to_string(), ": &a", &level.to_string(), " ["]);
            text.extend([&vec![below; 10].join(", "), "]\n"]);
        }
        assert_eq!(read(&text, FileId(0)).expect_err("too much").message, "aliases stand for too much");
    }

    #[test]
    fn a_template_is_no_yaml_and_says_where() {
        let text = "kind: A\n{{- if .Values.on }}\nname: {{ .x }}\n{{- end }}\n";
        let broken = read(text, FileId(0)).expect_err("a template");
        assert!(broken.at > Span::default(), "{broken:?}");
    }
}
