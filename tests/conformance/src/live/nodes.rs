//! The nodes of a definition as Talos registers them: labels and taints out of the emitted patches themselves.

use super::{
    control::{Control, SITE},
    documents,
};
use crate::{fault::Fault, trees::Tree};
use serde_json::{Map, Value, json};

/// Registers the nodes that the tree has and the cluster does not, and starts the kubelets of sites that are new.
pub(crate) fn register(control: &mut Control, definition: &Value, tree: &Tree) -> Result<(), Fault> {
    for (name, declared) in definition["nodes"].as_object().into_iter().flatten() {
        let Some(patch) = tree.text(&format!("talos/nodes/{name}.yaml")) else { continue };
        let known = control.api.list("/api/v1/nodes")?;
        if known.iter().any(|it| it["metadata"]["name"] == *name) {
            continue;
        }
        let node = node(name, declared, &documents(&patch)?);
        control.api.ask("POST", "/api/v1/nodes", "", &node)?.value(name)?;
        let site = declared["site"].as_str().unwrap_or_default();
        if known.iter().all(|it| it["metadata"]["annotations"][SITE] != site) {
            control.kubelets(site)?;
        }
    }
    Ok(())
}

fn node(name: &str, declared: &Value, patch: &[Value]) -> Value {
    let mut labels = Map::from_iter([
        ("kubernetes.io/hostname".to_owned(), json!(name)),
        ("kubernetes.io/os".to_owned(), json!("linux")),
        ("kubernetes.io/arch".to_owned(), json!("amd64")),
    ]);
    let mut taints = Vec::new();
    if declared["role"] == "controlplane" {
        labels.insert("node-role.kubernetes.io/control-plane".into(), json!(""));
        taints.push(json!({"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}));
    }
    for document in patch {
        // One document up to Talos 1.13, one of its own from 1.14 on.
        for found in [&document["machine"]["nodeLabels"], &document["labels"]] {
            labels.extend(
                found.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        let kubelet = &document["machine"]["kubelet"]["extraConfig"]["registerWithTaints"];
        taints.extend(kubelet.as_array().into_iter().flatten().cloned());
        for found in [&document["machine"]["nodeTaints"], &document["taints"]] {
            for (key, value) in found.as_object().into_iter().flatten() {
                let text = value.as_str().unwrap_or_default();
                let (value, effect) = text.split_once(':').unwrap_or(("", text));
                taints.push(json!({"key": key, "value": value, "effect": effect}));
            }
        }
    }
    let addresses: Vec<Value> = declared["addresses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it.as_str()?.split('/').next())
        .map(|it| json!({"type": "InternalIP", "address": it}))
        // Where this one is missing, kwok takes the others away.
        .chain([json!({"type": "Hostname", "address": name})])
        .collect();
    let capacity = json!({"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100Gi", "pods": "110"});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {SITE: declared["site"]}},
        "spec": {"taints": taints},
        "status": {"capacity": capacity, "allocatable": capacity, "addresses": addresses},
    })
}
