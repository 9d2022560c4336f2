//! cert-manager would check its challenges against the cluster's own view of DNS.
//!
//! Before it tells Let's Encrypt to look, cert-manager looks itself whether the challenge can be seen.
//! Where the cluster's DNS sends the zones to servers within, it sees what only the cluster sees: a challenge
//! that the world does not have passes, or one that the world has fails, until the order runs out.
//!
//! Fix: `recursiveNameservers` with public resolvers; cert-manager then asks only those.
//!
//! Wrong:
//!
//! ```yaml
//! dns: { clusterForward: servers }   # pods see the zones from within
//! certificates: { recursiveNameservers: [] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns: { clusterForward: servers }
//! certificates: { recursiveNameservers: ["1.1.1.1:53", "9.9.9.9:53"] }
//! ```
//!
//! Source: https://cert-manager.io/docs/configuration/acme/dns01/#setting-nameservers-for-dns01-self-check

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::ClusterForward};

super::check!("self-check-sees-private-dns", Certificates, "self_check_sees_private_dns.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let (Some(certificates), Some(dns)) = (&plan.definition.certificates, &plan.definition.dns) else {
        return;
    };
    let Some(forward) = dns.cluster_forward.as_ref().filter(|it| it.value == ClusterForward::Servers) else {
        return;
    };
    if certificates.recursive_nameservers.as_ref().is_none_or(Vec::is_empty) {
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                "cert-manager would ask the cluster's own DNS whether a challenge can be seen",
            )
            .at(&certificates.solver, "its challenges are for the world to see")
            .because(forward, "pods are sent to the servers within for these zones")
            .help("add `recursiveNameservers: [\"1.1.1.1:53\", \"9.9.9.9:53\"]` to `certificates`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn pods_see_the_zone_from_within() {
        let definition = edit(SMALL, "  externalDns: {", "  clusterForward: servers\n  externalDns: {");
        let definition = edit(&definition, "  recursiveNameservers: [\"1.1.1.1:53\", \"9.9.9.9:53\"]\n", "");
        assert_snapshot!(report("self-check-sees-private-dns", &definition), @r#"
        warning[self-check-sees-private-dns]: cert-manager would ask the cluster's own
          DNS whether a challenge can be seen
           ┌─ cluster.yaml:64:11
           │
        53 │   clusterForward: servers
           │                   -------
           │                   pods are sent to the servers within for these zones
           ·
        64 │   solver: powerdns-webhook
           │           ^^^^^^^^^^^^^^^^ its challenges are for the world to see
           │
           = help: add `recursiveNameservers: ["1.1.1.1:53", "9.9.9.9:53"]` to
             `certificates`
        "#);
    }

    #[test]
    fn public_resolvers_are_asked() {
        let definition = edit(SMALL, "  externalDns: {", "  clusterForward: servers\n  externalDns: {");
        assert_snapshot!(report("self-check-sees-private-dns", &definition), @"");
    }
}
