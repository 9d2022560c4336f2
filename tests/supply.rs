//! What we build on: each dependency comes from the registry, with a licence that ours allows, in one version.
//!
//! Advisories need a database that a test must not fetch: `cargo deny check advisories` does that where there is a network.

use std::{collections::BTreeMap, env, process::Command};

/// Licences that may be combined with MIT or Apache-2.0 in a program.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Two versions of these are in the tree; each has its reason.
const TWICE: &[&str] = &[
    // jsonschema and the derive of kube are between two majors of these; none of their types meets ours.
    "base64",
    "getrandom",
    "syn",
    // insta and its console have older ones; tests alone are built with them.
    "console",
    "similar",
    "unicode-width",
];

fn packages() -> Vec<serde_json::Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--filter-platform=x86_64-unknown-linux-gnu",
        ])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

#[test]
fn every_dependency_may_be_used_and_comes_from_the_registry() {
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        let Some(source) = package["source"].as_str() else { continue };
        assert!(source.starts_with("registry+"), "{name} comes from {source}");
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        // One of the alternatives must do, and of it every part.
        let may = licence.split(" OR ").any(|alternative| {
            alternative.trim_matches(['(', ')']).split(" AND ").all(|part| {
                let part = part.trim_matches([' ', '(', ')']).trim_end_matches(" WITH LLVM-exception");
                ALLOWED.contains(&part)
            })
        });
        assert!(may, "{name} has the licence {licence:?}");
    }
}

#[test]
fn no_dependency_is_there_twice_without_a_reason() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        versions.entry(text("name")).or_default().push(text("version"));
    }
    versions.retain(|name, found| found.len() > 1 && !TWICE.contains(&name.as_str()));
    assert!(versions.is_empty(), "{versions:?}");
}
