//! Text to [`Node`]: the subset of YAML that a definition is written in.
//!
//! Reads the events of `granit-parser`, on which `serde-saphyr` is built too: only the events have the places of
//! keys, of every duplicate, and of what is refused here. Anchors, aliases, merge keys and tags are refused (nothing
//! is ever copied, so no file grows in memory), and so are a second document and deep nesting.

use super::{Faults, syntax};
use granit_parser::{Event, Parser, ScalarStyle, Span as Range};
use model::node::{Mapping, Node, Value};
use model::{Diagnostic, FileId, Span, Spanned};
use std::collections::BTreeMap;

/// How deep lists and mappings may lie within each other.
const DEEPEST: usize = 64;

/// What there is to read, as far as it could be read.
pub(crate) struct Document {
    pub(crate) root: Option<Node>,
    /// Whether an error of syntax ended the reading before the file did.
    pub(crate) cut: bool,
}

/// Reads one document. Every fault is given to `faults`.
pub(crate) fn read(text: &str, file: FileId, faults: &mut Faults) -> Document {
    if let Some(fault) = syntax::control_character(text, file) {
        faults.push(fault);
        return Document { root: None, cut: true };
    }
    let mut options = granit_parser::options! {
        disallow_directives: true,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    options.set_emit_comments(false);
    let mut builder = Builder { text, file, open: Vec::new(), root: None, documents: 0, faults };
    let mut cut = false;
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, range)) => {
                if !builder.event(event, &range) || builder.faults.full() {
                    cut = true;
                    break;
                }
            }
            Err(error) => {
                builder.faults.push(syntax::diagnostic(text, file, &error));
                cut = true;
                break;
            }
        }
    }
    while !builder.open.is_empty() {
        builder.close(None);
    }
    Document { root: builder.root, cut }
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
    /// The collections that are open, the innermost last.
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    faults: &'a mut Faults,
}

/// A collection of which the end was not seen yet.
struct Open {
    start: Span,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        mapping: Mapping,
        seen: BTreeMap<String, Span>,
        key: Option<Key>,
        /// It is what `{{ … }}` looks like, and was reported.
        template: bool,
    },
}

/// A key whose value comes next.
enum Key {
    Text(Spanned<String>),
    /// Reported already: its value is read and left out.
    Refused(Span),
}

impl Key {
    fn span(&self) -> Span {
        match self {
            Self::Text(key) => key.span,
            Self::Refused(span) => *span,
        }
    }
}

