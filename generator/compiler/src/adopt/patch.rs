//! Patches of kustomize: a document that is laid over an object, or a list of operations (RFC 6902).
//!
//! A value that a patch gives keeps its place in the patch, so that a diagnostic points at who says it.

use super::yaml;
use components::adopted::Object;
use model::{Node, Span, Spanned, node::Value};

/// Applies an entry of `patches` whose text stands in the entry itself.
pub(super) fn apply(entry: &Node, objects: &mut [Object]) {
    let Some(inline) = entry.get("patch") else { return };
    let Some(text) = inline.str() else { return };
    for document in yaml::read(text, inline.span.file).unwrap_or_default() {
        let document = moved(document, inline.span);
        merge(&document, entry.get("target"), objects);
    }
}

/// A node of a text within a text: its own places are of no file, so all are those of the text.
fn moved(mut node: Node, span: Span) -> Node {
    node.span = span;
    match &mut node.value {
        Value::Sequence(items) => {
            *items = std::mem::take(items).into_iter().map(|item| moved(item, span)).collect();
        }
        Value::Mapping(mapping) => {
            mapping.entries = std::mem::take(&mut mapping.entries)
                .into_iter()
                .map(|(key, value)| (Spanned::new(key.value, span), moved(value, span)))
                .collect();
        }
        _ => {}
    }
    node
}

/// Applies a patch to the objects that it is for: those of its target, else the one of its own kind and name.
pub(super) fn merge(patch: &Node, target: Option<&Node>, objects: &mut [Object]) {
    let operations = matches!(patch.value, Value::Sequence(_));
    let says = |path: &str| patch.str_at(path);
    for object in objects {
        let meant = match target {
            Some(target) => {
                let fits = |key: &str, value: &str| target.str_at(key).is_none_or(|it| it == value);
                fits("kind", &object.kind) && fits("name", &object.name)
            }
            None => {
                says("kind") == Some(object.kind.value.as_str())
                    && says("metadata.name") == Some(object.name.as_str())
            }
        };
        if !meant {
            continue;
        }
        if operations {
            patch.items().iter().for_each(|operation| operate(operation, &mut object.node));
        } else {
            lay(&mut object.node, patch);
        }
        if let Some(again) = Object::of(object.node.clone(), &object.path, object.document) {
            let namespace = object.namespace.take().or(again.namespace.clone());
            *object = Object { namespace, ..again };
        }
    }
}

/// Lays a patch over a node: mappings key by key, lists of named things thing by thing, all else as a whole.
fn lay(node: &mut Node, patch: &Node) {
    match (&mut node.value, &patch.value) {
        (Value::Mapping(mapping), Value::Mapping(over)) => {
            for (key, value) in &over.entries {
                let place = mapping.entries.iter().position(|(it, _)| it.value == key.value);
                match place {
                    Some(at) if value.is_null() => drop(mapping.entries.remove(at)),
                    Some(at) => lay(&mut mapping.entries[at].1, value),
                    None => mapping.entries.push((key.clone(), value.clone())),
                }
            }
        }
        (Value::Sequence(items), Value::Sequence(over)) if over.iter().all(|it| it.get("name").is_some()) => {
            for value in over {
                match items.iter_mut().find(|it| it.str_at("name") == value.str_at("name")) {
                    Some(item) => lay(item, value),
                    None => items.push(value.clone()),
                }
            }
        }
        _ => *node = patch.clone(),
    }
}

/// One operation: `add`, `replace` or `remove` at a path. Others change no value that a check asks for.
fn operate(operation: &Node, node: &mut Node) {
    let (Some(op), Some(path)) = (operation.str_at("op"), operation.str_at("path")) else { return };
    let parts: Vec<String> =
        path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let Some((last, way)) = parts.split_last() else { return };
    let mut at = node;
    for part in way {
        let next = match &mut at.value {
            Value::Mapping(mapping) => {
                mapping.entries.iter_mut().find(|(key, _)| key.value == *part).map(|(_, value)| value)
            }
            Value::Sequence(items) => part.parse().ok().and_then(|index: usize| items.get_mut(index)),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return,
        }
    }
    let value = operation.get("value");
    match &mut at.value {
        Value::Mapping(mapping) => {
            let place = mapping.entries.iter().position(|(key, _)| key.value == *last);
            match (op, place, value) {
                ("remove", Some(place), _) => drop(mapping.entries.remove(place)),
                ("add" | "replace", Some(place), Some(value)) => mapping.entries[place].1 = value.clone(),
                ("add", None, Some(value)) => {
                    mapping.entries.push((Spanned::new(last.clone(), value.span), value.clone()));
                }
                _ => {}
            }
        }
        Value::Sequence(items) => match (op, last.parse::<usize>(), value) {
            ("remove", Ok(index), _) if index < items.len() => drop(items.remove(index)),
            ("replace", Ok(index), Some(value)) if index < items.len() => items[index] = value.clone(),
            ("add", Ok(index), Some(value)) if index <= items.len() => items.insert(index, value.clone()),
            ("add", Err(_), Some(value)) if last == "-" => items.push(value.clone()),
            _ => {}
        },
        _ => {}
    }
}
