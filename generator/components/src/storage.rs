//! Storage classes of volumes that are folders of a node.
//!
//! Nothing makes such a volume: each folder wants a PersistentVolume that a person writes, with the folder's
//! path and node. The class holds a claim back until its pod has a node, and offers it no volume of another site.

use crate::{Component, Context, Declaration, File, Plan, Unit};
use tree::{
    Object,
    k8s_openapi::{
        api::{
            core::v1::{TopologySelectorLabelRequirement, TopologySelectorTerm},
            storage::v1::StorageClass,
        },
        apimachinery::pkg::apis::meta::v1::ObjectMeta,
    },
};

pub const COMPONENT: Component = Component { declare, emit };

fn declare(context: &Context) -> Vec<Declaration> {
    if context.definition.storage.classes.values().all(|class| class.driver.is_some()) {
        return Vec::new();
    }
    let mut classes =
        Declaration::new("storage-classes", "kube-system", "storage.classes").provides("storage");
    classes.pod_security = None;
    // A claim keeps its class's name for ever.
    classes.holds_data = true;
    vec![classes]
}

fn emit(plan: &Plan, _: &Unit) -> Vec<File> {
    let folders = plan.definition.storage.classes.iter().filter(|(_, class)| class.driver.is_none());
    folders
        .map(|(name, class)| {
            Object::new(&StorageClass {
                metadata: ObjectMeta { name: Some(name.to_string()), ..Default::default() },
                provisioner: "kubernetes.io/no-provisioner".into(),
                reclaim_policy: Some("Retain".into()),
                volume_binding_mode: Some("WaitForFirstConsumer".into()),
                allowed_topologies: Some(vec![TopologySelectorTerm {
                    match_label_expressions: Some(vec![TopologySelectorLabelRequirement {
                        key: plan.definition.site_label(),
                        values: vec![class.site.to_string()],
                    }]),
                }]),
                ..Default::default()
            })
            .into()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    #[test]
    fn a_class_of_folders_at_one_site() {
        let class = "proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: ReadWriteOnce }";
        let definition =
            edit(SMALL, class, &format!("{class}\n    local: {{ site: vps, access: ReadWriteOnce }}"));
        assert_snapshot!(file(&definition, Phase::Cleanup, "apps/kube-system/storage-classes/app/storageclass-local.yaml"), @"
        # Generated from clusters/small/cluster.yaml (storage.classes); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata:
          name: local
        allowedTopologies:
          - matchLabelExpressions:
              - key: example.org/site
                values:
                  - vps
        provisioner: kubernetes.io/no-provisioner
        reclaimPolicy: Retain
        volumeBindingMode: WaitForFirstConsumer
        ");
    }
}
