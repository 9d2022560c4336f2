//! A record that no zone can have, or that does not say what was meant.
//!
//! Each value is parsed where it stands; what is left is what they say together: a name without any data, a name that
//! is too long with its zone, name servers of a zone among its records, a TTL beyond 2^31, and data below a name that
//! was given away to other name servers.
//! A name that ends in its zone's name is a warning: names are relative, so `www.example.org` in `example.org` is
//! `www.example.org.example.org`.
//!
//! Fix: as the message says.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { mail.example.org: { addresses: [vps0] } }   # mail.example.org.example.org
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { mail: { addresses: [vps0] } }
//! ```
//!
//! Source: RFC 1035, sections 2.3.4 and 3.2.1; RFC 2181, section 8

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::{RecordSet, Zone},
    scalar::{Hostname, RecordName},
};

super::check!("invalid-record", Dns, "invalid_record.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(dns) = &plan.definition.dns else { return };
    for (zone_name, zone) in &dns.zones {
        let clock = [&zone.ttl, &zone.soa.refresh, &zone.soa.retry, &zone.soa.expire, &zone.soa.minimum];
        for seconds in clock.into_iter().flatten() {
            limit(seconds, diagnostics);
        }
        for (name, set) in &zone.records {
            set.ttl.iter().for_each(|ttl| limit(ttl, diagnostics));
            one(plan, zone_name, zone, name, set, diagnostics);
        }
    }
}

fn limit(seconds: &Spanned<u32>, diagnostics: &mut Diagnostics) {
    if seconds.value > 0x7fff_ffff {
        diagnostics.push(
            Diagnostic::error(
                CHECK.code,
                format!("{} seconds are more than a record can say", seconds.value),
            )
            .at(seconds, "the most is 2147483647")
            .help("a day is 86400"),
        );
    }
}

fn one(
    plan: &Plan,
    zone_name: &Spanned<Hostname>,
    zone: &Zone,
    name: &Spanned<RecordName>,
    set: &RecordSet,
    diagnostics: &mut Diagnostics,
) {
    let whole = RecordName::within(name, zone_name);
    if set.ns.is_empty() && only_name_servers(set) {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("`{whole}` has no data"))
                .at(name, "a name without records is no record")
                .help("add `addresses`, `CNAME`, `MX`, `TXT`, `SRV`, `CAA` or `NS`, or take the name out"),
        );
    }
    if whole.len() > 253 {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("with its zone this name has {} characters", whole.len()))
                .at(name, "253 is the most")
                .because(zone_name, "the zone"),
        );
    }
    if let Some(host) = set.ns.first().filter(|_| *name.value == *"@") {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("the name servers of `{zone_name}` are said twice"))
                .at(host, "these would be mixed with `nameservers`")
                .help("say them in `nameservers` alone"),
        );
    }
    if name.ends_with(&***zone_name)
        && (name.len() == zone_name.len() || name.ends_with(&format!(".{zone_name}")))
    {
        let short = name.strip_suffix(&***zone_name).unwrap_or_default().trim_end_matches('.');
        let (short, name_alone) = if short.is_empty() { ("\"@\"", "@") } else { (short, short) };
        diagnostics.push(
            Diagnostic::warning(CHECK.code, format!("this is the name `{whole}`"))
                .at(name, "names are relative to their zone")
                .because(zone_name, "the zone")
                .help(format!("write `{short}`"))
                .fix_by_writing(name.span, name_alone),
        );
    }
    let mut given = zone.records.iter().filter(|(_, at)| !at.ns.is_empty());
    let given = given.find(|(above, _)| name.ends_with(&format!(".{above}"))).map(|(above, _)| above.span);
    // A zone of ours below this one has its name servers said here, and everything else there.
    let below =
        plan.definition.zone_of(&whole).filter(|(below, _)| *below != zone_name && *below.value != *whole);
    let apex =
        plan.definition.zone_of(&whole).filter(|(below, _)| *below != zone_name && *below.value == *whole);
    let apex = apex.filter(|_| set.ns.is_empty() || !only_name_servers(set));
    let zone_below = below.or(apex).map(|(below, _)| below.span);
    if let Some(given_away) = given.or(zone_below) {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("`{whole}` is not this zone's to say"))
                .at(name, "is never answered from here")
                .because_span(given_away, "answers for this name and all below")
                .help("put the record into that zone"),
        );
    }
}

