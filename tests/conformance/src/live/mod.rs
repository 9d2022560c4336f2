//! The committed trees on a live control plane: what is written is taken, whole, and lands where it should.
//!
//! The nodes are those of the tree's own Talos patches, and their kubelets are simulated. There is no Flux here:
//! the suite applies what kustomize makes of each folder, in the order of the Kustomizations.

mod api;
mod applies;
mod breaks;
mod control;
mod lands;
mod nodes;
mod process;

use crate::{
    engine,
    fault::Fault,
    report::Report,
    trees::{Committed, Scope, Tree},
};
use api::Api;
use control::Control;
use model::Phase;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, thread, time::Duration};

/// The folders of `engines/` that make a live cluster.
pub(crate) const ENGINES: [&str; 4] = ["crds", "etcd", "kubernetes", "kwok"];

pub(crate) fn run(scope: &Scope, keep: Option<&str>, report: &mut Report) -> Result<(), Fault> {
    let Scope::Whole(clusters) = scope else {
        println!("   the live cluster runs the committed clusters only: it needs their definitions");
        return Ok(());
    };
    if let Some(keep) = keep.filter(|keep| clusters.iter().all(|it| it.cluster.name != *keep)) {
        return Err(Fault::new(format!("there is no cluster `{keep}` to leave up")));
    }
    for Committed { cluster, .. } in clusters {
        let definition = documents(cluster.sources.text(cluster.definition))?.remove(0);
        let mut control = start(&definition)?;
        let last = Tree::render(cluster, Phase::Cleanup, cluster.name.clone())?;
        nodes::register(&control.api, &definition, &last)?;
        for phase in Phase::ALL {
            let tree = Tree::render(cluster, phase, format!("{}, {phase}", cluster.name))?;
            let objects = objects(&control, &cluster.name, &tree)?;
            let count = objects.len();
            applies::run(&control.api, &tree.title, &objects, report)?;
            println!("{:<34} {count:>4} objects applied twice and read back", tree.title);
        }
        lands::run(&mut control, &cluster.name, &definition, report)?;
        breaks::run(&mut control, &cluster.name, &definition, report)?;
        if keep == Some(cluster.name.as_str()) {
            println!("   KUBECONFIG={} until this is interrupted", control.kubeconfig.display());
            loop {
                thread::sleep(Duration::from_secs(60));
            }
        }
    }
    Ok(())
}

/// A control plane with the definitions of all custom resources, and the namespaces that others bring.
fn start(definition: &Value) -> Result<Control, Fault> {
    let subnets: Vec<&str> = definition["kubernetes"]["serviceSubnets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut control = Control::start(&subnets.join(","))?;
    let mut folders = vec![engine::folder("crds")?];
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Fault::at(&folder))? {
            let path = entry.map_err(Fault::at(&folder))?.path();
            if path.is_dir() {
                // The standard channel is what the tree takes.
                folders.extend(Some(path).filter(|it| !it.ends_with("experimental")));
            } else if path.extension().is_some_and(|it| it == "yaml") {
                let text = fs::read_to_string(&path).map_err(Fault::at(&path))?;
                for object in documents(&text)?.iter().filter(|it| it["kind"] == "CustomResourceDefinition") {
                    control.api.apply(object)?.value(&path.display().to_string())?;
                    names.extend(object["metadata"]["name"].as_str().map(str::to_owned));
                }
            }
        }
    }
    control.until("the custom resources to be served", 30, |api| {
        let crds = api.list("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")?;
        let served =
            crds.iter().filter(|it| condition(it, "Established").is_some_and(|it| it["status"] == "True"));
        Ok(served.count() >= names.len())
    })?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}});
    control.api.apply(&namespace)?.value("flux-system")?;
    Ok(control)
}

/// All objects of a tree: what Flux is told to begin with, and what it then finds folder by folder.
fn objects(control: &Control, cluster: &str, tree: &Tree) -> Result<Vec<Value>, Fault> {
    let folder = tempfile::tempdir().map_err(|it| Fault::new(it.to_string()))?;
    tree.write(folder.path())?;
    let mut objects = documents(&tree.text("flux/cluster.yaml").unwrap_or_default())?;
    let mut folders: Vec<String> = objects.iter().filter_map(|it| within(cluster, it)).collect();
    let mut at = 0;
    while at < folders.len() {
        let found = control.kustomize(&Path::new(folder.path()).join(&folders[at]))?;
        folders.extend(found.iter().filter_map(|it| within(cluster, it)));
        objects.extend(found);
        at += 1;
    }
    // As Flux has it: namespaces and classes before what is in them.
    objects.sort_by_key(|it| it["kind"] != "Namespace");
    Ok(objects)
}

/// The folder of the tree that a Kustomization of Flux names; none where it is in somebody else's.
fn within(cluster: &str, object: &Value) -> Option<String> {
    let is_flux = object["apiVersion"].as_str()?.starts_with("kustomize.toolkit.fluxcd.io/");
    let path = object["spec"]["path"].as_str().filter(|_| is_flux)?;
    path.strip_prefix(&format!("./clusters/{cluster}/generated/")).map(str::to_owned)
}

/// The documents of a YAML file.
fn documents(text: &str) -> Result<Vec<Value>, Fault> {
    let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
    let documents: Result<Vec<Value>, _> = documents.collect();
    let mut documents = documents.map_err(|it| Fault::new(it.to_string()))?;
    documents.retain(|it| !it.is_null());
    Ok(documents)
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|it| it["type"] == kind)
}

/// All pods, or those in one namespace that have these labels.
fn pods(api: &Api, namespace: &str, labels: &Value) -> Result<Vec<Value>, Fault> {
    let mut pods = api.list(&format!("/api/v1/namespaces/{namespace}/pods"))?;
    let wanted = labels.as_object();
    pods.retain(|pod| {
        wanted.is_none_or(|it| it.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value))
    });
    Ok(pods)
}
