//! A workload on the node's network listens on a public node, and the firewall lets everybody in.
//!
//! It listens at all addresses of the node, so on a public one the internet can ask it: metrics, dashboards, APIs that
//! were meant for the cluster. A DaemonSet goes to every node without being asked, also to one that joins later.
//! Where the firewall of Talos blocks by default, as it does at public sites, only the ports that tombolo knows of are
//! open, and nothing is said.
//!
//! Where a firewall of the provider's stands before the node, it is for its rules to shut such ports: a warning.
//!
//! Fix: take out `firewall: accept`, or keep the workload at home.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { public: true, firewall: provider }
//! apps:
//!   gitea: { site: ~ }
//! ```
//!
//! ```yaml k8s/gitea/daemonset.yaml
//! apiVersion: apps/v1
//! kind: DaemonSet
//! metadata: { name: exporter, namespace: kube-system }
//! spec: { template: { spec: { hostNetwork: true, containers: [{ name: a, ports: [{ containerPort: 9100 }] }] } } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   vps: { public: true }
//! apps:
//!   gitea: { site: ~ }
//! ```
//!
//! ```yaml k8s/gitea/daemonset.yaml
//! apiVersion: apps/v1
//! kind: DaemonSet
//! metadata: { name: exporter, namespace: kube-system }
//! spec: { template: { spec: { hostNetwork: true, containers: [{ name: a, ports: [{ containerPort: 9100 }] }] } } }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/ingress-firewall

use components::{
    Plan,
    adopted::{Member, landing},
};
use model::{Diagnostic, Diagnostics, Span, definition::FirewallDefault, node};

super::check!("host-network-service-exposed", Mesh, "host_network_service_exposed.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, pods) in plan.adopted.pods(plan) {
        let Some(network) = pods.host_network() else { continue };
        let ports: Vec<String> = pods
            .host_ports()
            .iter()
            .map(|(protocol, port, _)| format!("{port}/{}", protocol.name()))
            .collect();
        if ports.is_empty() {
            continue;
        }
        let nodes = pods.nodes(plan, bundle);
        one(plan, &nodes, &pods.object.title(), &ports.join(", "), network, diagnostics);
    }
    for (bundle, release) in plan.adopted.releases_of(plan, "kube-prometheus-stack") {
        let Some(chart) = release.chart else { continue };
        let off = |path: &str| release.value(path).and_then(model::Node::bool) == Some(false);
        if off("nodeExporter.enabled") || off("prometheus-node-exporter.hostNetwork") {
            continue;
        }
        // The chart's own defaults: everywhere, whatever the taint.
        let everywhere = model::Node::new(node::Value::Null, chart.span);
        let spec = release.value("prometheus-node-exporter").unwrap_or(&everywhere);
        let nodes = landing(plan, bundle, spec);
        one(plan, &nodes, "node-exporter", "9100/tcp", chart.span, diagnostics);
    }
}

fn one(
    plan: &Plan,
    nodes: &[Member],
    title: &str,
    ports: &str,
    network: Span,
    diagnostics: &mut Diagnostics,
) {
    let open = |(_, node): &&Member| {
        plan.site_of(node).is_some_and(|site| site.public() && site.firewall() != FirewallDefault::Block)
    };
    let mut open = nodes.iter().filter(open);
    let Some((name, node)) = open.next() else { return };
    let accepts = plan.site_of(node).is_some_and(|site| site.firewall() == FirewallDefault::Accept);
    let diagnostic = if accepts {
        Diagnostic::error(CHECK.code, format!("everybody can reach {title} at {ports} of `{name}`"))
    } else {
        let message =
            format!("only the provider's firewall keeps the world from {title} at {ports} of `{name}`");
        Diagnostic::warning(CHECK.code, message)
    };
    let mut diagnostic = diagnostic.at_span(network, "listens at every address of its node");
    if let Some(firewall) = plan.site_of(node).and_then(|site| site.firewall.as_ref()) {
        diagnostic = diagnostic.because(firewall, "what lets packets in, or not");
    }
    diagnostic = diagnostic.because(*name, "may land here");
    let more = open.count();
    if more > 0 {
        diagnostic = diagnostic.note(format!("and at {more} more nodes"));
    }
    diagnostics.push(diagnostic.help(format!(
        "take `firewall` out at `{}`, or keep it off these nodes by a node selector",
        node.site
    )));
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report_of};
    use insta::assert_snapshot;

    const EXPORTER: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: exporter\nspec:\n  template:\n    spec:\n      hostNetwork: true\n      containers:\n        - name: exporter\n          ports: [{ containerPort: 9100 }]\n";

    fn everywhere() -> String {
        edit(SMALL, "namespace: gitea, site: home", "namespace: gitea")
            .replace("storage: [proxmox-csi], ", "")
    }

    #[test]
    fn an_exporter_on_an_open_node() {
        let definition =
            edit(&everywhere(), "    public: true\n", "    public: true\n    firewall: accept\n");
        assert_snapshot!(report_of("host-network-service-exposed", &definition, &[("k8s/gitea/ds.yaml", EXPORTER)]), @"
        error[host-network-service-exposed]: everybody can reach DaemonSet `exporter` at
          9100/tcp of `vps0`
           ┌─ k8s/gitea/ds.yaml:8:7
           │
         8 │       hostNetwork: true
           │       ^^^^^^^^^^^ listens at every address of its node
           ┌─ cluster.yaml:22:15
           │
        22 │     firewall: accept
           │               ------ what lets packets in, or not
           ·
        28 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- may land here
           │
           = in the phases `dns` to `cleanup`
           = help: take `firewall` out at `vps`, or keep it off these nodes by a node
             selector
        ");
    }

    #[test]
    fn an_exporter_behind_the_firewall() {
        assert_snapshot!(report_of("host-network-service-exposed", &everywhere(), &[("k8s/gitea/ds.yaml", EXPORTER)]), @"");
    }
}
