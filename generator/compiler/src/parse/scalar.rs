//! Values of one scalar: what is wrong with one, and what to write instead.

use super::{
    schema::{Form, Shape},
    structure::Walk,
    words::{list, one_of},
};
use model::node::{Node, Value};
use model::{
    Diagnostic, Span,
    scalar::{Fault, Kind},
};

/// Holds a scalar against its form, and mends it.
pub(super) fn check<'s>(walk: &mut Walk<'_, 's>, node: &mut Node, form: &Form<'s>, shape: Shape<'s>) {
    match form {
        Form::Bool => boolean(walk, node, shape),
        Form::Integer { least, most } => integer(walk, node, *least, *most, shape),
        Form::Text(kind) => text(walk, node, *kind, shape),
        Form::Any | Form::Choice(_) | Form::List(_) | Form::Map { .. } | Form::Struct(_) => {
            unreachable!("these are no scalars")
        }
    }
}

fn boolean<'s>(walk: &mut Walk<'_, 's>, node: &mut Node, shape: Shape<'s>) {
    let said = match &node.value {
        Value::Bool(_) => return,
        Value::Text(text) => text.to_lowercase(),
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    };
    let meant = match said.as_str() {
        "true" | "yes" | "on" | "y" | "1" | "enabled" => Some(true),
        "false" | "no" | "off" | "n" | "0" | "disabled" => Some(false),
        _ => None,
    };
    let quoted = matches!(said.as_str(), "true" | "false");
    let help = meant.map(|meant| {
        if quoted { format!("write `{meant}` without quotes") } else { format!("write `{meant}`") }
    });
    walk.wrong_type_fixed(node, "`true` or `false`", help, meant.map(|it| it.to_string()));
    match meant {
        Some(meant) => node.value = Value::Bool(meant),
        None => walk.mended.replace(node, shape),
    }
}

fn integer<'s>(walk: &mut Walk<'_, 's>, node: &mut Node, least: i64, most: i64, shape: Shape<'s>) {
    let fits = |number: i64| (least..=most).contains(&number);
    let source = walk.source(node.span).to_owned();
    match &node.value {
        Value::Integer(number) => {
            let digits = source.trim_start_matches(['+', '-']);
            let octal =
                digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            let (message, label, nearest) = if octal {
                let message = format!("`{source}` has a leading zero, which some programs read as octal");
                (message, "read as decimal here".into(), *number)
            } else if fits(*number) {
                return;
            } else {
                let message = format!("{} cannot be {number}", walk.container());
                (message, bounds(least, most), (*number).clamp(least, most))
            };
            let diagnostic = Diagnostic::error("invalid-value", message).at_span(node.span, label);
            walk.faults.push(diagnostic.help(format!("write `{nearest}`")));
            walk.mended.poisoned.push(node.span);
            node.value = Value::Integer((*number).clamp(least, most));
        }
        Value::Text(text) => {
            let plain = text.replace(['_', ',', ' '], "").parse().ok().filter(|number| fits(*number));
            let help = plain.map(|number: i64| format!("write `{number}`, without quotes"));
            walk.wrong_type_fixed(node, "a whole number", help, plain.map(|it| it.to_string()));
            match plain {
                Some(number) => node.value = Value::Integer(number),
                None => walk.mended.replace(node, shape),
            }
        }
        _ => {
            walk.wrong_type(node, "a whole number", None);
            walk.mended.replace(node, shape);
        }
    }
}

fn text<'s>(walk: &mut Walk<'_, 's>, node: &mut Node, kind: Option<&'static Kind>, shape: Shape<'s>) {
    let (said, quoted) = match &node.value {
        Value::Text(text) => (text.clone(), true),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => (walk.source(node.span).to_owned(), false),
        Value::Sequence(items) => {
            let only = match items.as_slice() {
                [only] => Some(walk.source(only.span)),
                _ => None,
            };
            let help = only.map(|only| format!("write `{only}`, without `-` or brackets"));
            walk.wrong_type(node, "one text", help);
            return walk.mended.replace(node, shape);
        }
        _ => {
            walk.wrong_type(node, "text", None);
            return walk.mended.replace(node, shape);
        }
    };
    if let Some(kind) = kind
        && let Err(fault) = (kind.parse)(&said)
    {
        let better = better(&fault, kind);
        walk.faults.push(invalid(node.span, fault, Some(kind)));
        match better {
            Some(better) => {
                walk.mended.poisoned.push(node.span);
                *node = Node::text(better, node.span);
            }
            None => walk.mended.replace(node, shape),
        }
    } else if !quoted {
        let quoted = format!("\"{said}\"");
        walk.wrong_type_fixed(node, "text", Some(format!("put it in quotes: `{quoted}`")), Some(quoted));
        *node = Node::text(said, node.span);
    }
}

/// A text that is not of its kind.
pub(super) fn invalid(span: Span, fault: Fault, kind: Option<&Kind>) -> Diagnostic {
    let label = kind.map_or(String::new(), |kind| format!("expected something like `{}`", kind.example));
    let diagnostic = Diagnostic::error("invalid-value", fault.message).at_span(span, label);
    match fault.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// What the help says to write, where that is a value of the kind.
pub(super) fn better(fault: &Fault, kind: &Kind) -> Option<String> {
    let mut quoted = fault.help.as_deref()?.split('`').skip(1).step_by(2);
    quoted.find(|text| (kind.parse)(text).is_ok()).map(str::to_owned)
}

fn bounds(least: i64, most: i64) -> String {
    match (least, most) {
        (least, i64::MAX) => format!("expected a number from {least}"),
        (i64::MIN, most) => format!("expected a number up to {most}"),
        (least, most) => format!("expected a number from {least} to {most}"),
    }
}

/// How a key is written, with a value that would do.
pub(super) fn how_to_write(name: &str, shape: Shape<'_>) -> String {
    match shape.form() {
        Form::Struct(fields) => {
            let required: Vec<&str> = fields.required().collect();
            if required.is_empty() {
                format!("write `{name}: {{}}`, or its keys below it")
            } else {
                format!("write `{name}:`, and below it {}", list(&required))
            }
        }
        Form::Map { key, .. } => {
            let example = key.map_or("NAME", |kind| kind.example);
            format!("write `{name}:`, and below it a key for each, like `{example}:`")
        }
        Form::Choice(choices) => {
            let names: Vec<&str> = choices.iter().map(|it| it.name).collect();
            format!("write `{name}:` and {}", one_of(&names))
        }
        Form::List(item) => match example(item) {
            Some(example) => format!("write it as a list, like `{name}: [{example}]`"),
            None => format!("write `{name}:`, and below it each entry with `- `"),
        },
        _ => match example(shape) {
            Some(example) => format!("write it like `{name}: {example}`"),
            None => format!("write `{name}:` and a value"),
        },
    }
}

/// A scalar that would do, as YAML.
fn example(shape: Shape<'_>) -> Option<String> {
    match shape.form() {
        Form::Bool => Some("true".into()),
        Form::Integer { .. } => shape.example().map(ToString::to_string),
        Form::Text(Some(kind)) => match Value::plain(kind.example) {
            Value::Text(text) if !text.starts_with(['@', '!', '*', '&']) => Some(text),
            _ => Some(format!("\"{}\"", kind.example)),
        },
        _ => None,
    }
}
