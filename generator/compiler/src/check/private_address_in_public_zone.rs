//! A zone that the world asks gives an address that the world cannot reach.
//!
//! Addresses of home networks (RFC 1918, RFC 4193), of carriers (RFC 6598), of one link or of one machine lead
//! nowhere, or to a stranger's printer, when somebody outside gets them.
//! For a name server or a served host that is an error: nobody finds them.
//! A record of one's own that points home can be meant so, for a VPN, say; many routers drop such answers all the
//! same (DNS rebinding), and the plan of the home network is public then: a warning.
//! An address out of documentation (RFC 5737, RFC 3849) in a real zone is a place that was never filled in: a
//! warning, too. The zones of documentation (RFC 2606) may have them.
//!
//! Fix: name the node or the held address that the internet reaches.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   worker0: { addresses: [10.2.2.1/16] }
//! dns:
//!   zones:
//!     example.org:
//!       records: { mail: { addresses: [worker0] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   vps0: { addresses: [198.51.99.10/24] }
//! dns:
//!   zones:
//!     example.org:
//!       records: { mail: { addresses: [vps0] } }
//! ```
//!
//! Source: RFC 1918, section 5; https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/

use components::{Plan, talos::reach::is_public};
use model::{Diagnostic, Diagnostics, Phase, Span, Spanned, definition::AddressRef, scalar::Hostname};
use std::net::IpAddr;

super::check!("private-address-in-public-zone", Dns, "private_address_in_public_zone.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    published(plan, diagnostics);
    let Some(dns) = &definition.dns else { return };
    if plan.phase >= Phase::Dns {
        for (name, zone) in &dns.zones {
            for (host, addresses) in &zone.nameservers {
                for address in addresses {
                    one(plan, name, address, &format!("the name server `{host}`"), true, diagnostics);
                }
            }
            for (record, set) in &zone.records {
                let what = format!("`{}`", record.within(name));
                for address in &set.addresses {
                    one(plan, name, address, &what, false, diagnostics);
                }
            }
        }
    }
    let Some(ingress) =
        definition.ingress.as_ref().filter(|it| it.since() <= plan.phase && dns.external_dns.is_some())
    else {
        return;
    };
    let served = definition.served_hosts(plan.phase).find_map(|host| definition.zone_of(host));
    let Some((zone, _)) = served else { return };
    for target in &ingress.targets {
        one(plan, zone, target, "all served hosts", true, diagnostics);
    }
    if ingress.targets.is_empty() {
        let ips = plan.ingress_ips();
        if let Some(ip) = ips.first().filter(|_| !ips.iter().any(|ip| is_public(*ip))) {
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!("all served hosts resolve to `{ip}`, which the internet does not route"),
                )
                .at(&ingress.site, "the addresses of this site's nodes are published")
                .because(zone, "the world asks this zone")
                .help(
                    "name the addresses that the internet reaches as `targets`, or serve from a public site",
                ),
            );
        }
    }
}

fn one(
    plan: &Plan,
    zone: &Spanned<Hostname>,
    address: &Spanned<AddressRef>,
    what: &str,
    found: bool,
    diagnostics: &mut Diagnostics,
) {
    for ip in plan.resolve(address) {
        let message = format!("{what} resolve{} to `{ip}`, ", if what.starts_with("all") { "" } else { "s" });
        let diagnostic = if !is_public(ip) {
            let message = format!("{message}which the internet does not route");
            if found {
                Diagnostic::error(CHECK.code, message)
            } else {
                Diagnostic::warning(CHECK.code, message)
            }
        } else if is_documentation(ip) && !is_example(zone) {
            Diagnostic::warning(
                CHECK.code,
                format!("{message}which stands in for an address in documentation"),
            )
        } else {
            continue;
        };
        diagnostics.push(
            diagnostic
                .at(address, format!("is `{ip}`"))
                .because(zone, "the world asks this zone")
                .help("name the node or the held address that the internet reaches"),
        );
    }
}

/// RFC 5737, RFC 3849 and RFC 9637.
fn is_documentation(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => matches!(ip.octets(), [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _]),
        IpAddr::V6(ip) => matches!(ip.segments(), [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..]),
    }
}

/// RFC 2606 and RFC 6761.
fn is_example(zone: &Hostname) -> bool {
    ["example", "test", "invalid", "localhost"].iter().any(|top| zone.rsplit('.').next() == Some(top))
        || ["example.com", "example.net", "example.org"].iter().any(|name| zone.is_within(name))
}

