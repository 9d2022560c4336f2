//! A node has no address that Kubernetes may know it by.
//!
//! The kubelet takes the node's address from `nodeIpSubnets`, and waits for ever where none of its addresses lies in them.
//! A node without an address of the cluster's own family has none that pods and Services of that family could use.
//! The virtual address of the control planes is left out by itself.
//!
//! Fix: delete `nodeIpSubnets`, as the right ones are worked out; or give the node an address of that family.
//!
//! Wrong:
//!
//! ```yaml
//! talos: { nodeIpSubnets: [10.2.0.0/16] }   # no address of the VPS lies in it
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   worker0: { nodeIpSubnets: [10.2.0.0/16] }   # each node its own; worked out where absent
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/reference/configuration/v1alpha1/config (nodeIP)

use components::Plan;
use ipnet::IpNet;
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::Node,
    scalar::{Name, SubnetFilter},
};
use std::net::IpAddr;

super::check!("node-ip-outside-subnets", Mesh, "node_ip_outside_subnets.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, node) in plan.nodes() {
        let Some(first) = node.addresses.first() else { continue };
        if let Some(diagnostic) = filtered(plan, name, node) {
            diagnostics.push(diagnostic);
            continue;
        }
        let services = plan.definition.kubernetes.service_subnets.first();
        if let Some(services) =
            services.filter(|it| node.ips().all(|ip| ip.is_ipv4() != it.0.addr().is_ipv4()))
        {
            let family = if services.0.addr().is_ipv4() { "IPv4" } else { "IPv6" };
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{name}` has no {family} address"))
                    .at(first, "the only family that it has")
                    .because(services, format!("Services have {family} addresses"))
                    .help(format!(
                        "give it an {family} address; a private one will do, as the mesh carries it"
                    )),
            );
        }
        let Some(site) = plan.site_of(node) else { continue };
        if !site.networks.is_empty() && !site.public() {
            for address in &node.addresses {
                if !site.networks.iter().any(|it| it.contains(address.ip())) {
                    diagnostics.push(
                        Diagnostic::warning(
                            CHECK.code,
                            format!("`{name}` has an address that is in none of its site's networks"),
                        )
                        .at(address, "outside of the site")
                        .because(&site.networks[0], "the site's network")
                        .help("correct the address, or name its network among the site's `networks`"),
                    );
                }
            }
        }
    }
}

/// The declared subnets, where none of the node's addresses lies in them.
fn filtered(plan: &Plan, name: &Spanned<Name>, node: &Node) -> Option<Diagnostic> {
    let stated = node.node_ip_subnets.as_ref().or(plan.definition.talos.node_ip_subnets.as_ref())?;
    let filters: Vec<SubnetFilter> = stated.iter().map(|it| it.value).collect();
    if node.ips().any(|ip| passes(&filters, ip)) {
        return None;
    }
    let at = stated.first()?;
    let own: Vec<String> = node.addresses.iter().map(|it| IpNet::from(it.ip()).to_string()).collect();
    Some(
        Diagnostic::error(CHECK.code, format!("no address of `{name}` lies in `nodeIpSubnets`"))
            .at(at, "the kubelet waits for an address in these")
            .because(&node.addresses[0], "what the node has")
            .help(format!("delete `nodeIpSubnets`, or add {} below the node", own.join(", "))),
    )
}

/// Whether Talos takes an address: in one of the networks, if there are any, and in none of the exclusions.
pub(super) fn passes(filters: &[SubnetFilter], ip: IpAddr) -> bool {
    let mut taken = filters.iter().filter(|it| !it.exclude).peekable();
    let within = taken.peek().is_none() || taken.any(|it| it.network.contains(&ip));
    within && !filters.iter().any(|it| it.exclude && it.network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn one_filter_for_home_and_vps() {
        let text = edit(SMALL, "  contract: v1.13\n", "  contract: v1.13\n  nodeIpSubnets: [10.2.0.0/16]\n");
        assert_snapshot!(report("node-ip-outside-subnets", &text), @"
        error[node-ip-outside-subnets]: no address of `vps0` lies in `nodeIpSubnets`
           ┌─ cluster.yaml:10:19
           │
        10 │   nodeIpSubnets: [10.2.0.0/16]
           │                   ^^^^^^^^^^^ the kubelet waits for an address in these
           ·
        28 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │                                                ---------------
           │                                                what the node has
           │
           = in the phases `node` to `cleanup`
           = help: delete `nodeIpSubnets`, or add 198.51.99.10/32 below the node
        ");
    }

    #[test]
    fn a_vps_of_ipv6_alone() {
        let text = edit(SMALL, "198.51.99.10/24", "\"2001:db8::10/64\"");
        assert_snapshot!(report("node-ip-outside-subnets", &text), @r#"
        error[node-ip-outside-subnets]: `vps0` has no IPv4 address
           ┌─ cluster.yaml:27:48
           │
        13 │   serviceSubnets: [10.96.0.0/12]
           │                    ------------ Services have IPv4 addresses
           ·
        27 │   vps0: { site: vps, role: worker, addresses: ["2001:db8::10/64"] }
           │                                                ^^^^^^^^^^^^^^^^^
           │                                                the only family that it has
           │
           = in the phases `node` to `cleanup`
           = help: give it an IPv4 address; a private one will do, as the mesh carries
             it
        "#);
    }

    #[test]
    fn an_address_of_another_network() {
        let text = edit(SMALL, "10.2.2.1/16", "10.3.2.1/16");
        assert_snapshot!(report("node-ip-outside-subnets", &text), @"
        warning[node-ip-outside-subnets]: `worker0` has an address that is in none of
          its site's networks
           ┌─ cluster.yaml:26:52
           │
        16 │     networks: [10.2.0.0/16]
           │                ----------- the site's network
           ·
        26 │   worker0: { site: home, role: worker, addresses: [10.3.2.1/16] }
           │                                                    ^^^^^^^^^^^
           │                                                    outside of the site
           │
           = help: correct the address, or name its network among the site's `networks`
        ");
    }

    #[test]
    fn worked_out() {
        assert_snapshot!(report("node-ip-outside-subnets", SMALL), @"");
    }
}
