//! Two want one port of a node.
//!
//! The second pod is never scheduled, or its process does not start. What Talos, Kubernetes, KubeSpan and Cilium
//! listen on themselves counts too.
//!
//! Fix: place one of them at another site, or take it out.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   powerdns: { site: vps, secondarySites: [vps] }   # both want port 53 of vps0
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   powerdns: { site: vps, secondarySites: [home] }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/learn-more/talos-network-connectivity;
//! https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules

use components::{NodePort, Plan, Protocol, Unit};
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::{Node, Role},
    scalar::Name,
};
use std::collections::BTreeMap;

super::check!("host-port-taken", Edge, "host_port_taken.rs");

/// First port, last port, protocol, whether on control planes alone, and who listens.
const TAKEN: [(u16, u16, Protocol, bool, &str); 12] = [
    (50000, 50000, Protocol::Tcp, false, "Talos' API"),
    (50001, 50001, Protocol::Tcp, true, "Talos' trustd"),
    (10250, 10250, Protocol::Tcp, false, "the kubelet"),
    (6443, 6443, Protocol::Tcp, true, "the Kubernetes API"),
    (2379, 2383, Protocol::Tcp, true, "etcd"),
    (7445, 7445, Protocol::Tcp, false, "KubePrism"),
    (51820, 51820, Protocol::Udp, false, "KubeSpan"),
    (8472, 8472, Protocol::Udp, false, "Cilium's tunnel"),
    (4240, 4240, Protocol::Tcp, false, "Cilium's health checks"),
    (4244, 4244, Protocol::Tcp, false, "Hubble"),
    (9878, 9879, Protocol::Tcp, false, "Cilium's Envoy and agent"),
    (9890, 9893, Protocol::Tcp, false, "Cilium's agent and operator"),
];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    workloads(plan, diagnostics);
    // Few units have ports of nodes, and there may be thousands of both.
    let listening: Vec<&Unit> = plan.units.values().filter(|unit| !unit.ports.is_empty()).collect();
    for (name, node) in plan.nodes() {
        let mut users: BTreeMap<(u16, &str), &Unit> = BTreeMap::new();
        let here = listening.iter().filter(|unit| unit.site.as_deref().is_none_or(|it| *it == **node.site));
        for (unit, port) in here.flat_map(|unit| unit.ports.iter().map(move |port| (*unit, port))) {
            let (number, protocol) = (port.port, port.protocol.name());
            if let Some(owner) = system(node, port) {
                push(
                    plan,
                    name,
                    unit,
                    format!("`{}` cannot have {number}/{protocol} of `{name}`", unit.name),
                    |diagnostic| diagnostic.note(format!("{owner} listens there")),
                    diagnostics,
                );
            }
            let first = *users.entry((number, protocol)).or_insert(unit);
            if first.name != unit.name {
                let message =
                    format!("`{}` and `{}` want {number}/{protocol} of `{name}`", first.name, unit.name);
                push(
                    plan,
                    name,
                    unit,
                    message,
                    |diagnostic| match place(plan, first) {
                        Some(site) => diagnostic.because(site, format!("`{}` has it", first.name)),
                        None => diagnostic,
                    },
                    diagnostics,
                );
            }
        }
    }
}

fn system(node: &Node, port: &NodePort) -> Option<&'static str> {
    let here = |controls: bool| !controls || node.role.value == Role::Controlplane;
    TAKEN
        .iter()
        .find(|(first, last, protocol, controls, _)| {
            *protocol == port.protocol && (*first..=*last).contains(&port.port) && here(*controls)
        })
        .map(|(.., owner)| *owner)
}

fn push(
    plan: &Plan,
    node: &Spanned<Name>,
    unit: &Unit,
    message: String,
    why: impl Fn(Diagnostic) -> Diagnostic,
    diagnostics: &mut Diagnostics,
) {
    let diagnostic = Diagnostic::error(CHECK.code, message);
    let diagnostic = match place(plan, unit) {
        Some(site) => diagnostic.at(site, format!("`{}` is to run here", unit.name)),
        None => diagnostic.at(node, "the node"),
    };
    diagnostics.push(why(diagnostic).help("place one of them at another site, or take it out"));
}