/// What external-dns and the operator of PowerDNS are told to publish, in files that the repository holds.
fn published(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (_, object) in plan.adopted.in_phase(plan) {
        let mut literals: Vec<(String, Span)> = Vec::new();
        if object.group() == "dns.cav.enablers.ob" && object.node.str_at("spec.type") == Some("A") {
            let records = object.node.items_at("spec.records").iter();
            literals.extend(records.filter_map(|it| Some((it.str()?.to_owned(), it.span))));
        }
        object.node.visit(&mut |node| {
            let argument = node.str().and_then(|it| it.strip_prefix("--default-targets="));
            literals.extend(argument.map(|it| (it.to_owned(), node.span)));
            for (key, value) in node.entries() {
                if key.starts_with("external-dns.") && key.ends_with("/target") {
                    literals.extend(value.str().map(|it| (it.to_owned(), value.span)));
                }
            }
        });
        for (text, span) in literals {
            let Some(ip) = text.split(',').filter_map(|it| it.trim().parse().ok()).find(|ip| !is_public(*ip))
            else {
                continue;
            };
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!("{} publishes `{ip}`, which the internet does not route", object.title()),
                )
                .at_span(span, "an address for the inside alone")
                .help("write the address that the internet reaches"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_name_server_at_home() {
        let definition = edit(SMALL, "ns1.example.org: [vps0]", "ns1.example.org: [vps0, worker0]");
        assert_snapshot!(report("private-address-in-public-zone", &definition), @"
        error[private-address-in-public-zone]: the name server `ns1.example.org`
          resolves to `10.2.2.1`, which the internet does not route
           ┌─ cluster.yaml:57:33
           │
        55 │     example.org:
           │     ----------- the world asks this zone
        56 │       nameservers:
        57 │         ns1.example.org: [vps0, worker0]
           │                                 ^^^^^^^ is `10.2.2.1`
           │
           = in the phases `dns` to `cleanup`
           = help: name the node or the held address that the internet reaches
        ");
    }

    #[test]
    fn a_record_that_points_home() {
        let definition = edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            "      hostmaster: hostmaster@example.org\n      records: { nas: { addresses: [10.2.3.4] } }\ncert",
        );
        assert_snapshot!(report("private-address-in-public-zone", &definition), @"
        warning[private-address-in-public-zone]: `nas.example.org` resolves to
          `10.2.3.4`, which the internet does not route
           ┌─ cluster.yaml:60:37
           │
        55 │     example.org:
           │     ----------- the world asks this zone
           ·
        60 │       records: { nas: { addresses: [10.2.3.4] } }
           │                                     ^^^^^^^^ is `10.2.3.4`
           │
           = in the phases `dns` to `cleanup`
           = help: name the node or the held address that the internet reaches
        ");
    }

    #[test]
    fn hosts_served_from_home() {
        let definition = edit(SMALL, "controller: traefik, site: vps", "controller: traefik, site: home");
        assert_snapshot!(report("private-address-in-public-zone", &definition), @"
        error[private-address-in-public-zone]: all served hosts resolve to `10.2.1.1`,
          which the internet does not route
           ┌─ cluster.yaml:44:39
           │
        44 │ ingress: { controller: traefik, site: home }
           │                                       ^^^^
           │                            the addresses of this site's nodes are published
           ·
        55 │     example.org:
           │     ----------- the world asks this zone
           │
           = in the phases `dns` to `cleanup`
           = help: name the addresses that the internet reaches as `targets`, or serve
             from a public site
        ");
    }

    #[test]
    fn a_place_never_filled_in() {
        let definition = edit(SMALL, "198.51.99.10/24", "203.0.113.10/24").replace("example.org", "real.dev");
        assert_snapshot!(report("private-address-in-public-zone", &definition), @"
        warning[private-address-in-public-zone]: the name server `ns1.real.dev` resolves
          to `203.0.113.10`, which stands in for an address in documentation
           ┌─ cluster.yaml:57:24
           │
        55 │     real.dev:
           │     -------- the world asks this zone
        56 │       nameservers:
        57 │         ns1.real.dev: [vps0]
           │                        ^^^^ is `203.0.113.10`
           │
           = in the phases `dns` to `cleanup`
           = help: name the node or the held address that the internet reaches
        ");
    }

    #[test]
    fn public_addresses() {
        assert_snapshot!(report("private-address-in-public-zone", SMALL), @"");
    }

    #[test]
    fn external_dns_is_told_an_address_of_the_house() {
        let text = |ip: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: external-dns }}\nspec:\n  template:\n    spec:\n      containers:\n        - name: external-dns\n          args: [--source=ingress, --default-targets={ip}]\n"
            )
        };
        let said = |ip: &str| {
            crate::testing::report_of(
                "private-address-in-public-zone",
                SMALL,
                &[("k8s/gitea/d.yaml", &text(ip))],
            )
        };
        assert_snapshot!(said("10.2.3.2"), @"
        error[private-address-in-public-zone]: Deployment `external-dns` publishes
          `10.2.3.2`, which the internet does not route
          ┌─ k8s/gitea/d.yaml:9:36
          │
        9 │           args: [--source=ingress, --default-targets=10.2.3.2]
          │                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
          │                                    an address for the inside alone
          │
          = in the phases `dns` to `cleanup`
          = help: write the address that the internet reaches
        ");
        assert_snapshot!(said("172.235.48.86"), @"");
    }
}
