//! Everybody can reach PowerDNS' API.
//!
//! Whoever has its key rewrites every zone, and the key goes over the wire in the clear.
//! On the node's own network the API answers at the node's address; it is Talos' firewall that keeps the world out,
//! and a site whose firewall accepts what no rule names has none. A firewall of the provider's may, if its rules do:
//! that is a warning.
//!
//! Fix: take the default, `exposure: hostPort`, where the API is at the pod's address; or `firewall: block`.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { public: true, firewall: provider }
//! dns:
//!   powerdns: { site: vps, exposure: hostNetwork }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   vps: { public: true, firewall: block }   # the default
//! dns:
//!   powerdns: { site: vps, exposure: hostNetwork }
//! ```
//!
//! Source: https://doc.powerdns.com/authoritative/http-api/index.html

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Phase,
    definition::{Exposure, FirewallDefault},
};

super::check!("dns-api-exposed", Edge, "dns_api_exposed.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(powerdns) = plan.definition.dns.as_ref().map(|dns| &dns.powerdns) else { return };
    let Some(site) = plan.definition.site(&powerdns.site) else { return };
    let exposed = powerdns.exposure() == Exposure::HostNetwork && site.public();
    if plan.phase < Phase::Dns || !exposed {
        return;
    }
    let mut diagnostic = match site.firewall() {
        FirewallDefault::Block => return,
        FirewallDefault::Accept => {
            Diagnostic::error(CHECK.code, "everybody can reach PowerDNS' API on port 8081")
        }
        FirewallDefault::Provider => Diagnostic::warning(
            CHECK.code,
            "only the provider's firewall keeps the world from PowerDNS' API on port 8081",
        ),
    };
    if let Some(exposure) = &powerdns.exposure {
        diagnostic = diagnostic.at(exposure, "it answers at the node's own address");
    }
    if let Some(firewall) = &site.firewall {
        diagnostic = diagnostic.because(firewall, "what lets packets in, or not");
    }
    diagnostics.push(
        diagnostic.help(
            "write `firewall: block`, which closes the node's other ports too; or `exposure: hostPort`",
        ),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    const SERVER: &str = "    site: vps\n    apiKey";
    const ON_THE_NODE: &str = "    site: vps\n    exposure: hostNetwork\n    apiKey";

    #[test]
    fn a_firewall_of_the_provider() {
        let definition = edit(
            &edit(SMALL, SERVER, ON_THE_NODE),
            "    public: true",
            "    public: true\n    firewall: provider",
        );
        assert!(report("dns-api-exposed", &definition).starts_with("warning[dns-api-exposed]: only the"));
    }

    #[test]
    fn a_public_node_without_a_firewall() {
        let definition = edit(
            &edit(SMALL, SERVER, ON_THE_NODE),
            "    public: true",
            "    public: true\n    firewall: accept",
        );
        assert_snapshot!(report("dns-api-exposed", &definition), @"
        error[dns-api-exposed]: everybody can reach PowerDNS' API on port 8081
           ┌─ cluster.yaml:50:15
           │
        22 │     firewall: accept
           │               ------ what lets packets in, or not
           ·
        50 │     exposure: hostNetwork
           │               ^^^^^^^^^^^ it answers at the node's own address
           │
           = in the phases `dns` to `cleanup`
           = help: write `firewall: block`, which closes the node's other ports too; or
             `exposure: hostPort`
        ");
    }

    #[test]
    fn a_public_node_with_a_firewall() {
        assert_snapshot!(report("dns-api-exposed", &edit(SMALL, SERVER, ON_THE_NODE)), @"");
    }
}
