//! The walk, the schema and the type hold each other.

use super::super::{Faults, schema, structure, typed, yaml};
use model::node::{Node, Value};
use model::{FileId, Span};

/// The definition of a cluster with every scalar and key replaced in turn: whatever nothing is said of fits the
/// schema and the type, and whatever was mended fits the type.
#[test]
fn walk_schema_and_type_agree() {
    let text = crate::testing::SMALL;
    let schema = schema::schema::<model::Definition>();
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let mut faults = Faults::default();
    let root = yaml::read(text, FileId(0), &mut faults).root.expect("the fixture is right");
    let mut places = Vec::new();
    spans(&root, &mut places);
    assert!(places.len() > 150, "{}", places.len());
    for span in places {
        for new in ["5", "yes", "[a]", "{a: b}"] {
            let mut text = text.to_owned();
            text.replace_range(span.start as usize..span.end as usize, new);
            let mut faults = Faults::default();
            let document = yaml::read(&text, FileId(0), &mut faults);
            let mut root = document.root.expect("there is something");
            let read_as_json: Option<serde_json::Value> = typed::from_node(&root).ok();
            let mended = structure::check(&mut root, schema, &text, document.cut, &mut faults);
            if document.cut || mended.hopeless {
                continue;
            }
            let definition = typed::from_node::<model::Definition>(&root);
            assert!(definition.is_ok(), "{}\n{text}", definition.expect_err("not read"));
            if faults.0.is_empty() {
                let json = read_as_json.expect("nothing was refused");
                assert!(validator.is_valid(&json), "{:?}\n{text}", validator.iter_errors(&json).next());
            }
        }
    }
}

/// The places of all scalars and keys.
fn spans(node: &Node, found: &mut Vec<Span>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| spans(item, found)),
        Value::Mapping(mapping) => {
            for (key, value) in &mapping.entries {
                found.push(key.span);
                spans(value, found);
            }
        }
        _ => found.push(node.span),
    }
}
