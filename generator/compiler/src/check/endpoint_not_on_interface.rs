//! A public address that no link of the node has, and nobody says so.
//!
//! Some providers translate a public address one to one: the node itself has a private one.
//! Peers are told only of addresses that a link has, and a server cannot bind one that none has.
//!
//! Fix: write the public address as `publicAddress`, the node's own below `addresses`, and bind the latter.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { public: true }
//! nodes:
//!   vps0: { site: vps, addresses: [172.16.0.10/24], publicAddress: 198.51.99.10 }
//! dns:
//!   powerdns: { site: vps, exposure: hostNetwork, bind: [198.51.99.10] }   # no link of vps0 has it
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   vps: { public: true }
//! nodes:
//!   vps0: { site: vps, addresses: [172.16.0.10/24], publicAddress: 198.51.99.10 }
//! dns:
//!   powerdns: { site: vps, exposure: hostNetwork, bind: [172.16.0.10] }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/reference/configuration/network/kubespanendpointsconfig

use components::{Plan, talos::reach::announced};
use model::{Diagnostic, Diagnostics, definition::Exposure};

super::check!("endpoint-not-on-interface", Mesh, "endpoint_not_on_interface.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, node) in plan.nodes() {
        let (Some(site), Some(address)) = (plan.site_of(node), node.addresses.first()) else { continue };
        if site.public() && announced(node, site).is_empty() {
            let mut diagnostic = Diagnostic::error(CHECK.code, format!("`{name}` has no public address"))
                .at(address, "the internet does not route this");
            if let Some(public) = &site.public {
                diagnostic = diagnostic.because(public, "says that the internet reaches its nodes");
            }
            diagnostics
                .push(diagnostic.help("write the address that the provider translates as `publicAddress`"));
        }
    }
    let Some(dns) = plan.definition.dns.as_ref().map(|it| &it.powerdns) else { return };
    if dns.exposure() != Exposure::HostNetwork {
        return;
    }
    let nodes = || {
        plan.definition.nodes.values().filter(|node| dns.sites().any(|site| site.value == node.site.value))
    };
    for bind in &dns.bind {
        if bind.0.is_loopback() || nodes().any(|node| node.ips().any(|ip| ip == bind.0)) {
            continue;
        }
        let outer = nodes().find_map(|node| node.public_address.as_ref().filter(|it| it.value == bind.value));
        let mut diagnostic =
            Diagnostic::error(CHECK.code, format!("PowerDNS binds `{bind}`, which its node does not have"))
                .at(bind, "the server does not start")
                .because(&dns.site, "where it runs");
        if let Some(outer) = outer {
            diagnostic = diagnostic.because(outer, "the provider translates this one");
        }
        diagnostics.push(diagnostic.help("delete `bind`, or bind an address out of the node's `addresses`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_translated_address_unsaid() {
        let text = edit(SMALL, "198.51.99.10/24", "172.16.0.10/24");
        assert_snapshot!(report("endpoint-not-on-interface", &text), @"
        error[endpoint-not-on-interface]: `vps0` has no public address
           ┌─ cluster.yaml:27:48
           │
        21 │     public: true
           │             ---- says that the internet reaches its nodes
           ·
        27 │   vps0: { site: vps, role: worker, addresses: [172.16.0.10/24] }
           │                                                ^^^^^^^^^^^^^^
           │                                            the internet does not route this
           │
           = in the phases `node` to `cleanup`
           = help: write the address that the provider translates as `publicAddress`
        ");
    }

    #[test]
    fn a_server_binds_the_outer_address() {
        let text = edit(
            SMALL,
            "addresses: [198.51.99.10/24]",
            "addresses: [172.16.0.10/24], publicAddress: 198.51.99.10",
        );
        let text = edit(
            &text,
            "    site: vps\n    apiKey",
            "    site: vps\n    exposure: hostNetwork\n    bind: [198.51.99.10]\n    apiKey",
        );
        assert_snapshot!(report("endpoint-not-on-interface", &text), @"
        error[endpoint-not-on-interface]: PowerDNS binds `198.51.99.10`, which its node
          does not have
           ┌─ cluster.yaml:50:12
           │
        27 │ ….16.0.10/24], publicAddress: 198.51.99.10 }
           │                               ------------ the provider translates this one
           ·
        48 │     site: vps
           │           --- where it runs
        49 │     exposure: hostNetwork
        50 │     bind: [198.51.99.10]
           │            ^^^^^^^^^^^^ the server does not start
           │
           = help: delete `bind`, or bind an address out of the node's `addresses`
        ");
    }

    #[test]
    fn a_translated_address_said() {
        let text = edit(
            SMALL,
            "addresses: [198.51.99.10/24]",
            "addresses: [172.16.0.10/24], publicAddress: 198.51.99.10",
        );
        assert_snapshot!(report("endpoint-not-on-interface", &text), @"");
    }
}