impl<'a> Builder<'a> {
    /// Takes one event. Says whether to go on.
    fn event(&mut self, event: Event<'_>, range: &Range) -> bool {
        let span = self.span(range);
        let tag = range.tag_span().map(|range| self.span(&range));
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.faults.push(
                        Diagnostic::error("invalid-yaml", "a second document starts here")
                            .at_span(span, "everything from here on")
                            .help("a definition is one document: delete this line, or what follows it"),
                    );
                    return false;
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.faults.push(
                    Diagnostic::error("yaml-alias", format!("`{}` is an alias", self.source(span)))
                        .at_span(span, "stands for what is written elsewhere")
                        .help("write the value itself: a definition says everything where it is"),
                );
                self.finish(Node::new(Value::Refused, span));
            }
            Event::Anchor(..) => self.faults.push(
                Diagnostic::error("yaml-alias", format!("`{}` is an anchor", self.source(span)))
                    .at_span(span, "names the value for aliases")
                    .help("delete it, and write the value where it is used"),
            ),
            Event::Scalar(text, style, _, _) => {
                self.tag(tag);
                let value = match style {
                    // `${NAME}` without quotes, where a bracket begins a mapping: the parser will say so.
                    ScalarStyle::Plain
                        if text.ends_with('$') && self.text[span.end as usize..].starts_with('{') =>
                    {
                        Value::Refused
                    }
                    // What a tag says is reported, and the value read as it would be without.
                    ScalarStyle::Plain if tag.is_none_or(|tag| self.source(tag) != "!!str") => {
                        Value::plain(&text)
                    }
                    _ => Value::Text(text.into_owned()),
                };
                self.scalar(Node::new(value, span), style == ScalarStyle::Plain);
            }
            Event::SequenceStart(..) => {
                self.tag(tag);
                self.open.push(Open { start: span, content: Content::Sequence(Vec::new()) });
            }
            Event::MappingStart(..) => {
                self.tag(tag);
                let content = Content::Mapping {
                    mapping: Mapping::default(),
                    seen: BTreeMap::new(),
                    key: None,
                    template: false,
                };
                self.open.push(Open { start: span, content });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(span)),
            _ => {}
        }
        true
    }

    fn tag(&mut self, tag: Option<Span>) {
        let Some(span) = tag else { return };
        let said = self.source(span);
        let help = match said {
            "!!str" => "put the value in quotes instead".to_owned(),
            _ => format!("delete `{said}`: what a value is follows from where it stands"),
        };
        self.faults.push(
            Diagnostic::error("yaml-alias", format!("`{said}` is a tag"))
                .at_span(span, "gives the value another type")
                .help(help),
        );
    }

    /// A scalar: a key, where one is awaited, or a value.
    fn scalar(&mut self, mut node: Node, plain: bool) {
        let written = node.span.start < node.span.end;
        if !written {
            node.span = self.nothing(node.span);
        }
        let Some(Open { content: Content::Mapping { key: key @ None, mapping, .. }, .. }) =
            self.open.last_mut()
        else {
            return self.finish(node);
        };
        let text = match node.value {
            Value::Text(text) => text,
            _ if !written => String::new(),
            _ => self.text[node.span.start as usize..node.span.end as usize].to_owned(),
        };
        let fault = if plain && text == "<<" {
            Diagnostic::error("yaml-alias", "`<<` is a merge key")
                .at_span(node.span, "draws in what is written elsewhere")
                .help("write the keys themselves here")
        } else if !written {
            Diagnostic::error("invalid-yaml", "there is no key before this colon")
                .at_span(node.span, "a key is missing here")
                .help("write a key, or put text with a colon in quotes")
        } else {
            *key = Some(Key::Text(Spanned::new(text, node.span)));
            return;
        };
        mapping.incomplete = true;
        *key = Some(Key::Refused(node.span));
        self.faults.push(fault);
    }

    /// Ends the innermost collection, at `end` or where the file broke off.
    fn close(&mut self, end: Option<Span>) {
        let Some(Open { start, content }) = self.open.pop() else { return };
        let file = self.file;
        let whole = Span { file, start: start.start, end: end.map_or(start.end, |end| end.end) };
        let flow = self.source(start).starts_with(['[', '{']);
        let (value, first) = match content {
            Content::Sequence(items) => {
                let first = items.first().map(|item| item.span);
                (Value::Sequence(items), first)
            }
            Content::Mapping { template: true, .. } => (Value::Refused, None),
            Content::Mapping { mapping, .. } => {
                let first = mapping.entries.first().map(|(key, _)| key.span);
                (Value::Mapping(mapping), first)
            }
        };
        let one_line = flow && end.is_some() && !self.source(whole).contains(['\n', '\r']);
        let key = self.open.last().and_then(|open| match &open.content {
            Content::Mapping { key, .. } => key.as_ref().map(Key::span),
            Content::Sequence(_) => None,
        });
        let span = if one_line { whole } else { key.or(first).unwrap_or(start) };
        self.finish(Node::new(value, span));
    }

    /// Puts a node where it belongs.
    fn finish(&mut self, node: Node) {
        let text = self.text;
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        let (mapping, seen, key, template) = match &mut open.content {
            Content::Sequence(items) => return items.push(node),
            Content::Mapping { mapping, seen, key, template } => (mapping, seen, key, template),
        };
        match key.take() {
            Some(Key::Refused(_)) => {}
            Some(Key::Text(name)) => {
                match seen.get(&name.value) {
                    None => drop(seen.insert(name.value.clone(), name.span)),
                    Some(first) => self.faults.push(
                        Diagnostic::error("duplicate-key", format!("`{}` is here twice", name.value))
                            .at_span(name.span, "again here")
                            .because_span(*first, "first here")
                            .help("keep one of the two"),
                    ),
                }
                mapping.entries.push((name, node));
            }
            None => {
                // What was read is no scalar, and stands where a key is awaited.
                mapping.incomplete = true;
                *key = Some(Key::Refused(node.span));
                let start = open.start.start as usize;
                if matches!(node.value, Value::Refused) {
                    return;
                }
                let fault = if text[start..].starts_with("{{") {
                    *template = true;
                    let rest = &text[start..];
                    let line = rest.lines().next().unwrap_or_default();
                    let length = line.find("}}").map_or(line.len(), |at| at + 2);
                    let end = open.start.start + u32::try_from(length).expect("files are small");
                    syntax::unexpanded(Span { end, ..open.start }, &line[..length])
                } else {
                    Diagnostic::error("invalid-yaml", "a list or mapping stands where a key is expected")
                        .at_span(node.span, "expected plain text")
                        .help("put the value in quotes if it starts with `[` or `{`")
                };
                self.faults.push(fault);
            }
        }
    }

    fn source(&self, span: Span) -> &'a str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The place of a value that is not written: its key, or what was written last.
    fn nothing(&self, at: Span) -> Span {
        match self.open.last() {
            Some(Open { content: Content::Mapping { key: Some(key), .. }, .. }) => key.span(),
            _ => syntax::visible(self.text, self.file, at.start as usize),
        }
    }

    /// The place of an event, within one line.
    fn span(&self, range: &Range) -> Span {
        let bytes = range.byte_range().expect("a parser of a string knows the bytes");
        syntax::one_line(self.text, self.file, bytes.start, bytes.end)
    }
}
