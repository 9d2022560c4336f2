//! Stands in for the drivers of storage: makes a volume for each claim that waits for one, at the claim's own place.

use super::api::Api;
use crate::fault::Fault;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Makes volumes until it is dropped.
#[derive(Debug)]
pub(crate) struct Volumes {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Volumes {
    pub(crate) fn start(api: Api) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // The API server may be away for a while, on purpose.
                let _ = provide(&api);
                thread::sleep(Duration::from_millis(300));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Volumes {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn provide(api: &Api) -> Result<(), Fault> {
    let claims = api.list("/api/v1/persistentvolumeclaims")?;
    for claim in
        claims.iter().filter(|it| it["status"]["phase"] == "Pending" && it["spec"]["volumeName"].is_null())
    {
        let class = claim["spec"]["storageClassName"].as_str().unwrap_or_default();
        if class.is_empty() {
            continue;
        }
        let class = api.get(&format!("/apis/storage.k8s.io/v1/storageclasses/{class}"))?;
        let metadata = &claim["metadata"];
        let chosen = &metadata["annotations"]["volume.kubernetes.io/selected-node"];
        // Where nobody provides, whoever runs the cluster makes volumes before they are claimed.
        let by_hand = class["provisioner"] == "kubernetes.io/no-provisioner";
        let terms = if by_hand {
            class["allowedTopologies"][0]["matchLabelExpressions"].clone()
        } else if let Some(node) = chosen.as_str() {
            let node = api.get(&format!("/api/v1/nodes/{node}"))?;
            let zone = "topology.kubernetes.io/zone";
            json!([{"key": zone, "values": [node["metadata"]["labels"][zone]]}])
        } else {
            continue;
        };
        let expressions: Vec<Value> = terms
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| json!({"key": it["key"], "operator": "In", "values": it["values"]}))
            .collect();
        let mut volume = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": format!("volume-{}", metadata["uid"].as_str().unwrap_or_default())},
            "spec": {
                "storageClassName": claim["spec"]["storageClassName"],
                "accessModes": claim["spec"]["accessModes"],
                "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]},
                "hostPath": {"path": "/var/any"},
            },
        });
        if !expressions.is_empty() {
            volume["spec"]["nodeAffinity"] =
                json!({"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}});
        }
        api.apply(&volume)?.value("a volume")?;
    }
    Ok(())
}