/// Where the definition says at which site a unit runs; the last place, where two say the same.
fn place<'a>(plan: &Plan<'a>, unit: &Unit) -> Option<&'a Spanned<Name>> {
    let definition = plan.definition;
    if unit.key == "ingress" {
        return definition.ingress.as_ref().map(|it| &it.site);
    }
    let powerdns = &definition.dns.as_ref().filter(|_| unit.key == "dns.powerdns")?.powerdns;
    if unit.name == "powerdns" {
        return Some(&powerdns.site);
    }
    powerdns.secondary_sites.iter().rev().find(|site| Some(&****site) == unit.site.as_deref())
}

/// Workloads that the repository holds, beside each other and beside what we run.
fn workloads(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut taken: BTreeMap<(&str, &str, u16), (String, model::Span)> = BTreeMap::new();
    for (bundle, pods) in plan.adopted.pods(plan) {
        let nodes = pods.nodes(plan, bundle);
        for (protocol, port, span) in pods.host_ports() {
            let title = pods.object.title();
            for (name, node) in &nodes {
                let wanted =
                    NodePort { protocol, port, from: components::From::Nodes, purpose: "", wildcard: true };
                let unit = plan.ports_on(node).find(|(_, it)| (it.protocol, it.port) == (protocol, port));
                let owner = system(node, &wanted)
                    .map(str::to_owned)
                    .or_else(|| unit.map(|(unit, _)| format!("`{}`", unit.name)));
                let number = format!("{port}/{}", protocol.name());
                if let Some(owner) = owner {
                    diagnostics.push(
                        Diagnostic::error(CHECK.code, format!("{title} cannot have {number} of `{name}`"))
                            .at_span(span, format!("{owner} listens there"))
                            .because(*name, "it may land here")
                            .help("choose another port, or keep it off this node by a node selector"),
                    );
                    break;
                }
                // Of a Deployment the scheduler knows which node is free.
                if pods.object.kind.value != "DaemonSet" {
                    continue;
                }
                let first =
                    taken.entry((name, protocol.name(), port)).or_insert_with(|| (title.clone(), span));
                if first.1 != span {
                    diagnostics.push(
                        Diagnostic::error(
                            CHECK.code,
                            format!("{} and {title} want {number} of `{name}`", first.0),
                        )
                        .at_span(span, "one of them stays pending")
                        .because_span(first.1, format!("{} has it", first.0))
                        .help("choose another port for one of them"),
                    );
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
    use insta::assert_snapshot;

    #[test]
    fn a_secondary_beside_its_primary() {
        let definition =
            edit(SMALL, "    site: vps\n    apiKey", "    site: vps\n    secondarySites: [vps]\n    apiKey");
        assert_snapshot!(report("host-port-taken", &definition), @"
        error[host-port-taken]: `powerdns` and `powerdns-vps` want 53/tcp of `vps0`
           ┌─ cluster.yaml:49:22
           │
        48 │     site: vps
           │           --- `powerdns` has it
        49 │     secondarySites: [vps]
           │                      ^^^ `powerdns-vps` is to run here
           │
           = and `powerdns` and `powerdns-vps` want 53/udp of `vps0`
           = in the phases `dns` to `cleanup`
           = help: place one of them at another site, or take it out
        ");
    }

    #[test]
    fn a_secondary_at_another_site() {
        let definition =
            edit(SMALL, "    site: vps\n    apiKey", "    site: vps\n    secondarySites: [home]\n    apiKey");
        assert_snapshot!(report("host-port-taken", &definition), @"");
    }

    #[test]
    fn a_workload_that_wants_a_port_of_talos() {
        let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: agent, namespace: kube-system }\nspec:\n  template:\n    spec:\n      containers:\n        - name: agent\n          ports: [{ containerPort: 8080, hostPort: 10250 }]\n";
        assert_snapshot!(report_of("host-port-taken", SMALL, &[("k8s/gitea/agent.yaml", text)]), @"
        error[host-port-taken]: DaemonSet `agent` cannot have 10250/tcp of `worker0`
           ┌─ k8s/gitea/agent.yaml:9:52
           │
         9 │           ports: [{ containerPort: 8080, hostPort: 10250 }]
           │                                                    ^^^^^
           │                                                   the kubelet listens there
           ┌─ cluster.yaml:26:3
           │
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
           │   ------- it may land here
           │
           = in the phases `dns` to `cleanup`
           = help: choose another port, or keep it off this node by a node selector
        ");
        assert_snapshot!(report_of("host-port-taken", SMALL, &[("k8s/gitea/agent.yaml", &text.replace("10250", "18080"))]), @"");
    }
}
