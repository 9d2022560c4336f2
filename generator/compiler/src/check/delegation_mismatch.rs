//! The parent zone says something else of a zone than the zone itself.
//!
//! Resolvers come by way of the parent. A name server that only the parent names answers nothing, or old things;
//! one that it leaves out is never asked; a wrong address for one within the zone (glue) leads to somebody else, and
//! without any the zone is not found at all. It is the most frequent reason why a challenge in DNS fails.
//! `parent` says what stands there; a zone above that is ours too gets these records by itself.
//!
//! Fix: have the records that the message prints put there, and write them into `parent`; or mend `nameservers`.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       nameservers: { ns1.example.org: [vps0], ns2.example.net: [second-ns] }
//!       parent: { keptAt: registrar, nameservers: [ns1.example.org], glue: { ns1.example.org: [198.51.99.10] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       nameservers: { ns1.example.org: [vps0], ns2.example.net: [second-ns] }
//!       parent: { keptAt: registrar, nameservers: [ns1.example.org, ns2.example.net], glue: { ns1.example.org: [198.51.99.10] } }
//! ```
//!
//! Source: RFC 1034, section 4.2.2; RFC 9471

use components::{Plan, zone};
use model::{
    Diagnostic, Diagnostics, Phase, Spanned,
    definition::Zone,
    scalar::{Hostname, RecordName},
};
use std::{collections::BTreeSet, net::IpAddr};

super::check!("delegation-mismatch", Dns, "delegation_mismatch.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(dns) = &plan.definition.dns else { return };
    if plan.phase < Phase::Dns {
        return;
    }
    for (name, zone) in &dns.zones {
        let wanted: BTreeSet<&Hostname> = zone.nameservers.keys().map(|it| &it.value).collect();
        if let Some(parent) = &zone.parent {
            let said: BTreeSet<&Hostname> = parent.nameservers.iter().map(|it| &it.value).collect();
            if let Some(wrong) = parent.nameservers.iter().find(|it| !wanted.contains(&it.value)) {
                push(
                    plan,
                    name,
                    zone,
                    &parent.kept_at,
                    wrong,
                    "the zone does not name this server",
                    diagnostics,
                );
            } else if said != wanted {
                let missing = zone.nameservers.keys().find(|it| !said.contains(&it.value)).unwrap_or(name);
                push(
                    plan,
                    name,
                    zone,
                    &parent.kept_at,
                    missing,
                    "the parent does not name this server",
                    diagnostics,
                );
            }
            for (host, addresses) in zone.nameservers.iter().filter(|(host, _)| host.is_within(name)) {
                let here: BTreeSet<IpAddr> = addresses.iter().flat_map(|it| plan.resolve(it)).collect();
                let glue = parent.glue.get_key_value(&***host);
                let there: BTreeSet<IpAddr> =
                    glue.map(|(_, it)| it.iter().map(|ip| ip.0).collect()).unwrap_or_default();
                if here != there && said.contains(&host.value) {
                    let (at, why) = match glue {
                        Some((at, _)) => (at, "the zone gives this server other addresses"),
                        None => {
                            (host, "the parent gives no address for this server, which lies within the zone")
                        }
                    };
                    push(plan, name, zone, &parent.kept_at, at, why, diagnostics);
                }
            }
        }
        // What a zone of ours says of one below it is made of the latter; declared as well, it must agree.
        let Some((above, holder)) = zone::parent(dns, name) else { continue };
        let declared = holder.records.iter().find(|(at, _)| RecordName::within(at, above) == ***name);
        if let Some(extra) =
            declared.and_then(|(_, set)| set.ns.iter().find(|it| !wanted.contains(&it.value)))
        {
            push(plan, name, zone, above, extra, "the zone does not name this server", diagnostics);
        }
    }
}

