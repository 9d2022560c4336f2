//! Everybody can reach PowerDNS' API.
//!
//! Whoever has its key rewrites every zone, and the key goes over the wire in the clear.
//! On the node's own network the API answers at the node's address; it is Talos' firewall that keeps the world out,
//! and a site whose firewall accepts what no rule names has none.
//!
//! Fix: take the default, `exposure: hostPort`, where the API is at the pod's address; or `firewall: block`.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { public: true, firewall: accept }
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
    if plan.phase < Phase::Dns || !exposed || site.firewall() != FirewallDefault::Accept {
        return;
    }
    let mut diagnostic = Diagnostic::error(CHECK.code, "everybody can reach PowerDNS' API on port 8081");
    if let Some(exposure) = &powerdns.exposure {
        diagnostic = diagnostic.at(exposure, "it answers at the node's own address");
    }
    if let Some(firewall) = &site.firewall {
        diagnostic = diagnostic.because(firewall, "lets everybody in");
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
           │               ------ lets everybody in
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
