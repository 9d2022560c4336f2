//! Mistakes that people make, one at a time: each gives the one code that it should, and no other.

use crate::table::{TABLES, mutated};
use compiler::Options;
use std::{collections::BTreeSet, fmt::Write as _};

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
            let fixed = compiler::fix(&mut cluster, None, |_| true);
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
