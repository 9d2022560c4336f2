//! A CNAME where none may be.
//!
//! A name that stands for another has no data of its own: a CNAME at a zone's own name stands beside SOA and NS, and
//! PowerDNS drops one or the other. Resolvers give up on names that go round in a circle.
//! A name server's name must have addresses; behind a mail server's or a service's name some senders do not follow.
//!
//! Fix: give the name addresses, with `addresses`; or let the host be served, then external-dns writes them.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { "@": { CNAME: shop.example.net } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { shop: { CNAME: shop.example.net } }
//! ```
//!
//! Source: RFC 1034, section 3.6.2; RFC 2181, section 10

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::{Dns, RecordSet},
    scalar::{Hostname, RecordName},
};
use std::collections::{BTreeMap, BTreeSet};

super::check!("invalid-cname", Dns, "invalid_cname.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(dns) = &plan.definition.dns else { return };
    let mut names: BTreeMap<String, &Spanned<Hostname>> = BTreeMap::new();
    for (zone_name, zone) in &dns.zones {
        for (name, set) in &zone.records {
            let Some(target) = &set.cname else { continue };
            let whole = RecordName::within(name, zone_name);
            if *name.value == *"@" {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("`{whole}` is a zone, and cannot stand for another name"),
                    )
                    .at(target, "a zone has SOA and NS of its own")
                    .help("write `addresses` instead"),
                );
            } else if let Some(beside) = beside(set) {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("`{whole}` stands for another name, and has {beside} too"),
                    )
                    .at(target, "nothing may be beside this")
                    .because(name, "the records of this name")
                    .help(format!("take out the CNAME or the {beside}")),
                );
            } else if let Some(at) = serves(dns, &whole) {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("the name server `{whole}` stands for another name"),
                    )
                    .at(target, "a name server's name has addresses")
                    .because(at, "is to answer for this zone")
                    .help("take the CNAME out"),
                );
            }
            names.insert(whole, target);
        }
    }
    circles(&names, diagnostics);
    for (zone_name, zone) in &dns.zones {
        for (name, set) in &zone.records {
            let hosts = set.mx.iter().map(|it| (it.span, it.host.as_ref()));
            let hosts = hosts.chain(set.srv.iter().map(|it| (it.span, it.host.as_ref())));
            for (span, host) in hosts {
                if let Some(target) = host.and_then(|host| names.get(&**host)) {
                    let whole = RecordName::within(name, zone_name);
                    diagnostics.push(
                        Diagnostic::warning(
                            CHECK.code,
                            format!("`{whole}` leads to a name that stands for another"),
                        )
                        .at_span(span, "some do not follow from here")
                        .because(target, "stands for this one")
                        .help(format!("write `{target}` there")),
                    );
                }
            }
        }
    }
}

/// What a name has beside its CNAME.
fn beside(set: &RecordSet) -> Option<&'static str> {
    let kinds = [
        ("addresses", set.addresses.is_empty()),
        ("MX", set.mx.is_empty()),
        ("TXT", set.txt.is_empty()),
        ("SRV", set.srv.is_empty()),
        ("CAA", set.caa.is_empty()),
        ("NS", set.ns.is_empty()),
    ];
    kinds.into_iter().find(|(_, empty)| !empty).map(|(kind, _)| kind)
}

/// The zone's name server of this name.
fn serves<'a>(dns: &'a Dns, host: &str) -> Option<&'a Spanned<Hostname>> {
    dns.zones.values().flat_map(|zone| zone.nameservers.keys()).find(|it| ****it == *host)
}

