//! The zone forbids the very authority that is to sign.
//!
//! Let's Encrypt looks for CAA records at the host, then at each name above it, and heeds the first that it finds. If
//! they name authorities, and not `letsencrypt.org`, no certificate is issued. `issuewild` counts for wildcards alone,
//! and then instead of `issue`.
//!
//! Fix: add `0 issue "letsencrypt.org"`.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { "@": { CAA: ['0 issue "ca.example.net"'] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { "@": { CAA: ['0 issue "ca.example.net"', '0 issue "letsencrypt.org"'] } }
//! ```
//!
//! Source: RFC 8659, section 3; https://letsencrypt.org/docs/caa/

use components::Plan;
use model::{
    Diagnostic, Diagnostics,
    definition::Certificates,
    scalar::{Caa, RecordName},
};
use std::collections::BTreeSet;

super::check!("caa-excludes-issuer", Certificates, "caa_excludes_issuer.rs");

const AUTHORITY: &str = "letsencrypt.org";

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(certificates) = &definition.certificates else { return };
    let wildcard = certificates.wildcard.as_ref().filter(|_| Certificates::wildcard(certificates));
    let mut told = BTreeSet::new();
    for host in definition.served_hosts(plan.phase) {
        let Some((zone_name, zone)) = definition.zone_of(host) else { continue };
        let mut name: &str = host;
        let found = loop {
            let here = zone.records.iter().find(|(at, _)| RecordName::within(at, zone_name) == name);
            match here.filter(|(_, set)| !set.caa.is_empty()) {
                Some((_, set)) => break set.caa.as_slice(),
                None if name == &***zone_name => break &[],
                None => name = name.split_once('.').map_or("", |(_, above)| above),
            }
        };
        let tagged = |tag: &str| found.iter().filter(|caa| caa.tag == tag).collect::<Vec<_>>();
        let wild = tagged("issuewild");
        let relevant = if wildcard.is_some() && !wild.is_empty() { wild } else { tagged("issue") };
        let allows = |caa: &Caa| caa.value.split(';').next().is_some_and(|it| it.trim() == AUTHORITY);
        let Some(first) = relevant.first() else { continue };
        if relevant.iter().any(|caa| allows(caa)) || !told.insert(first.span) {
            continue;
        }
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("Let's Encrypt may not sign for `{host}`"))
                .at(*first, format!("allows others than `{AUTHORITY}`, or none"))
                .because(host, "is served with its certificate")
                .help(format!("add `{} {} \"{AUTHORITY}\"`", first.flags, first.tag)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn with_caa(records: &str) -> String {
        edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            &format!(
                "      hostmaster: hostmaster@example.org\n      records: {{ \"@\": {{ CAA: [{records}] }} }}\ncert"
            ),
        )
    }

    #[test]
    fn another_authority() {
        let definition = with_caa("'0 issue \"ca.example.net\"'");
        assert_snapshot!(report("caa-excludes-issuer", &definition), @r#"
        error[caa-excludes-issuer]: Let's Encrypt may not sign for `git.example.org`
           ┌─ cluster.yaml:60:31
           │
        60 │       records: { "@": { CAA: ['0 issue "ca.example.net"'] } }
           │                               ^^^^^^^^^^^^^^^^^^^^^^^^^^
           │                               allows others than `letsencrypt.org`, or none
           ·
        68 │ …ess, certificates], hosts: [git.example.org], since: dns }
           │                              --------------- is served with its certificate
           │
           = in the phase `dns`
           = help: add `0 issue "letsencrypt.org"`

        error[caa-excludes-issuer]: Let's Encrypt may not sign for `www.example.org`
           ┌─ cluster.yaml:60:31
           │
        60 │       records: { "@": { CAA: ['0 issue "ca.example.net"'] } }
           │                               ^^^^^^^^^^^^^^^^^^^^^^^^^^
           │                               allows others than `letsencrypt.org`, or none
           ·
        66 │ website: { host: www.example.org, site: vps, content: ./website }
           │                  --------------- is served with its certificate
           │
           = in the phases `services` to `cleanup`
           = help: add `0 issue "letsencrypt.org"`
        "#);
    }

    #[test]
    fn the_authority_that_signs() {
        let definition = with_caa(
            "'0 issue \"ca.example.net\"', '0 issue \"letsencrypt.org; validationmethods=dns-01\"', '0 issuewild \";\"'",
        );
        assert_snapshot!(report("caa-excludes-issuer", &definition), @"");
    }
}
