//! Where pods go: the affinity and the tolerations that a site asks for.

use crate::Plan;
use model::definition::Taint;
use tree::k8s_openapi::api::core::v1::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Toleration,
};

/// Keeps pods at one site, by the site label of our own.
pub fn at_site(plan: &Plan, site: &str) -> Affinity {
    Affinity {
        node_affinity: Some(NodeAffinity {
            required_during_scheduling_ignored_during_execution: Some(NodeSelector {
                node_selector_terms: vec![NodeSelectorTerm {
                    match_expressions: Some(vec![NodeSelectorRequirement {
                        key: plan.definition.site_label(),
                        operator: "In".into(),
                        values: Some(vec![site.into()]),
                    }]),
                    ..Default::default()
                }],
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The same as a value of a chart.
pub fn at_site_value(plan: &Plan, site: &str) -> serde_json::Value {
    serde_json::to_value(at_site(plan, site)).expect("an affinity is plain data")
}

/// What pods must tolerate to run on every node of a site: each taint that one of its nodes has.
pub fn tolerations(plan: &Plan, site: &str) -> Vec<Toleration> {
    let mut taints: Vec<&Taint> = Vec::new();
    for (_, node) in plan.definition.nodes_at(site) {
        for taint in &node.taints {
            if !taints.contains(&taint) {
                taints.push(taint);
            }
        }
    }
    taints
        .into_iter()
        .map(|taint| Toleration {
            key: Some(taint.key.to_string()),
            operator: Some(if taint.value.is_some() { "Equal" } else { "Exists" }.into()),
            value: taint.value.as_ref().map(ToString::to_string),
            effect: Some(taint.effect.name().into()),
            ..Default::default()
        })
        .collect()
}

/// Lets a pod stay while its node cannot reach the control plane: a lost tunnel must not empty the edge.
pub fn outlives_the_tunnel() -> Vec<Toleration> {
    ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .map(|key| Toleration {
            key: Some(key.into()),
            operator: Some("Exists".into()),
            effect: Some("NoExecute".into()),
            ..Default::default()
        })
        .into()
}
