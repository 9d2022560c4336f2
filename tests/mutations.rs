//! Mistakes that people make, one at a time: each gives the one code that it should, and no other.
//!
//! The tables in `mutations/` are data: a file for each definition that is edited.

use compiler::{Cluster, Options, load, testing};
use model::Sources;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

/// One edit that somebody makes by mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// What happened.
    it: String,
    edit: (String, String),
    /// A second place, where one alone is right.
    with: Option<(String, String)>,
    /// Other codes that say something else which is true as well.
    #[serde(default)]
    also: BTreeSet<String>,
}

/// Every edit of a table, with its code, and the cluster that it makes.
fn mutated(table: &str) -> Vec<(String, Mutation, Cluster)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent");
    let path = root.join(format!("tests/mutations/{table}.yaml"));
    let text = fs::read_to_string(&path).expect("a table");
    let all: BTreeMap<String, Vec<Mutation>> = serde_yaml::from_str(&text).expect("a table");
    let base = || match table {
        // Its Talos gets no more fixes, for the sake of other tests.
        "small" => testing::cluster(&testing::edit(testing::SMALL, "version: v1.13.9", "version: v1.14.2")),
        _ => load::load(root, &root.join("clusters").join(table)).expect("a cluster"),
    };
    let mut out = Vec::new();
    for (code, mutations) in all {
        for mutation in mutations {
            let mut cluster = base();
            let mut text = cluster.sources.text(cluster.definition).to_owned();
            for (from, to) in [Some(&mutation.edit), mutation.with.as_ref()].into_iter().flatten() {
                assert_eq!(text.matches(from.as_str()).count(), 1, "{}: {from:?} is there once", mutation.it);
                text = text.replace(from.as_str(), to);
            }
            cluster.sources = Sources::single("cluster.yaml", text);
            out.push((code.clone(), mutation, cluster));
        }
    }
    out
}

const TABLES: &[&str] = &["small", "agentydragon", "example"];

#[test]
fn each_mistake_gives_its_code_and_no_other() {
    let (mut count, mut failures) = (0, String::new());
    for table in TABLES {
        for (code, mutation, cluster) in mutated(table) {
            count += 1;
            let found = compiler::compile(&cluster, Options::default()).diagnostics;
            let codes: BTreeSet<&str> = found.iter().map(|it| it.code).collect();
            let wanted: BTreeSet<&str> =
                mutation.also.iter().map(String::as_str).chain([code.as_str()]).collect();
            if codes != wanted {
                let _ = writeln!(
                    failures,
                    "{table}, {}: gives {codes:?} for {wanted:?}\n{}",
                    mutation.it,
                    found.render(&cluster.sources, false)
                );
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(count >= 200, "{count} mistakes are in the tables");
}

/// What is said of each, as our own JSON, meets the published schema.
#[test]
fn the_json_of_each_mistake_meets_the_published_schema() {
    let schema: serde_json::Value = serde_json::from_str(&compiler::json_schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for table in TABLES {
        for (_, mutation, cluster) in mutated(table) {
            let found = compiler::compile(&cluster, Options::default()).diagnostics;
            let report = serde_json::to_value(compiler::json([(&cluster, &found)])).expect("JSON");
            let faults: Vec<String> = validator.iter_errors(&report).map(|it| it.to_string()).collect();
            assert!(faults.is_empty(), "{}: {faults:#?}", mutation.it);
        }
    }
}

/// What `check --fix` makes of each never says more than before, and what it mended is gone.
#[test]
fn what_is_mended_is_gone() {
    let mut mended = 0;
    for table in TABLES {
        for (_, mutation, mut cluster) in mutated(table) {
            let before = compiler::compile(&cluster, Options::default()).diagnostics;
            let fixed = compiler::fix(&mut cluster, Options::default(), |_| true);
            mended += fixed.mended.len();
            if !fixed.mended.is_empty() {
                let (errors, left) = (before.iter().count(), fixed.left.iter().count());
                assert!(left < errors, "{}: {errors} before and {left} after", mutation.it);
            }
            for (code, message) in &fixed.mended {
                let still = fixed.left.iter().any(|it| it.code == *code && it.message == *message);
                assert!(!still, "{}: `{message}` is mended and there", mutation.it);
            }
        }
    }
    assert!(mended >= 40, "{mended} of the mistakes are mended");
}
