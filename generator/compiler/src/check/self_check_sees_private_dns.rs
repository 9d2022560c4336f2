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
use model::{Diagnostic, Diagnostics, Node, definition::ClusterForward};

super::check!("self-check-sees-private-dns", Certificates, "self_check_sees_private_dns.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    manifests(plan, diagnostics);
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

/// CoreDNS and cert-manager among what the repository holds.
fn manifests(plan: &Plan, diagnostics: &mut Diagnostics) {
    let zones = plan.adopted.in_phase(plan).filter(|(_, it)| it.group() == "cert-manager.io");
    let zones: Vec<&str> = zones
        .flat_map(|(_, issuer)| issuer.node.items_at("spec.acme.solvers"))
        .flat_map(|solver| solver.items_at("selector.dnsZones"))
        .filter_map(Node::str)
        .collect();
    let configured = plan.adopted.in_phase(plan).find_map(|(_, object)| {
        let corefile = object.node.at("data.Corefile").filter(|_| object.is("", "ConfigMap"))?;
        let text = corefile.str()?;
        let zone = zones.iter().find(|zone| {
            text.lines()
                .any(|line| line.starts_with(&format!("{zone}:53")) || line.starts_with(&format!("{zone} ")))
        })?;
        Some((corefile, *zone))
    });
    let Some((corefile, zone)) = configured else { return };
    for (_, release) in plan.adopted.releases_of(plan, "cert-manager") {
        let mut set = release.value("dns01RecursiveNameservers").is_some();
        if let Some(values) = release.values {
            values.visit(&mut |it| {
                set |= it.str().is_some_and(|it| it.starts_with("--dns01-recursive-nameservers"));
            });
        }
        if set {
            continue;
        }
        let Some(chart) = release.chart else { continue };
        diagnostics.push(
            Diagnostic::warning(CHECK.code, format!("cert-manager asks the cluster's own DNS whether the world sees its challenge in `{zone}`"))
                .at_span(chart.span, "told of no other name servers")
                .because_span(corefile.span, "pods are sent to a server within for this zone")
                .help("write `dns01RecursiveNameservers: \"1.1.1.1:53,9.9.9.9:53\"` and `dns01RecursiveNameserversOnly: true` below `values`"),
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

    #[test]
    fn cert_manager_of_the_repository_asks_coredns() {
        let files = [
            (
                "k8s/gitea/dns.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: coredns }\ndata:\n  Corefile: |\n    example.net:53 {\n        forward . 10.2.3.3\n    }\n",
            ),
            (
                "k8s/gitea/issuer.yaml",
                "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: acme }\nspec: { acme: { solvers: [{ selector: { dnsZones: [example.net] } }] } }\n",
            ),
            (
                "k8s/gitea/release.yaml",
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: a }\nspec:\n  chart:\n    spec:\n      chart: cert-manager\n",
            ),
        ];
        assert_snapshot!(crate::testing::report_of("self-check-sees-private-dns", SMALL, &files), @r#"
        warning[self-check-sees-private-dns]: cert-manager asks the cluster's own DNS
          whether the world sees its challenge in `example.net`
          ┌─ k8s/gitea/release.yaml:7:14
          │
        7 │       chart: cert-manager
          │              ^^^^^^^^^^^^ told of no other name servers
          ┌─ k8s/gitea/dns.yaml:6:5
          │
        6 │     example.net:53 {
          │     ---------------- pods are sent to a server within for this zone
          │
          = in the phases `dns` to `cleanup`
          = help: write `dns01RecursiveNameservers: "1.1.1.1:53,9.9.9.9:53"` and
            `dns01RecursiveNameserversOnly: true` below `values`
        "#);
    }
}
