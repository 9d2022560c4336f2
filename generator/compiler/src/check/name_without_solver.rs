//! A certificate is wanted for a name that nothing can prove.
//!
//! With a challenge in DNS, a certificate can be had for names in zones that we can write to, and no others.
//! A certificate with one such name among many is not issued at all.
//! Where DNS updates are the way, the key that signs them must be said, too.
//! A host that is served while the definition has no `certificates` is reported as well, as a warning.
//!
//! Fix: serve the zone, move the host into one that is served, or say the missing key.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones: { example.org: {} }
//! website: { host: www.example.net }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   zones: { example.org: {} }
//! website: { host: www.example.org }
//! ```
//!
//! Source: RFC 8555, section 8.4; https://cert-manager.io/docs/configuration/acme/dns01/rfc2136/

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Node, Phase,
    definition::{Solver, TsigAlgorithm},
};

super::check!("name-without-solver", Certificates, "name_without_solver.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    manifests(plan, diagnostics);
    let definition = plan.definition;
    let Some(certificates) = &definition.certificates else {
        let controller = definition.ingress.as_ref().map(|ingress| &ingress.controller);
        // The same host in every phase, so that it is said once.
        let first = Phase::ALL.into_iter().find_map(|phase| definition.served_hosts(phase).next());
        let served = definition.served_hosts(plan.phase).next().is_some();
        if let (Some(controller), Some(host)) = (controller, first.filter(|_| served)) {
            diagnostics.push(
                Diagnostic::warning(CHECK.code, "hosts are served without a certificate that browsers trust")
                    .at(host, "for this one, say")
                    .because(controller, "shows a certificate of its own making")
                    .help("add `certificates`"),
            );
        }
        return;
    };
    let Some(dns) = &definition.dns else {
        diagnostics.push(
            Diagnostic::error(CHECK.code, "no server can answer the challenges of certificates")
                .at(&certificates.solver, "this writes into the servers of `dns`")
                .help("add `dns` with the zones, or take out `certificates`"),
        );
        return;
    };
    if certificates.solver.value == Solver::Rfc2136 {
        let missing = match (&certificates.update_key, dns.powerdns.update_key()) {
            (None, _) => Some("add `updateKey: { secret: …, key: … }`: a Secret in cert-manager's namespace"),
            (_, None) => Some(
                "add `updateKey` to `dns.powerdns`: its name and digest, and the Secret that PowerDNS has it from",
            ),
            (_, Some(key)) if key.algorithm() == TsigAlgorithm::HmacSha384 => Some(
                "give PowerDNS a key of `hmac-sha256` or `hmac-sha512`: cert-manager signs with no other",
            ),
            _ => None,
        };
        if let Some(help) = missing {
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    "PowerDNS takes only DNS updates that are signed, and these cannot be",
                )
                .at(&certificates.solver, "this needs a key")
                .help(help),
            );
        }
    }
    for host in definition.served_hosts(plan.phase).filter(|host| definition.zone_of(host).is_none()) {
        let diagnostic = Diagnostic::error(CHECK.code, format!("no certificate can be had for `{host}`"))
            .at(host, "lies in no zone that we serve")
            .because(&certificates.solver, "proves names by records in our zones");
        diagnostics.push(super::host_outside_zones::in_a_zone(diagnostic, host, dns));
    }
}

