//! A zone that nobody can speak for, or only one.
//!
//! A zone needs name servers; the primary that its SOA names must be one of them; one within the zone needs an
//! address there, or it can be found only by asking itself; and at that address a server must answer. All that is an
//! error.
//! A single name server, or several at one address or in one network, is a warning: the zone, and all mail to it, goes
//! down with that one machine or line.
//!
//! Fix: name two servers in two networks, `secondarySites` or `outsideSecondaries`, and who answers at each.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       nameservers: { ns1.example.org: [], ns2.example.net: [second-ns] }   # nobody is ns1
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       nameservers: { ns1.example.org: [vps0], ns2.example.net: [second-ns] }
//! ```
//!
//! Source: RFC 1912, sections 2.3 and 2.8; RFC 2182, section 3

use components::{Plan, zone};
use model::{
    Diagnostic, Diagnostics, Phase, Spanned,
    definition::{AddressRef, Dns, Zone},
    scalar::Hostname,
};
use std::{collections::BTreeSet, net::IpAddr};

super::check!("zone-without-authority", Dns, "zone_without_authority.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(dns) = &plan.definition.dns else { return };
    if plan.phase < Phase::Dns {
        return;
    }
    for (name, zone) in &dns.zones {
        servers(plan, dns, name, zone, diagnostics);
        redundancy(plan, name, zone, diagnostics);
    }
}

fn servers(plan: &Plan, dns: &Dns, name: &Spanned<Hostname>, zone: &Zone, diagnostics: &mut Diagnostics) {
    if zone.nameservers.is_empty() {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("the zone `{name}` has no name server"))
                .at(name, "nobody speaks for this zone")
                .help(format!("add `nameservers: {{ ns1.{name}: [NODE] }}`")),
        );
    }
    if let Some(primary) = zone.primary.as_ref().filter(|it| !zone.nameservers.contains_key(&****it)) {
        let diagnostic =
            Diagnostic::error(CHECK.code, format!("the primary `{primary}` is no name server of `{name}`"))
                .at(primary, "is not among `nameservers`");
        let names = || zone.nameservers.keys().map(|it| &***it);
        diagnostics.push(crate::meant(diagnostic, primary.span, primary, names()).unwrap_or_else(|it| {
            let all: Vec<String> = names().map(|name| format!("`{name}`")).collect();
            it.help(format!("the name servers are {}", all.join(", ")))
        }));
    }
    for (host, addresses) in &zone.nameservers {
        let within = plan.definition.zone_of(host);
        // Its address may be said by another of our zones.
        let said = within.is_some_and(|(of, holder)| {
            holder.nameservers.get(&***host).is_some_and(|it| !it.is_empty())
                || holder
                    .records
                    .iter()
                    .any(|(at, set)| at.within(of) == *host.value && !set.addresses.is_empty())
        });
        if addresses.is_empty() && within.is_some() && !said {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("the name server `{host}` has no address"))
                    .at(host, "lies in a zone of ours, which does not say where it is")
                    .help(format!("write who answers there: `{host}: [NODE]`")),
            );
        }
        for address in addresses {
            unanswered(plan, dns, host, address, diagnostics);
        }
    }
}

/// An address of a name server at which nothing of ours, and nothing that has the zone from us, answers.
fn unanswered(
    plan: &Plan,
    dns: &Dns,
    host: &Hostname,
    address: &Spanned<AddressRef>,
    diagnostics: &mut Diagnostics,
) {
    let ips = plan.resolve(address);
    let sites: Vec<&str> = dns.powerdns.sites().map(|site| &***site).collect();
    let ours = sites.iter().filter_map(|site| zone::server_node(plan, site));
    let ours: Vec<IpAddr> =
        ours.flat_map(|(_, node)| node.public_ips().into_iter().chain(node.ips())).collect();
    let others = dns.powerdns.outside_secondaries.values();
    let others: Vec<IpAddr> = others.flat_map(|it| plan.resolve(&it.address)).collect();
    if ips.iter().all(|ip| ours.contains(ip) || others.contains(ip)) {
        return;
    }
    let mut diagnostic = match &address.value {
        AddressRef::Name(name) if plan.definition.nodes.contains_key(&**name) => Diagnostic::error(
            CHECK.code,
            format!("no name server runs at `{address}`, where `{host}` is to be"),
        )
        .at(address, "no server of ours runs on this node")
        .help("name a node that has one, or add the node's site to `secondarySites`"),
        _ => Diagnostic::warning(
            CHECK.code,
            format!("the server at `{address}`, `{host}`, gets no records from ours"),
        )
        .at(address, "is not among `outsideSecondaries`")
        .help(format!(
            "add `outsideSecondaries: {{ {}: {{ address: {address} }} }}`",
            host.split('.').next().unwrap_or("ns")
        )),
    };
    for site in dns.powerdns.sites() {
        if let Some((node, _)) = zone::server_node(plan, site) {
            diagnostic = diagnostic.because(site, format!("a server runs here, on `{node}`"));
        }
    }
    diagnostics.push(diagnostic);
}

