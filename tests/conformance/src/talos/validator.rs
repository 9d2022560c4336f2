//! The validators, and what they are asked.

use crate::{dialogue::Dialogue, engine, fault::Fault, trees::Tree};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::PathBuf,
};

/// A validator for each minor version of Talos, started when it is first asked.
#[derive(Debug)]
pub(crate) struct Validators {
    folder: PathBuf,
    running: BTreeMap<String, Dialogue>,
}

/// A node, for Talos to judge its patch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) contract: String,
    pub(crate) kubernetes: String,
    pub(crate) mode: String,
    pub(crate) patch: String,
    pub(crate) cluster_name: String,
    pub(crate) endpoint: String,
    pub(crate) show: bool,
}

/// What Talos says of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) ok: bool,
    pub(crate) warnings: Vec<String>,
    pub(crate) error: String,
    /// The whole configuration with the patch in it.
    #[serde(default)]
    pub(crate) config: String,
}

impl Verdict {
    /// The words of a refusal.
    pub(crate) fn refusal(&self) -> Option<&str> {
        (!self.ok).then_some(&self.error)
    }
}

impl Validators {
    pub(crate) fn new() -> Result<Self, Fault> {
        Ok(Self { folder: engine::folder("talos")?, running: BTreeMap::new() })
    }

    /// Asks the validator of a minor version, `v1.13`.
    pub(crate) fn ask(&mut self, minor: &str, questions: &[Question]) -> Result<Vec<Verdict>, Fault> {
        let validator = match self.running.entry(minor.to_owned()) {
            Entry::Occupied(running) => running.into_mut(),
            Entry::Vacant(place) => place.insert(Dialogue::start(&self.folder.join(minor))?),
        };
        validator.ask(questions)
    }
}

/// `talos/nodes.json` of a tree, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Index {
    pub(crate) cluster: String,
    pub(crate) endpoint: String,
    pub(crate) kubernetes: String,
    pub(crate) contract: String,
    pub(crate) nodes: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) mode: String,
}

impl Index {
    pub(crate) fn of(tree: &Tree) -> Result<Self, Fault> {
        let text = tree
            .text("talos/nodes.json")
            .ok_or_else(|| Fault::new(format!("{}: there is no talos/nodes.json", tree.title)))?;
        serde_json::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", tree.title)))
    }

    /// A question for each node, in the order of the index.
    pub(crate) fn questions(&self, tree: &Tree) -> Result<Vec<Question>, Fault> {
        let question = |node: &Member| {
            let path = format!("talos/nodes/{}.yaml", node.name);
            Ok(Question {
                name: format!("{}: {}", tree.title, node.name),
                role: node.role.clone(),
                contract: self.contract.clone(),
                kubernetes: self.kubernetes.clone(),
                mode: node.mode.clone(),
                patch: tree
                    .text(&path)
                    .ok_or_else(|| Fault::new(format!("{}: there is no {path}", tree.title)))?,
                cluster_name: self.cluster.clone(),
                endpoint: self.endpoint.clone(),
                show: true,
            })
        };
        self.nodes.iter().map(question).collect()
    }
}
