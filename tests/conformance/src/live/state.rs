//! A state of the user's repository: the tree of a phase, what it adopts, and all objects that come of the tree.

use super::{adopted, documents, repository::Files};
use crate::{engine, fault::Fault, trees::Tree};
use compiler::Cluster;
use model::Phase;
use serde_json::Value;
use std::path::Path;

/// What is committed, and what is to come of it.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) title: String,
    pub(crate) phase: Phase,
    pub(crate) files: Files,
    /// What a person applies once, so that Flux finds the rest.
    pub(crate) root: Vec<Value>,
    /// Every object of the tree, the root's too; each folder's objects stand together.
    pub(crate) objects: Vec<Value>,
}

impl State {
    pub(crate) fn of(cluster: &Cluster, phase: Phase) -> Result<(Self, Tree), Fault> {
        let tree = Tree::render(cluster, phase, format!("{}, {phase}", cluster.name))?;
        let folder = tempfile::tempdir().map_err(|it| Fault::new(it.to_string()))?;
        tree.write(folder.path())?;
        let root = documents(&tree.text("flux/cluster.yaml").unwrap_or_default())?;
        let mut objects = root.clone();
        let mut folders: Vec<String> = objects.iter().filter_map(|it| within(&cluster.name, it)).collect();
        let mut at = 0;
        while at < folders.len() {
            let found = kustomize(&folder.path().join(&folders[at]))?;
            folders.extend(found.iter().filter_map(|it| within(&cluster.name, it)));
            objects.extend(found);
            at += 1;
        }
        let below = format!("clusters/{}/generated", cluster.name);
        let files =
            tree.files.iter().map(|(path, bytes)| (format!("{below}/{path}"), bytes.clone())).collect();
        Ok((Self { title: tree.title.clone(), phase, files, root, objects }, tree))
    }

    /// The state of one phase, with stand-ins for the apps that the definition adopts.
    pub(crate) fn of_phase(
        cluster: &Cluster,
        definition: &Value,
        phase: Phase,
    ) -> Result<(Self, Tree), Fault> {
        let (mut state, tree) = Self::of(cluster, phase)?;
        state.files.extend(adopted::files(definition, &state.objects));
        Ok((state, tree))
    }

    /// The states of all phases, each with stand-ins for the apps that the definition adopts.
    pub(crate) fn of_phases(cluster: &Cluster, definition: &Value) -> Result<Vec<(Self, Tree)>, Fault> {
        let mut states = Vec::new();
        for phase in Phase::ALL {
            states.push(Self::of(cluster, phase)?);
        }
        let all: Vec<Value> = states.iter().flat_map(|(state, _)| state.objects.clone()).collect();
        let adopted = adopted::files(definition, &all);
        for (state, _) in &mut states {
            state.files.extend(adopted.clone());
        }
        Ok(states)
    }
}

/// The objects that kustomize makes of a folder.
fn kustomize(folder: &Path) -> Result<Vec<Value>, Fault> {
    let kubectl = engine::folder("kubernetes")?.join("kubectl");
    let output = std::process::Command::new(&kubectl).arg("kustomize").arg(folder).output();
    let output = output.map_err(Fault::at(&kubectl))?;
    if !output.status.success() {
        return Err(Fault::new(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    documents(&String::from_utf8_lossy(&output.stdout))
}

/// The folder of the tree that a Kustomization of Flux names; none where it is in somebody else's.
fn within(cluster: &str, object: &Value) -> Option<String> {
    let is_flux = object["apiVersion"].as_str()?.starts_with("kustomize.toolkit.fluxcd.io/");
    let path = object["spec"]["path"].as_str().filter(|_| is_flux)?;
    path.strip_prefix(&format!("./clusters/{cluster}/generated/")).map(str::to_owned)
}