fn only_name_servers(set: &RecordSet) -> bool {
    set.addresses.is_empty()
        && set.cname.is_none()
        && set.mx.is_empty()
        && set.txt.is_empty()
        && set.srv.is_empty()
        && set.caa.is_empty()
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
    fn a_name_without_data() {
        assert_snapshot!(report("invalid-record", &with_records("        a: {}")), @"
        error[invalid-record]: `a.example.org` has no data
           ┌─ cluster.yaml:61:9
           │
        61 │         a: {}
           │         ^ a name without records is no record
           │
           = help: add `addresses`, `CNAME`, `MX`, `TXT`, `SRV`, `CAA` or `NS`, or take
             the name out
        ");
    }

    #[test]
    fn name_servers_said_twice() {
        assert_snapshot!(report("invalid-record", &with_records("        \"@\": { NS: [ns1.example.org] }")), @r#"
        error[invalid-record]: the name servers of `example.org` are said twice
           ┌─ cluster.yaml:61:21
           │
        61 │         "@": { NS: [ns1.example.org] }
           │                     ^^^^^^^^^^^^^^^ these would be mixed with `nameservers`
           │
           = help: say them in `nameservers` alone
        "#);
    }

    #[test]
    fn a_name_with_its_zone() {
        assert_snapshot!(report("invalid-record", &with_records("        mail.example.org: { addresses: [vps0] }")), @"
        warning[invalid-record]: this is the name `mail.example.org.example.org`
           ┌─ cluster.yaml:61:9
           │
        55 │     example.org:
           │     ----------- the zone
           ·
        61 │         mail.example.org: { addresses: [vps0] }
           │         ^^^^^^^^^^^^^^^^ names are relative to their zone
           │
           = help: write `mail`
        ");
    }

    #[test]
    fn a_time_beyond_all_measure() {
        assert_snapshot!(report("invalid-record", &with_records("        a: { addresses: [vps0], ttl: 4000000000 }")), @"
        error[invalid-record]: 4000000000 seconds are more than a record can say
           ┌─ cluster.yaml:61:38
           │
        61 │         a: { addresses: [vps0], ttl: 4000000000 }
           │                                      ^^^^^^^^^^ the most is 2147483647
           │
           = help: a day is 86400
        ");
    }

    #[test]
    fn a_record_in_a_zone_given_away() {
        let definition =
            with_records("        lab: { NS: [ns1.example.net] }\n        a.lab: { addresses: [vps0] }");
        assert_snapshot!(report("invalid-record", &definition), @"
        error[invalid-record]: `a.lab.example.org` is not this zone's to say
           ┌─ cluster.yaml:62:9
           │
        61 │         lab: { NS: [ns1.example.net] }
           │         --- answers for this name and all below
        62 │         a.lab: { addresses: [vps0] }
           │         ^^^^^ is never answered from here
           │
           = help: put the record into that zone
        ");
    }

    #[test]
    fn a_record_of_a_zone_below() {
        let definition = with_records("        www.lab: { addresses: [vps0] }");
        let definition = edit(
            &definition,
            "\ncertificates:",
            "\n    lab.example.org:\n      nameservers: { ns1.example.org: [vps0], ns2.example.net: [second-ns] }\n      hostmaster: hostmaster@example.org\ncertificates:",
        );
        assert_snapshot!(report("invalid-record", &definition), @"
        error[invalid-record]: `www.lab.example.org` is not this zone's to say
           ┌─ cluster.yaml:61:9
           │
        61 │         www.lab: { addresses: [vps0] }
           │         ^^^^^^^ is never answered from here
        62 │     lab.example.org:
           │     --------------- answers for this name and all below
           │
           = help: put the record into that zone
        ");
    }

    #[test]
    fn records_of_every_kind() {
        let definition = with_records(
            "        \"@\": { MX: [10 mail.example.net], TXT: [v=spf1 mx -all], CAA: ['0 issue \"letsencrypt.org\"'] }\n        _sip._tcp: { SRV: [0 5 5060 sip.example.net], ttl: 60 }\n        lab: { NS: [ns1.example.net] }",
        );
        assert_snapshot!(report("invalid-record", &definition), @"");
    }
}
