//! Values in the place of what could not be read, so that the rest can be checked.

use super::schema::{Form, Shape};
use model::node::{Mapping, Node, Value};
use model::{Span, Spanned};

/// What was mended in a tree, so that it can be read.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// Places whose values we made up or left out.
    pub(crate) poisoned: Vec<Span>,
    /// So much is missing that nothing which follows from the rest can be trusted.
    pub(crate) hopeless: bool,
}

impl Mended {
    /// Puts something that can be read in the place of what cannot.
    pub(super) fn replace(&mut self, node: &mut Node, shape: Shape<'_>) {
        self.poisoned.push(node.span);
        *node = self.plausible(shape, node.span);
    }

    /// A value as the schema wants it, with what is required and no more.
    pub(super) fn plausible(&mut self, shape: Shape<'_>, span: Span) -> Node {
        let value = match shape.form() {
            Form::Any => Value::Mapping(Mapping::default()),
            Form::Bool => Value::Bool(false),
            Form::Integer { least, most } => {
                let example = shape.example().and_then(serde_json::Value::as_i64);
                Value::Integer(example.unwrap_or(0).clamp(least, most))
            }
            Form::Text(kind) => Value::Text(kind.map_or("text", |kind| kind.example).to_owned()),
            Form::List(item) => Value::Sequence(vec![self.plausible(item, span)]),
            Form::Choice(choices) => match choices.first() {
                Some(first) => match first.content {
                    None => Value::Text(first.name.to_owned()),
                    Some(content) => self.mapping([(first.name, content)], span),
                },
                None => Value::Null,
            },
            Form::Map { .. } => {
                // Names that are referred to are lost with it.
                self.hopeless = true;
                Value::Mapping(Mapping::default())
            }
            Form::Struct(fields) => {
                let required = fields.required();
                let shaped =
                    required.map(|name| (name, fields.get(name).expect("a required key has a schema")));
                self.mapping(shaped, span)
            }
        };
        Node::new(value, span)
    }

    fn mapping<'s>(&mut self, entries: impl IntoIterator<Item = (&'s str, Shape<'s>)>, span: Span) -> Value {
        let entry = |(name, shape): (&str, Shape<'_>)| {
            (Spanned::new(name.to_owned(), span), self.plausible(shape, span))
        };
        Value::Mapping(Mapping { entries: entries.into_iter().map(entry).collect(), incomplete: false })
    }
}
