//! A zone has secondaries that never hear of a change, or gives itself away to more than them.
//!
//! PowerDNS sends NOTIFY for zones of the kind Primary (Master) only. Those of a Native zone look for changes when the
//! SOA's refresh time is over: a challenge of ACME has failed by then.
//! `allow-axfr-ips` with a whole network lets everything in it read the zone, which signed transfers would not.
//! The zones that tombolo writes are Primary, and name those who may transfer.
//!
//! Fix: `kind: Master` in the operator's ClusterZone; the secondaries' own addresses in `allow-axfr-ips` and
//! `also-notify`.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/zone.yaml
//! apiVersion: dns.cav.enablers.ob/v1alpha2
//! kind: ClusterZone
//! metadata: { name: example.org }
//! spec: { kind: Native, nameservers: [ns1.example.org, ns2.example.net] }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/zone.yaml
//! apiVersion: dns.cav.enablers.ob/v1alpha2
//! kind: ClusterZone
//! metadata: { name: example.org }
//! spec: { kind: Master, nameservers: [ns1.example.org, ns2.example.net] }
//! ```
//!
//! Source: https://doc.powerdns.com/authoritative/modes-of-operation.html

use components::Plan;
use ipnet::IpNet;
use model::{Diagnostic, Diagnostics};

super::check!("transfers-without-notify", Dns, "transfers_without_notify.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let outside = plan.definition.dns.as_ref().map(|dns| &dns.powerdns.outside_secondaries);
    for (_, object) in plan.adopted.in_phase(plan).filter(|(_, it)| it.group() == "dns.cav.enablers.ob") {
        let Some(kind) = object.node.at("spec.kind").filter(|it| it.str() == Some("Native")) else {
            continue;
        };
        let servers = object.node.items_at("spec.nameservers");
        let Some(second) = servers.get(1) else { continue };
        let mut diagnostic = Diagnostic::warning(
            CHECK.code,
            format!("the secondaries of {} never hear of a change", object.title()),
        )
        .at_span(kind.span, "PowerDNS notifies nobody of these")
        .because_span(second.span, "another name server");
        if let Some((name, _)) = outside.and_then(|it| it.iter().next()) {
            diagnostic = diagnostic.because(name, "has the zones by transfer");
        }
        diagnostics.push(diagnostic.help(
            "write `kind: Master`, and name the secondaries in `also-notify` of PowerDNS' configuration",
        ));
    }
    for (_, release) in plan.adopted.releases(plan) {
        let Some(values) = release.values else { continue };
        values.visit(&mut |node| {
            let Some((_, allowed)) = node.entry("allow-axfr-ips") else { return };
            let wide = allowed.str().unwrap_or_default().split(',').find(|it| {
                it.trim().parse::<IpNet>().is_ok_and(|net| net.prefix_len() < net.max_prefix_len())
            });
            if let Some(wide) = wide {
                diagnostics.push(
                    Diagnostic::warning(
                        CHECK.code,
                        format!("everything in `{}` may read whole zones", wide.trim()),
                    )
                    .at_span(allowed.span, "wider than the secondaries")
                    .help("write the secondaries' own addresses, or sign transfers (TSIG)"),
                );
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn zone(kind: &str) -> String {
        format!(
            "apiVersion: dns.cav.enablers.ob/v1alpha2\nkind: ClusterZone\nmetadata: {{ name: example.org }}\nspec:\n  kind: {kind}\n  nameservers:\n    - ns1.example.org\n    - ns2.example.net\n"
        )
    }

    #[test]
    fn a_native_zone_with_a_secondary() {
        assert_snapshot!(report_of("transfers-without-notify", SMALL, &[("k8s/gitea/zone.yaml", &zone("Native"))]), @"
        warning[transfers-without-notify]: the secondaries of ClusterZone `example.org`
          never hear of a change
           ┌─ k8s/gitea/zone.yaml:5:9
           │
         5 │   kind: Native
           │         ^^^^^^ PowerDNS notifies nobody of these
           ·
         8 │     - ns2.example.net
           │       --------------- another name server
           ┌─ cluster.yaml:51:7
           │
        51 │       second: { address: second-ns }
           │       ------ has the zones by transfer
           │
           = in the phases `dns` to `cleanup`
           = help: write `kind: Master`, and name the secondaries in `also-notify` of
             PowerDNS' configuration
        ");
    }

    #[test]
    fn transfers_for_a_whole_network() {
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: powerdns }\nspec:\n  values:\n    config:\n      allow-axfr-ips: 10.0.0.0/8,192.0.1.53\n";
        assert_snapshot!(report_of("transfers-without-notify", SMALL, &[("k8s/gitea/release.yaml", release)]), @"
        warning[transfers-without-notify]: everything in `10.0.0.0/8` may read whole
          zones
          ┌─ k8s/gitea/release.yaml:7:23
          │
        7 │       allow-axfr-ips: 10.0.0.0/8,192.0.1.53
          │                       ^^^^^^^^^^^^^^^^^^^^^ wider than the secondaries
          │
          = in the phases `dns` to `cleanup`
          = help: write the secondaries' own addresses, or sign transfers (TSIG)
        ");
    }

    #[test]
    fn a_primary_zone() {
        assert_snapshot!(report_of("transfers-without-notify", SMALL, &[("k8s/gitea/zone.yaml", &zone("Master"))]), @"");
    }
}