fn redundancy(plan: &Plan, name: &Spanned<Hostname>, zone: &Zone, diagnostics: &mut Diagnostics) {
    let mut hosts = zone.nameservers.iter();
    let (Some((first, addresses)), rest) = (hosts.next(), hosts.len()) else { return };
    let warning = |text: &str| Diagnostic::warning(CHECK.code, format!("the zone `{name}` {text}"));
    let help =
        "add a server at another site (`secondarySites`) or of another operator (`outsideSecondaries`)";
    if rest == 0 {
        diagnostics
            .push(warning("has one name server").at(first, "the zone is gone when this one is").help(help));
        return;
    }
    // Without addresses of all there is no telling.
    if zone.nameservers.values().any(Vec::is_empty) {
        return;
    }
    let ips: BTreeSet<IpAddr> =
        zone.nameservers.values().flatten().flat_map(|address| plan.resolve(address)).collect();
    let networks: BTreeSet<String> = ips.iter().map(|ip| network(*ip)).collect();
    let families: BTreeSet<bool> = ips.iter().map(IpAddr::is_ipv4).collect();
    let Some(address) = addresses.first() else { return };
    if ips.len() == families.len() {
        let diagnostic = warning("has name servers of several names, and all at one address");
        diagnostics.push(diagnostic.at(address, "the zone is gone when this one is").help(help));
    } else if networks.len() == families.len() {
        let diagnostic = warning("has all its name servers in one network");
        diagnostics.push(diagnostic.at(address, "the zone is gone when this line is").help(help));
    }
}

/// What usually hangs on one line: a /24 of IPv4, a /48 of IPv6.
fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("{:?}", &ip.octets()[..3]),
        IpAddr::V6(ip) => format!("{:x?}", &ip.segments()[..3]),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    const SECOND: &str = "        ns2.example.net: [second-ns]\n";

    #[test]
    fn a_zone_without_name_servers() {
        let definition =
            edit(SMALL, "      nameservers:\n        ns1.example.org: [vps0]\n", "      nameservers: {}\n");
        assert_snapshot!(report("zone-without-authority", &edit(&definition, SECOND, "")), @"
        error[zone-without-authority]: the zone `example.org` has no name server
           ┌─ cluster.yaml:55:5
           │
        55 │     example.org:
           │     ^^^^^^^^^^^ nobody speaks for this zone
           │
           = in the phases `dns` to `cleanup`
           = help: add `nameservers: { ns1.example.org: [NODE] }`
        ");
    }

    #[test]
    fn a_name_server_without_an_address() {
        let definition = edit(SMALL, "ns1.example.org: [vps0]", "ns1.example.org: []");
        assert_snapshot!(report("zone-without-authority", &definition), @"
        error[zone-without-authority]: the name server `ns1.example.org` has no address
           ┌─ cluster.yaml:57:9
           │
        57 │         ns1.example.org: []
           │         ^^^^^^^^^^^^^^^
           │         lies in a zone of ours, which does not say where it is
           │
           = in the phases `dns` to `cleanup`
           = help: write who answers there: `ns1.example.org: [NODE]`
        ");
    }

    #[test]
    fn a_name_server_where_none_runs() {
        let definition = edit(SMALL, SECOND, "        ns2.example.net: [worker0]\n");
        assert_snapshot!(report("zone-without-authority", &definition), @"
        error[zone-without-authority]: no name server runs at `worker0`, where
          `ns2.example.net` is to be
           ┌─ cluster.yaml:58:27
           │
        48 │     site: vps
           │           --- a server runs here, on `vps0`
           ·
        58 │         ns2.example.net: [worker0]
           │                           ^^^^^^^ no server of ours runs on this node
           │
           = in the phases `dns` to `cleanup`
           = help: name a node that has one, or add the node's site to `secondarySites`
        ");
    }

    #[test]
    fn a_primary_that_is_none() {
        let definition = edit(SMALL, SECOND, &format!("{SECOND}      primary: ns0.example.org\n"));
        assert_snapshot!(report("zone-without-authority", &definition), @"
        error[zone-without-authority]: the primary `ns0.example.org` is no name server
          of `example.org`
           ┌─ cluster.yaml:59:16
           │
        59 │       primary: ns0.example.org
           │                ^^^^^^^^^^^^^^^ is not among `nameservers`
           │
           = in the phases `dns` to `cleanup`
           = help: did you mean `ns1.example.org`?
        ");
    }

    #[test]
    fn one_name_server() {
        assert_snapshot!(report("zone-without-authority", &edit(SMALL, SECOND, "")), @"
        warning[zone-without-authority]: the zone `example.org` has one name server
           ┌─ cluster.yaml:57:9
           │
        57 │         ns1.example.org: [vps0]
           │         ^^^^^^^^^^^^^^^ the zone is gone when this one is
           │
           = in the phases `dns` to `cleanup`
           = help: add a server at another site (`secondarySites`) or of another
             operator (`outsideSecondaries`)
        ");
    }

    #[test]
    fn two_names_for_one_server() {
        let definition = edit(SMALL, SECOND, "        ns2.example.org: [vps0]\n");
        assert_snapshot!(report("zone-without-authority", &definition), @"
        warning[zone-without-authority]: the zone `example.org` has name servers of
          several names, and all at one address
           ┌─ cluster.yaml:57:27
           │
        57 │         ns1.example.org: [vps0]
           │                           ^^^^ the zone is gone when this one is
           │
           = in the phases `dns` to `cleanup`
           = help: add a server at another site (`secondarySites`) or of another
             operator (`outsideSecondaries`)
        ");
    }

    #[test]
    fn two_servers_in_two_networks() {
        assert_snapshot!(report("zone-without-authority", SMALL), @"");
    }
}
