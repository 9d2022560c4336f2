//! On which nodes the pods of an adopted workload may land.

use super::{Bundle, Pods};
use crate::Plan;
use model::{
    Node as Yaml, Spanned,
    definition::{Node, Role, Taint, TaintEffect},
    scalar::Name,
};

/// A member of the cluster, by name.
pub type Member<'a> = (&'a Spanned<Name>, &'a Node);

impl Pods<'_> {
    /// The nodes that certainly may get one of its pods in this phase. A label that the definition knows nothing of
    /// is taken for one that no node has.
    pub fn nodes<'a>(&self, plan: &Plan<'a>, bundle: &Bundle) -> Vec<Member<'a>> {
        landing(plan, bundle, self.spec)
    }
}

/// The same for any part of a document that says what a pod's spec says: the values of a chart.
pub fn landing<'a>(plan: &Plan<'a>, bundle: &Bundle, spec: &Yaml) -> Vec<Member<'a>> {
    let site = bundle.site(plan);
    let fits = |(name, node): &Member| {
        site.is_none_or(|site| *site == node.site)
            && selected(plan, name, node, spec)
            && node.taints.iter().all(|taint| tolerates(spec, taint))
            && (node.role.value == Role::Worker
                || plan.definition.talos.schedule_on_control_planes
                || tolerates_control_plane(spec))
    };
    plan.nodes().filter(fits).collect()
}

fn selected(plan: &Plan, name: &str, node: &Node, spec: &Yaml) -> bool {
    let label = |key: &str| label(plan, name, node, key);
    let by_selector = spec.get("nodeSelector").is_none_or(|selector| {
        selector.entries().iter().all(|(key, value)| label(key).is_some() && label(key) == value.printed())
    });
    let by_name = spec.str_at("nodeName").is_none_or(|it| it == name);
    let terms = spec
        .items_at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    let meets = |expression: &Yaml| {
        let value = label(expression.str_at("key").unwrap_or_default());
        let among = || {
            let values = expression.items_at("values");
            value.as_ref().is_some_and(|value| values.iter().any(|it| it.printed().as_ref() == Some(value)))
        };
        match expression.str_at("operator") {
            Some("In") => among(),
            Some("NotIn") => !among(),
            Some("Exists") => value.is_some(),
            Some("DoesNotExist") => value.is_none(),
            _ => false,
        }
    };
    let by_affinity =
        terms.is_empty() || terms.iter().any(|term| term.items_at("matchExpressions").iter().all(meets));
    by_selector && by_name && by_affinity
}

/// The value of a node's label, as far as the definition says it.
fn label(plan: &Plan, name: &str, node: &Node, key: &str) -> Option<String> {
    let site = plan.site_of(node);
    let stated = node.labels.get(key).map(ToString::to_string);
    stated.or_else(|| match key {
        "kubernetes.io/hostname" => Some(name.into()),
        "kubernetes.io/os" => Some("linux".into()),
        "topology.kubernetes.io/zone" => site?.topology.zone.as_ref().map(ToString::to_string),
        "topology.kubernetes.io/region" => site?.topology.region.as_ref().map(ToString::to_string),
        "node-role.kubernetes.io/control-plane" => (node.role.value == Role::Controlplane).then(String::new),
        key if key == plan.definition.site_label() => Some(node.site.to_string()),
        _ => None,
    })
}

fn tolerates(spec: &Yaml, taint: &Taint) -> bool {
    let effect = taint.effect.value;
    if effect == TaintEffect::PreferNoSchedule {
        return true;
    }
    let value = taint.value.as_ref().map(ToString::to_string).unwrap_or_default();
    tolerated(spec, &taint.key.to_string(), &value, effect.name())
}

fn tolerates_control_plane(spec: &Yaml) -> bool {
    tolerated(spec, "node-role.kubernetes.io/control-plane", "", "NoSchedule")
}

fn tolerated(spec: &Yaml, key: &str, value: &str, effect: &str) -> bool {
    spec.items_at("tolerations").iter().any(|it| {
        let says = |key: &str| it.get(key).and_then(Yaml::printed);
        let exists = it.str_at("operator") == Some("Exists");
        says("key").map_or(exists, |it| it == key)
            && (exists || says("value").unwrap_or_default() == value)
            && says("effect").is_none_or(|it| it.is_empty() || it == effect)
    })
}
