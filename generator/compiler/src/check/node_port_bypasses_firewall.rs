//! A port of a public node goes past the firewall of Talos.
//!
//! Cilium takes packets for a NodePort, or for a `hostPort` of a pod with a network of its own, off the network card
//! before the firewall of Talos sees them. Every node answers for a NodePort, also the public one, whatever the rules.
//! `bind` addresses and rules of the node do not help; only a policy of Cilium for the host does.
//! What tombolo publishes on purpose, the ingress and the name server, is not meant here.
//!
//! Fix: make it a ClusterIP behind the ingress, or restrict it by a CiliumClusterwideNetworkPolicy with a `nodeSelector`.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: { name: ssh, namespace: gitea }
//! spec: { type: NodePort, ports: [{ port: 22, nodePort: 30501 }] }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: { name: ssh, namespace: gitea }
//! spec: { ports: [{ port: 22 }] }
//! ```
//!
//! Source: https://github.com/siderolabs/talos/issues/12955

use components::Plan;
use model::{Diagnostic, Diagnostics, Node, Span};

super::check!("node-port-bypasses-firewall", Mesh, "node_port_bypasses_firewall.rs");

/// Values of charts that make a Service a NodePort: the chart, the value, and what it says then.
const CHARTS: &[(&str, &str)] = &[
    ("gitea", "service.ssh.type"),
    ("gitea", "service.http.type"),
    ("ingress-nginx", "controller.service.type"),
    ("traefik", "service.type"),
    ("kube-prometheus-stack", "grafana.service.type"),
    ("kube-prometheus-stack", "prometheus.service.type"),
];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    if host_policy(plan) {
        return;
    }
    for (_, object) in adopted.in_phase(plan) {
        let kind = if object.is("", "Service") {
            object.node.at("spec.type")
        } else if object.is("vault.banzaicloud.com", "Vault") {
            object.node.at("spec.serviceType")
        } else {
            continue;
        };
        if let Some(kind) = kind.filter(|it| it.str() == Some("NodePort")) {
            let port = object.node.items_at("spec.ports").iter().find_map(|it| it.at("nodePort"));
            one(plan, &object.title(), port.and_then(Node::int), kind.span, diagnostics);
        }
    }
    for (chart, path) in CHARTS {
        for (_, release) in adopted.releases_of(plan, chart) {
            let Some(kind) = release.value(path).filter(|it| it.str() == Some("NodePort")) else { continue };
            let port =
                path.rsplit_once('.').and_then(|(service, _)| release.value(&format!("{service}.nodePort")));
            one(plan, &release.object.title(), port.and_then(Node::int), kind.span, diagnostics);
        }
    }
    for (bundle, pods) in adopted.pods(plan).filter(|(_, pods)| pods.host_network().is_none()) {
        for (_, port, span) in pods.host_ports() {
            let public = |node: &model::definition::Node| {
                plan.site_of(node).is_some_and(model::definition::Site::public)
            };
            if pods.nodes(plan, bundle).iter().any(|(_, node)| public(node)) {
                one(plan, &pods.object.title(), Some(port.into()), span, diagnostics);
            }
        }
    }
}

fn one(plan: &Plan, title: &str, port: Option<i64>, span: Span, diagnostics: &mut Diagnostics) {
    let public =
        plan.nodes().find(|(_, node)| plan.site_of(node).is_some_and(model::definition::Site::public));
    let Some((name, node)) = public else { return };
    let port = port.map_or_else(|| "a port that Kubernetes chooses".into(), |port| format!("port {port}"));
    let mut diagnostic = Diagnostic::warning(
        CHECK.code,
        format!("the internet reaches {title} at {port} of `{name}`, past the firewall"),
    )
    .at_span(span, "answered by every node")
    .because(name, "this one is public");
    if let Some(public) = plan.site_of(node).and_then(|site| site.public.as_ref()) {
        diagnostic = diagnostic.because(public, "as its site says");
    }
    diagnostics.push(
        diagnostic.help(
            "make it a ClusterIP behind the ingress, or restrict it by a policy of Cilium for the host",
        ),
    );
}

/// Whether the repository has a policy of Cilium for nodes.
fn host_policy(plan: &Plan) -> bool {
    plan.adopted.in_phase(plan).any(|(_, object)| {
        object.is("cilium.io", "CiliumClusterwideNetworkPolicy")
            && object.node.at("spec.nodeSelector").is_some()
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn service(kind: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: ssh\nspec:\n  type: {kind}\n  ports: [{{ port: 22, nodePort: 30501 }}]\n"
        )
    }

    #[test]
    fn ssh_of_an_app_at_every_node() {
        assert_snapshot!(report_of("node-port-bypasses-firewall", SMALL, &[("k8s/gitea/s.yaml", &service("NodePort"))]), @"
        warning[node-port-bypasses-firewall]: the internet reaches Service `ssh` at port
          30501 of `vps0`, past the firewall
           ┌─ k8s/gitea/s.yaml:6:9
           │
         6 │   type: NodePort
           │         ^^^^^^^^ answered by every node
           ┌─ cluster.yaml:27:3
           │
        21 │     public: true
           │             ---- as its site says
           ·
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- this one is public
           │
           = in the phases `dns` to `cleanup`
           = help: make it a ClusterIP behind the ingress, or restrict it by a policy of
             Cilium for the host
        ");
    }

    #[test]
    fn ssh_of_an_app_within_the_cluster() {
        assert_snapshot!(report_of("node-port-bypasses-firewall", SMALL, &[("k8s/gitea/s.yaml", &service("ClusterIP"))]), @"");
    }
}
