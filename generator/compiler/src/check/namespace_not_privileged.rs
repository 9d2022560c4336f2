//! Pods want what their namespace does not allow.
//!
//! Talos enforces the Pod Security level `baseline` in every namespace but `kube-system`: no network of the node, no
//! ports of it, no directories of it. The Deployment is there, and never makes a pod; why stands in the events of its
//! ReplicaSet alone.
//! What tombolo writes labels its namespaces by what runs in them.
//!
//! Fix: the label `pod-security.kubernetes.io/enforce: privileged` at the Namespace.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/all.yaml
//! apiVersion: v1
//! kind: Namespace
//! metadata: { name: gitea }
//! ---
//! apiVersion: apps/v1
//! kind: DaemonSet
//! metadata: { name: exporter, namespace: gitea }
//! spec: { template: { spec: { volumes: [{ name: proc, hostPath: { path: /proc } }] } } }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/all.yaml
//! apiVersion: v1
//! kind: Namespace
//! metadata: { name: gitea, labels: { pod-security.kubernetes.io/enforce: privileged } }
//! ---
//! apiVersion: apps/v1
//! kind: DaemonSet
//! metadata: { name: exporter, namespace: gitea }
//! spec: { template: { spec: { volumes: [{ name: proc, hostPath: { path: /proc } }] } } }
//! ```
//!
//! Source: https://docs.siderolabs.com/kubernetes-guides/security/pod-security

use components::{
    Plan,
    adopted::{Object, Pods, Release},
};
use model::{Diagnostic, Diagnostics, Span};

super::check!("namespace-not-privileged", Edge, "namespace_not_privileged.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, pods) in plan.adopted.pods(plan) {
        let Some((span, wants)) = wants(&pods) else { continue };
        one(plan, bundle.namespace(pods.object), &pods.object.title(), span, wants, diagnostics);
    }
    for (bundle, release) in plan.adopted.releases(plan) {
        let Some((span, wants)) = chart(&release) else { continue };
        let namespace = release.namespace().or(bundle.namespace.as_deref());
        one(plan, namespace, &release.object.title(), span, wants, diagnostics);
    }
}

fn one(
    plan: &Plan,
    namespace: Option<&str>,
    title: &str,
    span: Span,
    wants: &str,
    diagnostics: &mut Diagnostics,
) {
    let Some(namespace) = namespace.filter(|it| *it != "kube-system" && !it.contains("${")) else { return };
    // A namespace that nobody here declares may have any label.
    let Some(object) = declared(plan, namespace) else { return };
    let level = object.node.at("metadata.labels").and_then(|it| it.get("pod-security.kubernetes.io/enforce"));
    if level.is_some_and(|it| it.str() == Some("privileged")) {
        return;
    }
    let diagnostic = Diagnostic::error(
        CHECK.code,
        format!("no pod of {title} starts: the namespace `{namespace}` does not allow {wants}"),
    )
    .at_span(level.map_or(object.span(), |it| it.span), "allows what `baseline` allows, Talos' default")
    .because_span(span, "wanted here");
    diagnostics.push(diagnostic.help("label the Namespace `pod-security.kubernetes.io/enforce: privileged`"));
}

fn declared<'a>(plan: &'a Plan, namespace: &str) -> Option<&'a Object> {
    plan.adopted
        .in_phase(plan)
        .map(|(_, object)| object)
        .find(|it| it.is("", "Namespace") && it.name == namespace)
}

/// What pods want that `baseline` refuses, and where they say so.
fn wants(pods: &Pods) -> Option<(Span, &'static str)> {
    if let Some(span) = pods.host_network() {
        return Some((span, "the node's network"));
    }
    if let Some((.., span)) = pods.host_ports().first() {
        return Some((*span, "ports of the node"));
    }
    for key in ["hostPID", "hostIPC"] {
        if let Some((key, _)) = pods.spec.entry(key).filter(|(_, it)| it.bool() == Some(true)) {
            return Some((key.span, "the node's processes"));
        }
    }
    let volume = pods.spec.items_at("volumes").iter().find_map(|it| it.entry("hostPath"));
    if let Some((key, _)) = volume {
        return Some((key.span, "directories of the node"));
    }
    let privileged = pods.containers().filter_map(|it| it.at("securityContext")?.entry("privileged"));
    let mut privileged = privileged.filter(|(_, it)| it.bool() == Some(true));
    privileged.next().map(|(key, _)| (key.span, "privileged containers"))
}

/// Charts whose own DaemonSets want it.
fn chart(release: &Release) -> Option<(Span, &'static str)> {
    let chart = release.chart?;
    let on = |path: &str| release.value(path).and_then(model::Node::bool);
    match chart.value {
        "kube-prometheus-stack" if on("nodeExporter.enabled") != Some(false) => {
            Some((chart.span, "the node's network, for its node-exporter"))
        }
        "metallb" if on("speaker.enabled") != Some(false) => {
            Some((chart.span, "the node's network, for its speakers"))
        }
        "loki-stack" if on("promtail.enabled") != Some(false) => {
            Some((chart.span, "directories of the node, for its promtail"))
        }
        "promtail" | "proxmox-csi-plugin" => Some((chart.span, "directories of the node")),
        "ingress-nginx"
            if on("controller.hostNetwork") == Some(true)
                || on("controller.hostPort.enabled") == Some(true) =>
        {
            Some((chart.span, "ports of the node"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn report(labels: &str, pod: &str) -> String {
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: gitea\n{labels}---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  template:\n    spec:\n{pod}"
        );
        report_of("namespace-not-privileged", SMALL, &[("k8s/gitea/all.yaml", &text)])
    }

    #[test]
    fn the_network_of_the_node_in_a_plain_namespace() {
        assert_snapshot!(report("", "      hostNetwork: true\n"), @"
        error[namespace-not-privileged]: no pod of DaemonSet `agent` starts: the
          namespace `gitea` does not allow the node's network
           ┌─ k8s/gitea/all.yaml:4:9
           │
         4 │   name: gitea
           │         ^^^^^ allows what `baseline` allows, Talos' default
           ·
        13 │       hostNetwork: true
           │       ----------- wanted here
           │
           = in the phases `dns` to `cleanup`
           = help: label the Namespace `pod-security.kubernetes.io/enforce: privileged`
        ");
    }

    #[test]
    fn speakers_of_metallb_in_a_plain_namespace() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata: { name: gitea }\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: metallb, namespace: gitea }\nspec:\n  chart:\n    spec:\n      chart: metallb\n";
        assert_snapshot!(report_of("namespace-not-privileged", SMALL, &[("k8s/gitea/all.yaml", text)]), @"
        error[namespace-not-privileged]: no pod of HelmRelease `metallb` starts: the
          namespace `gitea` does not allow the node's network, for its speakers
           ┌─ k8s/gitea/all.yaml:3:19
           │
         3 │ metadata: { name: gitea }
           │                   ^^^^^ allows what `baseline` allows, Talos' default
           ·
        11 │       chart: metallb
           │              ------- wanted here
           │
           = in the phases `dns` to `cleanup`
           = help: label the Namespace `pod-security.kubernetes.io/enforce: privileged`
        ");
    }

    #[test]
    fn a_namespace_that_allows_it() {
        let labels = "  labels: { pod-security.kubernetes.io/enforce: privileged }\n";
        assert_snapshot!(report(labels, "      hostNetwork: true\n"), @"");
    }
}
