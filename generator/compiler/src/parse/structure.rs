//! Holds a document against the schema: says everything that does not fit, and mends it so that the rest can be
//! checked.
//!
//! A walk of our own rather than the `jsonschema` crate: its errors speak of schemas and instances, ours of the
//! keys and values that a person wrote, and mending needs the very place in the tree. A test holds the two against
//! each other.

use super::{
    Faults,
    mend::Mended,
    scalar,
    schema::{Fields, Form, Shape},
    syntax,
    words::{list, one_of, same_letters},
};
use model::node::{Mapping, Node, Value};
use model::{Diagnostic, Span, Spanned};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Walks over the document. `cut` says that its end is missing, so that nothing is said to be missing in it.
pub(crate) fn check(root: &mut Node, schema: &Json, text: &str, cut: bool, faults: &mut Faults) -> Mended {
    let mut walk =
        Walk { text, cut, faults, path: Vec::new(), around: Vec::new(), mended: Mended::default() };
    walk.visit(root, Shape::of(schema));
    walk.mended
}

pub(super) struct Walk<'a, 's> {
    pub(super) text: &'a str,
    cut: bool,
    pub(super) faults: &'a mut Faults,
    /// The keys from the top to here; an entry of a list has none.
    path: Vec<Option<String>>,
    /// The structs around this place, the innermost last, each with the length of its path.
    around: Vec<(usize, Fields<'s>)>,
    pub(super) mended: Mended,
}

impl<'s> Walk<'_, 's> {
    pub(super) fn visit(&mut self, node: &mut Node, shape: Shape<'s>) {
        if self.faults.full() {
            return;
        }
        if matches!(node.value, Value::Refused) {
            return self.mended.replace(node, shape);
        }
        let form = shape.form();
        if let Form::Any = form {
            return self.free(node);
        }
        if self.variable(node) {
            if !matches!(form, Form::Text(None)) {
                self.mended.replace(node, shape);
            }
            return;
        }
        if matches!(node.value, Value::Null) {
            self.empty(node, &form, shape);
            return self.mended.replace(node, shape);
        }
        match form {
            Form::List(item) => self.items(node, item, shape),
            Form::Map { key, value } => {
                if let Value::Mapping(mapping) = &mut node.value {
                    return self.map(mapping, key, value);
                }
                let help = matches!(node.value, Value::Sequence(_))
                    .then(|| "names are keys here: write `NAME:` instead of `- `".to_owned());
                self.wrong_type(node, "a mapping", help);
                self.mended.replace(node, shape);
            }
            Form::Struct(fields) => {
                if let Value::Mapping(mapping) = &mut node.value {
                    return self.fields(node.span, mapping, fields);
                }
                let names: Vec<&str> = fields.names().collect();
                let help = format!("write its keys, each on a line: {}", list(&names));
                self.wrong_type(node, "a mapping", Some(help));
                self.mended.replace(node, shape);
            }
            Form::Choice(choices) => self.choice(node, &choices, shape),
            _ => scalar::check(self, node, &form, shape),
        }
    }