fn push<T: std::fmt::Display, U>(
    plan: &Plan,
    name: &Spanned<Hostname>,
    zone: &Zone,
    kept_at: &Spanned<T>,
    wrong: &Spanned<U>,
    why: &str,
    diagnostics: &mut Diagnostics,
) {
    let mut records: Vec<String> =
        zone.nameservers.keys().map(|host| format!("{name}. NS {host}.")).collect();
    for (host, addresses) in zone.nameservers.iter().filter(|(host, _)| host.is_within(name)) {
        for ip in addresses.iter().flat_map(|address| plan.resolve(address)) {
            records.push(format!("{host}. {} {ip}", if ip.is_ipv4() { "A" } else { "AAAA" }));
        }
    }
    diagnostics.push(
        Diagnostic::error(CHECK.code, format!("the parent of `{name}` does not say what the zone says"))
            .at(wrong, why)
            .because(kept_at, "the parent's records are kept here")
            .help(format!("the parent must have just these:\n{}", records.join("\n"))),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn with_parent(nameservers: &str, glue: &str) -> String {
        edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            &format!(
                "      hostmaster: hostmaster@example.org\n      parent:\n        keptAt: registrar\n        nameservers: [{nameservers}]\n        glue: {{{glue}}}\ncert"
            ),
        )
    }

    #[test]
    fn the_parent_names_another_server() {
        let definition = with_parent("ns1.example.org, ns9.example.net", " ns1.example.org: [198.51.99.10] ");
        assert_snapshot!(report("delegation-mismatch", &definition), @"
        error[delegation-mismatch]: the parent of `example.org` does not say what the
          zone says
           ┌─ cluster.yaml:62:40
           │
        61 │         keptAt: registrar
           │                 --------- the parent's records are kept here
        62 │         nameservers: [ns1.example.org, ns9.example.net]
           │                                        ^^^^^^^^^^^^^^^
           │                                        the zone does not name this server
           │
           = in the phases `dns` to `cleanup`
           = help: the parent must have just these:
             example.org. NS ns1.example.org.
             example.org. NS ns2.example.net.
             ns1.example.org. A 198.51.99.10
        ");
    }

    #[test]
    fn the_parent_leaves_a_server_out() {
        let definition = with_parent("ns1.example.org", " ns1.example.org: [198.51.99.10] ");
        assert_snapshot!(report("delegation-mismatch", &definition), @"
        error[delegation-mismatch]: the parent of `example.org` does not say what the
          zone says
           ┌─ cluster.yaml:58:9
           │
        58 │         ns2.example.net: [second-ns]
           │         ^^^^^^^^^^^^^^^ the parent does not name this server
           ·
        61 │         keptAt: registrar
           │                 --------- the parent's records are kept here
           │
           = in the phases `dns` to `cleanup`
           = help: the parent must have just these:
             example.org. NS ns1.example.org.
             example.org. NS ns2.example.net.
             ns1.example.org. A 198.51.99.10
        ");
    }

    #[test]
    fn glue_of_an_old_machine() {
        let definition = with_parent("ns1.example.org, ns2.example.net", " ns1.example.org: [198.51.99.9] ");
        assert_snapshot!(report("delegation-mismatch", &definition), @"
        error[delegation-mismatch]: the parent of `example.org` does not say what the
          zone says
           ┌─ cluster.yaml:63:17
           │
        61 │         keptAt: registrar
           │                 --------- the parent's records are kept here
        62 │         nameservers: [ns1.example.org, ns2.example.net]
        63 │         glue: { ns1.example.org: [198.51.99.9] }
           │                 ^^^^^^^^^^^^^^^ the zone gives this server other addresses
           │
           = in the phases `dns` to `cleanup`
           = help: the parent must have just these:
             example.org. NS ns1.example.org.
             example.org. NS ns2.example.net.
             ns1.example.org. A 198.51.99.10
        ");
    }

    #[test]
    fn no_glue_at_all() {
        let definition = with_parent("ns1.example.org, ns2.example.net", "");
        assert_snapshot!(report("delegation-mismatch", &definition), @"
        error[delegation-mismatch]: the parent of `example.org` does not say what the
          zone says
           ┌─ cluster.yaml:57:9
           │
        57 │         ns1.example.org: [vps0]
           │         ^^^^^^^^^^^^^^^
           │     the parent gives no address for this server, which lies within the zone
           ·
        61 │         keptAt: registrar
           │                 --------- the parent's records are kept here
           │
           = in the phases `dns` to `cleanup`
           = help: the parent must have just these:
             example.org. NS ns1.example.org.
             example.org. NS ns2.example.net.
             ns1.example.org. A 198.51.99.10
        ");
    }

    #[test]
    fn parent_and_zone_agree() {
        let definition = with_parent("ns1.example.org, ns2.example.net", " ns1.example.org: [198.51.99.10] ");
        assert_snapshot!(report("delegation-mismatch", &definition), @"");
    }
}
