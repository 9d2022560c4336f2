//! A served host that lies in none of the zones.
//!
//! external-dns writes only into the zones that the definition declares, so nobody finds the host.
//! Where certificates are wanted, `name-without-solver` says the same, and more; then this check is silent.
//!
//! Fix: correct the name, or declare the zone.
//!
//! Wrong:
//!
//! ```yaml
//! certificates: ~
//! apps: { gitea: { needs: [ingress] } }
//! checks:
//!   allow: { name-without-solver: a proxy in front has the certificate }
//! website: { host: www.exmaple.org }
//! dns:
//!   zones: { example.org: {} }
//! ```
//!
//! Right:
//!
//! ```yaml
//! certificates: ~
//! apps: { gitea: { needs: [ingress] } }
//! checks:
//!   allow: { name-without-solver: a proxy in front has the certificate }
//! website: { host: www.example.org }
//! dns:
//!   zones: { example.org: {} }
//! ```
//!
//! Source: https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/pdns/

use components::Plan;
use model::{Diagnostic, Diagnostics, Spanned, definition::Dns, scalar::Hostname};

super::check!("host-outside-zones", Dns, "host_outside_zones.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(dns) = definition.dns.as_ref().filter(|_| definition.certificates.is_none()) else { return };
    if dns.external_dns.is_none() {
        return;
    }
    for host in definition.served_hosts(plan.phase).filter(|host| definition.zone_of(host).is_none()) {
        let diagnostic = Diagnostic::error(CHECK.code, format!("`{host}` is in none of the zones"))
            .at(host, "no record is made for it");
        diagnostics.push(in_a_zone(diagnostic, host, dns));
    }
}

/// Says in which of the zones a host was meant to be.
pub(super) fn in_a_zone(diagnostic: Diagnostic, host: &Spanned<Hostname>, dns: &Dns) -> Diagnostic {
    let zones = || dns.zones.keys().map(|zone| &***zone);
    let tail = |zone: &str| {
        let labels = zone.matches('.').count() + 1;
        let all: Vec<&str> = host.split('.').collect();
        all[all.len().saturating_sub(labels)..].join(".")
    };
    // The host in each zone, as far as its end is like the zone's name.
    let alike = zones().filter(|zone| crate::is_slip(&tail(zone), zone));
    let names: Vec<String> =
        alike.map(|zone| format!("{}{zone}", host.strip_suffix(&tail(zone)).unwrap_or_default())).collect();
    let names = names.iter().map(String::as_str);
    crate::meant(diagnostic, host.span, host, names).unwrap_or_else(|it| {
        let zones: Vec<String> = zones().map(|it| format!("`{it}`")).collect();
        it.help(format!("the zones are {}", zones.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn without_certificates() -> String {
        let (before, rest) = SMALL.split_once("certificates:\n").expect("the fixture has certificates");
        let (_, after) = rest.split_once("website:").expect("the website follows");
        format!("{before}website:{after}").replace(", certificates]", "]")
    }

    #[test]
    fn a_host_with_a_slip_of_the_pen() {
        let definition = edit(&without_certificates(), "host: www.example.org", "host: www.exmaple.org");
        assert_snapshot!(report("host-outside-zones", &definition), @"
        error[host-outside-zones]: `www.exmaple.org` is in none of the zones
           ┌─ cluster.yaml:60:18
           │
        60 │ website: { host: www.exmaple.org, site: vps, content: ./website }
           │                  ^^^^^^^^^^^^^^^ no record is made for it
           │
           = in the phases `services` to `cleanup`
           = help: did you mean `www.example.org`?
        ");
    }

    #[test]
    fn every_host_in_a_zone() {
        assert_snapshot!(report("host-outside-zones", &without_certificates()), @"");
    }
}
