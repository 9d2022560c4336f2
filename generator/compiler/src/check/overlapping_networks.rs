//! Two networks share addresses that must be told apart.
//!
//! A packet has one destination: where a site's network, the pods' or the Services' lie in one another, or in that of
//! another site, some of what is sent goes to the wrong place, and which depends on the node.
//! KubeSpan routes the addresses of all nodes on all nodes.
//!
//! Fix: renumber one of the two. Pod and Service networks are chosen when a cluster is made; a site's at any time.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { networks: [10.2.0.0/16] }
//! kubernetes: { podSubnets: [10.2.128.0/17] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { networks: [10.2.0.0/16] }
//! kubernetes: { podSubnets: [10.244.0.0/16] }
//! ```
//!
//! Source: RFC 1918, section 4; https://docs.cilium.io/en/stable/network/concepts/ipam/

use components::{Plan, talos::facts};
use ipnet::IpNet;
use model::{Diagnostic, Diagnostics, Span, scalar::Cidr};

super::check!("overlapping-networks", Mesh, "overlapping_networks.rs");

/// A network, whose it is, and where that is said.
struct Network {
    cidr: Cidr,
    whose: String,
    span: Span,
}

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let mut networks: Vec<Network> = Vec::new();
    for (name, site) in &definition.sites {
        let whose = format!("the site `{name}`");
        let own =
            site.networks.iter().map(|it| Network { cidr: it.value, whose: whose.clone(), span: it.span });
        networks.extend(own);
    }
    for (whose, list) in [
        ("the pods", &definition.kubernetes.pod_subnets),
        ("the Services", &definition.kubernetes.service_subnets),
    ] {
        networks.extend(list.iter().map(|it| Network { cidr: it.value, whose: whose.into(), span: it.span }));
    }
    for (i, a) in networks.iter().enumerate() {
        // Networks of one owner may lie in one another: nobody has to tell them apart.
        for b in networks[i + 1..].iter().filter(|b| b.whose != a.whose && a.cidr.overlaps(&b.cidr)) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("the networks of {} and {} overlap", a.whose, b.whose))
                    .at_span(b.span, format!("of {}", b.whose))
                    .because_span(a.span, format!("of {}", a.whose))
                    .help("renumber one of the two"),
            );
        }
    }
    let inner = networks.iter().filter(|it| !it.whose.starts_with("the site"));
    for network in inner {
        let mut all = definition.sites.values().flat_map(|it| &it.networks);
        // Said already of the site as a whole.
        let known = all.any(|it| it.overlaps(&network.cidr));
        for (name, node) in plan.nodes().filter(|_| !known) {
            let Some(address) = node.addresses.iter().find(|it| network.cidr.contains(it.ip())) else {
                continue;
            };
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{name}` has an address of {}", network.whose))
                    .at(address, "an address of the node")
                    .because_span(network.span, format!("of {}", network.whose))
                    .help("renumber one of the two"),
            );
        }
        let tailscale: IpNet = facts::TAILSCALE.parse().expect("a network");
        if facts::tailscale(plan) && network.cidr.overlaps(&Cidr(tailscale)) {
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!("the networks of {} and Tailscale overlap", network.whose),
                )
                .at_span(network.span, format!("of {}; Tailscale has {tailscale}", network.whose))
                .help("take another network"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn pods_within_a_site() {
        let text = edit(SMALL, "10.244.0.0/16", "10.2.128.0/17");
        assert_snapshot!(report("overlapping-networks", &text), @"
        error[overlapping-networks]: the networks of the site `home` and the pods
          overlap
           ┌─ cluster.yaml:12:16
           │
        12 │   podSubnets: [10.2.128.0/17]
           │                ^^^^^^^^^^^^^ of the pods
           ·
        16 │     networks: [10.2.0.0/16]
           │                ----------- of the site `home`
           │
           = help: renumber one of the two
        ");
    }

    #[test]
    fn a_node_within_the_services() {
        let text = edit(SMALL, "198.51.99.10/24", "10.100.0.10/24");
        assert_snapshot!(report("overlapping-networks", &text), @"
        error[overlapping-networks]: `vps0` has an address of the Services
           ┌─ cluster.yaml:27:48
           │
        13 │   serviceSubnets: [10.96.0.0/12]
           │                    ------------ of the Services
           ·
        27 │   vps0: { site: vps, role: worker, addresses: [10.100.0.10/24] }
           │                                                ^^^^^^^^^^^^^^
           │                                                an address of the node
           │
           = in the phases `node` to `cleanup`
           = help: renumber one of the two
        ");
    }

    #[test]
    fn all_apart() {
        assert_snapshot!(report("overlapping-networks", SMALL), @"");
    }
}
