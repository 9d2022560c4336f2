//! What charts bring: the groups of custom resources, by the chart that defines them.

use super::{Object, Release};

/// A chart, and the API groups whose definitions come with it.
const CHARTS: &[(&str, &[&str])] = &[
    ("cert-manager", &["cert-manager.io", "acme.cert-manager.io"]),
    ("cilium", &["cilium.io"]),
    ("cloudnative-pg", &["postgresql.cnpg.io"]),
    ("external-secrets", &["external-secrets.io", "generators.external-secrets.io"]),
    ("kagent-crds", &["kagent.dev"]),
    ("kube-prometheus-stack", &["monitoring.coreos.com"]),
    ("metallb", &["metallb.io"]),
    ("powerdns-operator", &["dns.cav.enablers.ob"]),
    ("prometheus-operator-crds", &["monitoring.coreos.com"]),
    ("sealed-secrets", &["bitnami.com"]),
    ("tf-controller", &["infra.contrib.fluxcd.io"]),
    ("tofu-controller", &["infra.contrib.fluxcd.io"]),
    ("traefik", &["traefik.io"]),
    ("trust-manager", &["trust.cert-manager.io"]),
    ("vault-operator", &["vault.banzaicloud.com"]),
];

/// The groups of custom resources that an object defines: a chart that brings them, or their definition itself.
pub fn groups(object: &Object) -> Vec<&str> {
    if object.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        return object.node.str_at("spec.group").into_iter().collect();
    }
    let chart = Release::of(object).and_then(|release| release.chart);
    let found = chart.and_then(|chart| CHARTS.iter().find(|(name, _)| *name == chart.value));
    found.map_or_else(Vec::new, |(_, groups)| groups.to_vec())
}
