//! The committed clusters: every generated file as a snapshot, read back by what will read it.

use compiler::{Cluster, Options, load};
use insta::{Settings, assert_snapshot};
use model::{Phase, Severity};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use tree::{Tree, resources};

const CLUSTERS: [&str; 2] = ["agentydragon", "example"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").into()
}

fn cluster(name: &str) -> Cluster {
    load::load(&root(), &root().join("clusters").join(name)).expect("the committed clusters load")
}

fn tree(name: &str, phase: Option<Phase>) -> Tree {
    let cluster = cluster(name);
    let compiled = compiler::compile(&cluster, Options { phase });
    compiled.tree.unwrap_or_else(|| panic!("{}", compiled.diagnostics.render(&cluster.sources, false)))
}

/// Every tree of both clusters, in every phase.
fn trees() -> impl Iterator<Item = (&'static str, &'static Tree)> {
    static TREES: LazyLock<Vec<(String, Tree)>> = LazyLock::new(|| {
        let phases =
            |name| Phase::ALL.map(|phase| (format!("{name} in phase {phase}"), tree(name, Some(phase))));
        CLUSTERS.into_iter().flat_map(phases).collect()
    });
    TREES.iter().map(|(place, tree)| (place.as_str(), tree))
}

/// The YAML documents of a tree, with the path of each.
fn documents(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.files()
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|it| it == "yaml"))
        .map(|(path, bytes)| (path, std::str::from_utf8(bytes).expect("YAML is text")))
}

#[test]
fn every_generated_file_has_its_snapshot() {
    for name in CLUSTERS {
        for (path, bytes) in tree(name, None).files().filter(|(path, _)| *path != tree::CHECKSUMS) {
            let Ok(text) = std::str::from_utf8(bytes) else { continue };
            let mut settings = Settings::clone_current();
            settings.set_snapshot_path(format!("golden/{name}"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| assert_snapshot!(path.replace('/', "__"), text));
        }
    }
}

#[test]
fn no_snapshot_is_left_over() {
    for name in CLUSTERS {
        let tree = tree(name, None);
        let wanted: Vec<String> =
            tree.files().map(|(path, _)| format!("{}.snap", path.replace('/', "__"))).collect();
        for entry in fs::read_dir(root().join("tests/golden").join(name)).expect("snapshots").flatten() {
            let file = entry.file_name().into_string().expect("text");
            assert!(wanted.contains(&file), "tests/golden/{name}/{file} is of no generated file; delete it");
        }
    }
}

#[test]
fn the_committed_trees_are_up_to_date() {
    for name in CLUSTERS {
        let target = root().join("clusters").join(name).join("generated");
        let outcome = tree::plan(&tree(name, None), &target).expect("the committed tree can be read");
        assert!(
            outcome.is_unchanged(),
            "clusters/{name}/generated is stale: run `cargo run --release -- render`"
        );
    }
}

#[test]
fn both_clusters_compile_without_a_word() {
    for name in CLUSTERS {
        let cluster = cluster(name);
        let said = compiler::compile(&cluster, Options::default()).diagnostics;
        assert_eq!(said.render(&cluster.sources, false), "", "clusters/{name}");
        assert_eq!(said.count(Severity::Error), 0);
    }
}

#[test]
fn the_same_definition_gives_the_same_bytes() {
    for name in CLUSTERS {
        assert_eq!(tree(name, None), tree(name, None));
    }
}

#[test]
fn every_object_is_what_its_type_and_schema_say() {
    let mut seen = 0;
    let mut validators = BTreeMap::new();
    for (place, tree) in trees() {
        for (path, text) in
            documents(tree).filter(|(path, _)| path.starts_with("apps/") || path.starts_with("flux/"))
        {
            for document in serde_yaml::Deserializer::from_str(text) {
                let value: serde_json::Value = serde::Deserialize::deserialize(document).expect("a document");
                if path.contains("/app/") && value["apiVersion"].is_null() {
                    continue;
                }
                let (api_version, kind) = (value["apiVersion"].as_str(), value["kind"].as_str());
                let (api_version, kind) = (api_version.expect("an apiVersion"), kind.expect("a kind"));
                let read = resources::known(api_version, kind);
                let read =
                    read.unwrap_or_else(|| panic!("{place}: {path}: no type for {api_version} {kind}"));
                if let Err(lost) = read(&value) {
                    panic!("{place}: {path}: {lost}");
                }
                let validator = validators.entry(format!("{api_version} {kind}")).or_insert_with(|| {
                    let schema = resources::schema(api_version, kind).expect("what has a type has a schema");
                    jsonschema::validator_for(&schema).expect("a schema")
                });
                let faults: Vec<String> = validator.iter_errors(&value).map(|it| it.to_string()).collect();
                assert!(faults.is_empty(), "{place}: {path}: {faults:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "only {seen} objects were looked at");
}

#[test]
fn two_yaml_readers_agree_on_every_document() {
    for (place, tree) in trees() {
        for (path, text) in documents(tree) {
            let first: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).expect("the first reader");
            let second: Vec<serde_json::Value> = serde_yaml::Deserializer::from_str(text)
                .map(|document| serde::Deserialize::deserialize(document).expect("the second reader"))
                .collect();
            assert_eq!(first, second, "{place}: {path}");
        }
    }
}

#[test]
fn flux_waits_for_nothing_that_is_not_there() {
    for (place, tree) in trees() {
        let mut names = Vec::new();
        let mut waits = Vec::new();
        for (path, text) in documents(tree).filter(|(path, _)| path.ends_with("/ks.yaml")) {
            let value: serde_json::Value = serde_yaml::from_str(text).expect("one document");
            names.push(value["metadata"]["name"].as_str().expect("a name").to_owned());
            for other in value["spec"]["dependsOn"].as_array().into_iter().flatten() {
                waits.push((path.to_owned(), other["name"].as_str().expect("a name").to_owned()));
            }
        }
        for (path, other) in waits {
            assert!(names.contains(&other), "{place}: {path} waits for {other}");
        }
    }
}