    /// Values that are passed on as they are.
    fn free(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.free(item)),
            Value::Mapping(mapping) => {
                let mut seen = BTreeSet::new();
                mapping.entries.retain(|(key, _)| seen.insert(key.value.clone()));
                mapping.entries.iter_mut().for_each(|(_, value)| self.free(value));
            }
            Value::Float(number) => {
                let source = self.source(node.span);
                let whole = source.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'));
                if whole || !number.is_finite() {
                    let message = format!("`{source}` cannot be passed on as a number");
                    let help = format!("put it in quotes: `\"{source}\"`");
                    self.faults.push(
                        Diagnostic::error("invalid-value", message)
                            .at_span(node.span, "would lose digits or meaning")
                            .help(help),
                    );
                    self.mended.poisoned.push(node.span);
                    node.value = Value::Integer(0);
                }
            }
            Value::Refused => {
                self.mended.poisoned.push(node.span);
                node.value = Value::Null;
            }
            _ => {}
        }
    }

    fn items(&mut self, node: &mut Node, item: Shape<'s>, shape: Shape<'s>) {
        if !matches!(node.value, Value::Sequence(_)) {
            let mapping = matches!(node.value, Value::Mapping(_));
            if mapping != matches!(item.form(), Form::Struct(_)) {
                self.wrong_type(node, "a list", None);
                return self.mended.replace(node, shape);
            }
            let (help, fix) = if mapping {
                ("begin each entry with `- `, the first too".to_owned(), None)
            } else {
                let list = format!("[{}]", self.source(node.span));
                // What brackets and commas mean changes between them.
                let plain = !list[1..list.len() - 1].contains(['[', ']', '{', '}', ',', '\n']);
                (format!("write `{list}`"), plain.then_some(list))
            };
            self.wrong_type_fixed(node, "a list", Some(help), fix);
            let only = Node::new(std::mem::replace(&mut node.value, Value::Null), node.span);
            node.value = Value::Sequence(vec![only]);
        }
        let Value::Sequence(items) = &mut node.value else { unreachable!("made one above") };
        self.path.push(None);
        for entry in items {
            self.visit(entry, item);
        }
        self.path.pop();
    }

    fn map(&mut self, mapping: &mut Mapping, kind: Option<&model::scalar::Kind>, value: Shape<'s>) {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut kept = Vec::with_capacity(mapping.entries.len());
        for (mut key, mut node) in std::mem::take(&mut mapping.entries) {
            let mut keep = true;
            let fault = kind.and_then(|kind| Some((kind, (kind.parse)(&key.value).err()?)));
            if let Some(variable) = variable(&key.value) {
                self.faults.push(syntax::unexpanded(key.span, variable));
                keep = false;
            } else if let Some((kind, fault)) = fault {
                let better = scalar::better(&fault, kind);
                self.faults.push(scalar::invalid(key.span, fault, Some(kind)));
                self.mended.poisoned.push(key.span);
                match better {
                    Some(better) => key.value = better,
                    None => keep = false,
                }
            }
            self.path.push(Some(key.value.clone()));
            self.visit(&mut node, value);
            self.path.pop();
            if keep && taken.insert(key.value.clone()) {
                kept.push((key, node));
            } else {
                // Whatever refers to this name, or to the one that was meant, would seem to be wrong.
                self.mended.hopeless = true;
                self.mended.poisoned.push(key.span);
            }
        }
        mapping.entries = kept;
    }

    fn fields(&mut self, span: Span, mapping: &mut Mapping, fields: Fields<'s>) {
        self.around.push((self.path.len(), fields));
        let written: BTreeSet<String> = mapping.entries.iter().map(|(key, _)| key.value.clone()).collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut kept = Vec::with_capacity(mapping.entries.len());
        for (mut key, mut node) in std::mem::take(&mut mapping.entries) {
            if self.faults.full() {
                break;
            }
            if fields.get(&key.value).is_none() {
                self.mended.poisoned.push(key.span);
                match self.unknown_key(&key, fields) {
                    Some(meant) if !written.contains(meant) => meant.clone_into(&mut key.value),
                    _ => continue,
                }
            }
            let shape = fields.get(&key.value).expect("the key is known or was mended");
            self.path.push(Some(key.value.clone()));
            self.visit(&mut node, shape);
            self.path.pop();
            // An option that is written without a value is as good as not written.
            if taken.insert(key.value.clone()) {
                kept.push((key, node));
            } else {
                self.mended.poisoned.push(key.span);
            }
        }
        for name in fields.required().filter(|name| !taken.contains(*name)) {
            let shape = fields.get(name).expect("a required key has a schema");
            if !mapping.incomplete && !self.cut && !self.faults.full() {
                self.missing_key(span, name, shape);
            }
            self.mended.poisoned.push(span);
            kept.push((Spanned::new(name.to_owned(), span), self.mended.plausible(shape, span)));
        }
        mapping.entries = kept;
        self.around.pop();
    }

    /// Reports a key that the struct does not have, and says which one was meant, if that is clear.
    fn unknown_key(&mut self, key: &Spanned<String>, fields: Fields<'s>) -> Option<&'s str> {
        if let Some(variable) = variable(&key.value) {
            self.faults.push(syntax::unexpanded(key.span, variable));
            return None;
        }
        let diagnostic = Diagnostic::error("unknown-key", format!("unknown key `{}`", clip(&key.value)))
            .at_span(key.span, format!("not a key of {}", self.container()));
        if let Some(meant) = fields.names().find(|name| same_letters(name, &key.value)) {
            let help = format!("did you mean `{meant}`?");
            self.faults.push(diagnostic.help(help).fix_by_writing(key.span, meant));
            return Some(meant);
        }
        let below = |name: &&str| matches!(fields.get(name).map(Shape::form), Some(Form::Struct(inner)) if inner.get(&key.value).is_some());
        if let Some(inner) = fields.names().find(below) {
            self.faults.push(diagnostic.help(format!("it is a key of `{inner}`: write it below that")));
            return None;
        }
        let above = self.around.iter().rev().skip(1).find(|(_, outer)| outer.get(&key.value).is_some());
        if let Some((depth, _)) = above {
            let outer = self.named(*depth);
            self.faults.push(diagnostic.help(format!("it is a key of {outer}: is it indented too far?")));
            return None;
        }
        let close = crate::meant(diagnostic, key.span, &key.value, fields.names());
        self.faults.push(close.unwrap_or_else(|it| match fields.names().collect::<Vec<_>>().as_slice() {
            [] => it.help("it has no keys at all"),
            [only] => it.help(format!("the only key here is `{only}`")),
            names => it.help(format!("the keys here are {}", list(names))),
        }));
        crate::closest(&key.value, fields.names())
    }

    fn missing_key(&mut self, span: Span, name: &str, shape: Shape<'s>) {
        let mut diagnostic =
            Diagnostic::error("missing-key", format!("{} has no `{name}`", self.container()))
                .at_span(span, format!("`{name}` is missing here"));
        if let Some(summary) = shape.summary() {
            diagnostic = diagnostic.note(format!("`{name}`: {summary}"));
        }
        self.faults.push(diagnostic.help(scalar::how_to_write(name, shape)));
    }

    fn empty(&mut self, node: &Node, form: &Form<'s>, shape: Shape<'s>) {
        let name = self.path.last().cloned().flatten();
        let required = self.around.last().is_some_and(|(depth, fields)| {
            depth + 1 == self.path.len() && fields.required().any(|it| Some(it) == name.as_deref())
        });
        let nothing = match form {
            Form::List(_) => ", or write `[]` for none",
            Form::Map { .. } => ", or write `{}` for none",
            _ => "",
        };
        let help = match &name {
            Some(name) => {
                let write = match form {
                    Form::Struct(_) | Form::Map { .. } => "indent what belongs to it",
                    _ => &scalar::how_to_write(name, shape),
                };
                let delete = if required { "" } else { ", or delete the line" };
                format!("{write}{delete}{nothing}")
            }
            None => "delete the line, or write a value".to_owned(),
        };
        let message = format!("{} has no value", self.container());
        let diagnostic =
            Diagnostic::error("wrong-type", message).at_span(node.span, "nothing follows").help(help);
        self.faults.push(diagnostic);
    }

    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str, help: Option<String>) {
        self.wrong_type_fixed(node, expected, help, None);
    }

    /// A value of the wrong type, and what to write for it where that is certain.
    pub(super) fn wrong_type_fixed(
        &mut self,
        node: &Node,
        expected: &str,
        help: Option<String>,
        fix: Option<String>,
    ) {
        let diagnostic = Diagnostic::error("wrong-type", format!("{} must be {expected}", self.container()))
            .at_span(node.span, format!("this is {}", node.value.kind()));
        let diagnostic = match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        };
        self.faults.push(match fix {
            Some(fix) => diagnostic.fix_by_replacing(node.span, fix),
            None => diagnostic,
        });
    }

    /// Reports a scalar that waits for another program to fill it in.
    fn variable(&mut self, node: &Node) -> bool {
        let Value::Text(text) = &node.value else { return false };
        let Some(variable) = variable(text) else { return false };
        self.faults.push(syntax::unexpanded(node.span, variable));
        self.mended.poisoned.push(node.span);
        true
    }

    fn choice(&mut self, node: &mut Node, choices: &[super::schema::Choice<'s>], shape: Shape<'s>) {
        if let Value::Mapping(mapping) = &mut node.value
            && let [(key, content)] = mapping.entries.as_mut_slice()
            && let Some(choice) = choices.iter().find(|it| it.name == key.value)
            && let Some(inner) = choice.content
        {
            self.path.push(Some(key.value.clone()));
            self.visit(content, inner);
            self.path.pop();
            return;
        }
        let names: Vec<&str> = choices.iter().map(|it| it.name).collect();
        let Value::Text(text) = &node.value else {
            self.wrong_type(node, &one_of(&names), None);
            return self.mended.replace(node, shape);
        };
        match choices.iter().find(|it| it.name == text) {
            Some(choice) if choice.content.is_none() => return,
            Some(choice) => {
                let diagnostic = Diagnostic::error("wrong-type", format!("`{}` needs a value", choice.name))
                    .at_span(node.span, format!("expected `{}:` and what belongs to it", choice.name));
                self.faults.push(diagnostic);
                return self.mended.replace(node, shape);
            }
            None => {}
        }
        let same = names.iter().find(|name| same_letters(name, text)).copied();
        let meant = same.or_else(|| crate::closest(text, names.iter().copied()));
        let diagnostic =
            Diagnostic::error("invalid-value", format!("{} cannot be `{}`", self.container(), clip(text)))
                .at_span(node.span, format!("expected {}", one_of(&names)));
        let Some(meant) = meant else {
            let examples: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
            let more = if names.len() > 3 { ", …" } else { "" };
            self.faults.push(diagnostic.help(format!("write one of them: {}{more}", examples.join(", "))));
            return self.mended.replace(node, shape);
        };
        let all = same.map_or_else(|| names.clone(), |same| vec![same]);
        let word = if same.is_some() { meant } else { text };
        self.faults.push(crate::meant(diagnostic, node.span, word, all.into_iter()).unwrap_or_else(|it| *it));
        self.mended.poisoned.push(node.span);
        *node = Node::text(meant, node.span);
    }

    pub(super) fn source(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// What this place is called.
    pub(super) fn container(&self) -> String {
        self.named(self.path.len())
    }

    fn named(&self, depth: usize) -> String {
        match self.path[..depth].iter().rposition(Option::is_some) {
            None if depth == 0 => "the definition".to_owned(),
            None => "an entry of the definition".to_owned(),
            Some(last) => {
                let keys: Vec<&str> = self.path[..=last].iter().flatten().map(String::as_str).collect();
                let path = clip(&keys.join(".")).to_owned();
                if last + 1 == depth { format!("`{path}`") } else { format!("an entry of `{path}`") }
            }
        }
    }
}

/// The part of a text that another program would fill in: `${…}` or `{{ … }}`.
fn variable(text: &str) -> Option<&str> {
    [("${", "}"), ("{{", "}}")].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let inner = start + open.len();
        let length = text[inner..].find(close)?;
        Some(clip(&text[start..inner + length + close.len()]))
    })
}

/// So much of a text as a message has room for.
fn clip(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.char_indices().nth(60).map_or(line, |(end, _)| &line[..end])
}
