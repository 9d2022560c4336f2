//! What is published beside the program: the schema of a definition, and that definitions meet it.

use std::{fs, path::Path};

#[test]
fn the_committed_schema_is_that_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a parent")
        .join("clusters/cluster.schema.json");
    let committed = fs::read_to_string(&path).expect("clusters/cluster.schema.json");
    assert!(
        committed == compiler::schema(),
        "clusters/cluster.schema.json is stale: run `cargo run --release -- schema > clusters/cluster.schema.json`"
    );
}

#[test]
fn the_committed_pages_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").join("docs/checks.md");
    let committed = fs::read_to_string(&path).expect("docs/checks.md");
    assert!(
        committed == compiler::explain_markdown(),
        "docs/checks.md is stale: run `cargo run --release -- explain --markdown > docs/checks.md`"
    );
}

#[test]
fn the_committed_schema_of_diagnostics_is_that_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a parent")
        .join("docs/diagnostics.schema.json");
    let committed = fs::read_to_string(&path).expect("docs/diagnostics.schema.json");
    assert!(
        committed == compiler::json_schema(),
        "docs/diagnostics.schema.json is stale: run `cargo run --release -- schema --diagnostics > docs/diagnostics.schema.json`"
    );
}

#[test]
fn the_committed_definitions_meet_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&compiler::schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for name in ["clusters/agentydragon", "clusters/example", "tests/fixtures/small"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent");
        let text = fs::read_to_string(root.join(name).join("cluster.yaml")).expect("a definition");
        let value: serde_json::Value = serde_yaml::from_str(&text).expect("YAML");
        let faults: Vec<String> =
            validator.iter_errors(&value).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
}

#[test]
fn every_key_is_described() {
    let schema: serde_json::Value = serde_json::from_str(&compiler::schema()).expect("JSON");
    let mut bare = Vec::new();
    let definitions = schema["$defs"].as_object().into_iter().flatten().map(|(name, it)| (name.as_str(), it));
    for (name, definition) in definitions.chain([("Definition", &schema)]) {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["description"].is_null() && property["$ref"].is_null() {
                bare.push(format!("{name}.{key}"));
            }
        }
    }
    assert_eq!(bare, ["x"; 0], "these keys have no doc comment");
}
