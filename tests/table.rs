//! Mistakes that people make, one at a time, as data: `mutations/` has a file for each definition that is edited.

use compiler::{Cluster, load, testing};
use model::Sources;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The definitions that are edited: the smallest one, and the clusters that are committed.
pub const TABLES: &[&str] = &["small", "agentydragon", "example"];

/// One edit that somebody makes by mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// What happened.
    pub it: String,
    pub edit: (String, String),
    /// A second place, where one alone is right.
    pub with: Option<(String, String)>,
    /// Other codes that say something else which is true as well.
    #[serde(default)]
    pub also: BTreeSet<String>,
}

/// Every edit of a table, with its code, and the cluster that it makes.
pub fn mutated(table: &str) -> Vec<(String, Mutation, Cluster)> {
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