/// Certificates and Ingresses of the repository, whose issuer is there too and solves for other zones alone.
fn manifests(plan: &Plan, diagnostics: &mut Diagnostics) {
    let issuers: Vec<_> = plan
        .adopted
        .in_phase(plan)
        .map(|(_, object)| object)
        .filter(|it| it.is("cert-manager.io", "ClusterIssuer"))
        .collect();
    for (_, object) in plan.adopted.in_phase(plan) {
        let (issuer, names) = if object.is("cert-manager.io", "Certificate") {
            (
                object.node.at("spec.issuerRef.name"),
                object.node.items_at("spec.dnsNames").iter().collect::<Vec<_>>(),
            )
        } else if object.is("networking.k8s.io", "Ingress") {
            let issuer =
                object.annotations().iter().find(|(key, _)| key.value == "cert-manager.io/cluster-issuer");
            let tls = object.node.items_at("spec.tls").iter();
            (issuer.map(|(_, value)| value), tls.flat_map(|it| it.items_at("hosts")).collect())
        } else {
            continue;
        };
        let Some(issuer) =
            issuer.and_then(Node::str).and_then(|name| issuers.iter().find(|it| it.name == name))
        else {
            continue;
        };
        let solvers = issuer.node.items_at("spec.acme.solvers");
        // One solver without zones takes every name.
        if solvers.is_empty() || solvers.iter().any(|it| it.items_at("selector.dnsZones").is_empty()) {
            continue;
        }
        let zones: Vec<&Node> = solvers.iter().flat_map(|it| it.items_at("selector.dnsZones")).collect();
        for name in names {
            let Some(text) = name.str().filter(|it| !it.contains("${")) else { continue };
            let host = text.trim_start_matches("*.");
            let within =
                |zone: &str| host == zone || host.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
            if zones.iter().any(|zone| zone.str().is_some_and(within)) {
                continue;
            }
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("no certificate can be had for `{text}`"))
                    .at_span(name.span, "lies in no zone of its issuer's solvers")
                    .because_span(zones[0].span, format!("the solvers of `{}` prove names here", issuer.name))
                    .help("add the zone to `dnsZones`, or name another issuer"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_host_in_a_foreign_zone() {
        let definition = edit(SMALL, "host: www.example.org", "host: www.example.net");
        assert_snapshot!(report("name-without-solver", &definition), @r#"
        error[name-without-solver]: no certificate can be had for `www.example.net`
           ┌─ cluster.yaml:65:18
           │
        63 │   solver: powerdns-webhook
           │           ---------------- proves names by records in our zones
        64 │   recursiveNameservers: ["1.1.1.1:53", "9.9.9.9:53"]
        65 │ website: { host: www.example.net, site: vps, content: ./website }
           │                  ^^^^^^^^^^^^^^^ lies in no zone that we serve
           │
           = in the phases `services` to `cleanup`
           = help: the zones are `example.org`
        "#);
    }

    #[test]
    fn updates_without_a_key() {
        let definition = edit(SMALL, "solver: powerdns-webhook", "solver: rfc2136");
        assert_snapshot!(report("name-without-solver", &definition), @"
        error[name-without-solver]: PowerDNS takes only DNS updates that are signed, and
          these cannot be
           ┌─ cluster.yaml:63:11
           │
        63 │   solver: rfc2136
           │           ^^^^^^^ this needs a key
           │
           = help: add `updateKey: { secret: …, key: … }`: a Secret in cert-manager's
             namespace
        ");
    }

    #[test]
    fn updates_with_a_digest_that_cert_manager_lacks() {
        let definition =
            edit(SMALL, "solver: powerdns-webhook", "solver: rfc2136\n  updateKey: { secret: a, key: b }");
        let definition =
            edit(&definition, "tsig: { name: transfer,", "tsig: { name: transfer, algorithm: hmac-sha384,");
        assert_snapshot!(report("name-without-solver", &definition), @"
        error[name-without-solver]: PowerDNS takes only DNS updates that are signed, and
          these cannot be
           ┌─ cluster.yaml:63:11
           │
        63 │   solver: rfc2136
           │           ^^^^^^^ this needs a key
           │
           = help: give PowerDNS a key of `hmac-sha256` or `hmac-sha512`: cert-manager
             signs with no other
        ");
    }

    #[test]
    fn every_host_in_a_zone() {
        assert_snapshot!(report("name-without-solver", SMALL), @"");
    }

    #[test]
    fn an_ingress_of_the_repository_in_another_zone() {
        let files = [
            (
                "k8s/gitea/issuer.yaml",
                "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: acme }\nspec:\n  acme:\n    solvers:\n      - selector:\n          dnsZones: [inner.example.org]\n",
            ),
            (
                "k8s/gitea/ingress.yaml",
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: a, annotations: { cert-manager.io/cluster-issuer: acme } }\nspec:\n  tls:\n    - hosts: [git.inner.example.org, www.example.org]\n",
            ),
        ];
        assert_snapshot!(crate::testing::report_of("name-without-solver", SMALL, &files), @"
        error[name-without-solver]: no certificate can be had for `www.example.org`
          ┌─ k8s/gitea/ingress.yaml:6:38
          │
        6 │     - hosts: [git.inner.example.org, www.example.org]
          │                                      ^^^^^^^^^^^^^^^
          │                                      lies in no zone of its issuer's solvers
          ┌─ k8s/gitea/issuer.yaml:8:22
          │
        8 │           dnsZones: [inner.example.org]
          │                      -----------------
          │                      the solvers of `acme` prove names here
          │
          = in the phases `dns` to `cleanup`
          = help: add the zone to `dnsZones`, or name another issuer
        ");
    }
}
