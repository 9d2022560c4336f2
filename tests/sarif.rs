//! Holds the SARIF of every mistake in `mutations/` against a schema: `cargo run -p tests --bin sarif -- SCHEMA`.
//!
//! The official schema is no part of this repository: `.ci/sarif` gets it, and runs this.

// It reads a file that is named on the command line: that is what it is for.
#![allow(clippy::disallowed_methods)]

mod table;

use compiler::Options;
use std::{collections::BTreeSet, env, fs, process::ExitCode};
use table::{TABLES, mutated};

fn main() -> ExitCode {
    let path = env::args().nth(1).expect("the path of the schema");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut schema: serde_json::Value = serde_json::from_str(&text).expect("a schema is JSON");
    // What the official schema says of languages is no regular expression: a bracket is closed that none opens.
    // We write no languages.
    for kind in ["run", "toolComponent"] {
        if let Some(language) = schema.pointer_mut(&format!("/definitions/{kind}/properties/language")) {
            language.as_object_mut().expect("a schema").remove("pattern");
        }
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let (mut reports, mut results, mut fixes, mut faults) = (0, 0, 0, 0);
    for (code, mutation, cluster) in TABLES.iter().flat_map(|table| mutated(table)) {
        let found = compiler::compile(&cluster, Options::default()).diagnostics;
        let report = compiler::sarif([(&cluster, &found)]);
        reports += 1;
        let rules = report["runs"][0]["results"].as_array().into_iter().flatten();
        let rules: BTreeSet<&str> = rules.filter_map(|it| it["ruleId"].as_str()).collect();
        if rules != mutation.also.iter().map(String::as_str).chain([code.as_str()]).collect() {
            faults += 1;
            println!("{}: has results of {rules:?}", mutation.it);
        }
        results += report["runs"][0]["results"].as_array().map_or(0, Vec::len);
        fixes += found.iter().filter(|it| !it.fix.is_empty()).count();
        for fault in validator.iter_errors(&report) {
            faults += 1;
            println!("{}: {}: {fault}", mutation.it, fault.instance_path());
        }
    }
    println!("{reports} reports with {results} results, {fixes} of them with fixes: {faults} faults");
    if faults == 0 && results >= 200 && fixes >= 40 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