fn circles(names: &BTreeMap<String, &Spanned<Hostname>>, diagnostics: &mut Diagnostics) {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for start in names.keys() {
        let mut way = vec![start.as_str()];
        while let Some(next) = names.get(*way.last().unwrap_or(&"")) {
            let next: &str = next;
            if let Some(from) = way.iter().position(|it| *it == next) {
                let circle = &way[from..];
                if circle.iter().any(|it| told.contains(it)) {
                    break;
                }
                let text = circle
                    .iter()
                    .chain([&next])
                    .map(|it| format!("`{it}`"))
                    .collect::<Vec<_>>()
                    .join(" for ");
                diagnostics.push(
                    Diagnostic::error(CHECK.code, format!("names stand for each other: {text}"))
                        .at(names[circle[circle.len() - 1]], "leads back")
                        .help("give one of them addresses"),
                );
                told.extend(circle);
                break;
            }
            way.push(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn with_records(records: &str) -> String {
        edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            &format!("      hostmaster: hostmaster@example.org\n      records:\n{records}\ncert"),
        )
    }

    #[test]
    fn a_zone_that_stands_for_another_name() {
        let definition = with_records("        \"@\": { CNAME: www.example.net }");
        assert_snapshot!(report("invalid-cname", &definition), @r#"
        error[invalid-cname]: `example.org` is a zone, and cannot stand for another name
           ┌─ cluster.yaml:61:23
           │
        61 │         "@": { CNAME: www.example.net }
           │                       ^^^^^^^^^^^^^^^ a zone has SOA and NS of its own
           │
           = help: write `addresses` instead
        "#);
    }

    #[test]
    fn a_text_beside_a_cname() {
        let definition = with_records("        blog: { CNAME: www.example.net, TXT: [a] }");
        assert_snapshot!(report("invalid-cname", &definition), @"
        error[invalid-cname]: `blog.example.org` stands for another name, and has TXT
          too
           ┌─ cluster.yaml:61:24
           │
        61 │         blog: { CNAME: www.example.net, TXT: [a] }
           │         ----           ^^^^^^^^^^^^^^^ nothing may be beside this
           │         │
           │         the records of this name
           │
           = help: take out the CNAME or the TXT
        ");
    }

    #[test]
    fn a_name_server_that_is_another() {
        let definition = with_records("        ns1: { CNAME: vps.example.net }");
        assert_snapshot!(report("invalid-cname", &definition), @"
        error[invalid-cname]: the name server `ns1.example.org` stands for another name
           ┌─ cluster.yaml:61:23
           │
        57 │         ns1.example.org: [vps0]
           │         --------------- is to answer for this zone
           ·
        61 │         ns1: { CNAME: vps.example.net }
           │                       ^^^^^^^^^^^^^^^ a name server's name has addresses
           │
           = help: take the CNAME out
        ");
    }

    #[test]
    fn a_circle() {
        let definition =
            with_records("        a: { CNAME: b.example.org }\n        b: { CNAME: a.example.org }");
        assert_snapshot!(report("invalid-cname", &definition), @"
        error[invalid-cname]: names stand for each other: `a.example.org` for
          `b.example.org` for `a.example.org`
           ┌─ cluster.yaml:62:21
           │
        62 │         b: { CNAME: a.example.org }
           │                     ^^^^^^^^^^^^^ leads back
           │
           = help: give one of them addresses
        ");
    }

    #[test]
    fn mail_to_a_cname() {
        let definition = with_records(
            "        \"@\": { MX: [10 mail.example.org] }\n        mail: { CNAME: mx.example.net }",
        );
        assert_snapshot!(report("invalid-cname", &definition), @r#"
        warning[invalid-cname]: `example.org` leads to a name that stands for another
           ┌─ cluster.yaml:61:21
           │
        61 │         "@": { MX: [10 mail.example.org] }
           │                     ^^^^^^^^^^^^^^^^^^^ some do not follow from here
        62 │         mail: { CNAME: mx.example.net }
           │                        -------------- stands for this one
           │
           = help: write `mx.example.net` there
        "#);
    }

    #[test]
    fn cnames_in_their_place() {
        let definition = with_records(
            "        blog: { CNAME: www.example.net }\n        log: { CNAME: blog.example.org }",
        );
        assert_snapshot!(report("invalid-cname", &definition), @"");
    }
}
