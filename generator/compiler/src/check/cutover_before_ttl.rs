//! Names move while the world still has the old answers.
//!
//! Resolvers keep an answer as long as its TTL says. Who has the old one goes on to the old address for that long, so
//! the TTL is lowered well before, and whatever answers at the old address stays for at least as long.
//!
//! Fix: let the old address be held one phase longer; lower the TTL before the phase `ingress`, and wait as long as it
//! was before.
//!
//! Wrong:
//!
//! ```yaml
//! addresses:
//!   proxy: { address: 192.0.1.54, holder: external, until: node }
//! dns:
//!   previous: { api: "http://powerdns-api.dns:8081", server: second-ns, targets: [proxy] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! addresses:
//!   proxy: { address: 192.0.1.54, holder: external, until: ingress }
//! dns:
//!   previous: { api: "http://powerdns-api.dns:8081", server: second-ns, targets: [proxy] }
//! ```
//!
//! Source: https://www.rfc-editor.org/rfc/rfc1034#section-3.6

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::AddressRef};

super::check!("cutover-before-ttl", Dns, "cutover_before_ttl.rs");

/// The longest that an answer may be kept while things move.
const LONGEST: u32 = 600;

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(previous) = definition.dns.as_ref().and_then(|dns| dns.previous.as_ref()) else { return };
    let Some(ingress) = &definition.ingress else { return };
    let moves = ingress.since();
    if plan.phase != moves {
        return;
    }
    if let Some(ttl) = previous.ttl.as_ref().filter(|it| it.value > LONGEST) {
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("for {} after the move, the world still has the old answers", time(ttl.value)),
            )
            .at(ttl, "kept this long")
            .because(&ingress.site, format!("hosts move here in the phase `{moves}`"))
            .help(format!("write 300 there, wait {}, then go on to the phase `{moves}`", time(ttl.value))),
        );
    }
    for target in &previous.targets {
        let AddressRef::Name(name) = &target.value else { continue };
        let Some(held) = definition.addresses.get(&**name) else { continue };
        let Some(until) = held.until.as_ref().filter(|it| it.value < moves) else { continue };
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("`{name}` is gone when the hosts move, while the world still has its address"),
            )
            .at(until, format!("the hosts move in the phase `{moves}`"))
            .because(target, "they resolve to it before")
            .help(format!("write `until: {moves}`: the address then stays for as long as answers are kept")),
        );
    }
}

fn time(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} seconds"),
        120..=7199 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn moving(proxy: &str, previous: &str) -> String {
        let definition = edit(
            SMALL,
            "  api-vip:",
            &format!("  proxy: {{ address: 192.0.1.54, holder: external{proxy} }}\n  api-vip:"),
        );
        edit(
            &definition,
            "  externalDns: { owner: small-cluster }\n",
            &format!(
                "  externalDns: {{ owner: small-cluster }}\n  previous: {{ api: \"http://a.dns:8081\", server: second-ns, targets: [proxy]{previous} }}\n"
            ),
        )
    }

    #[test]
    fn the_old_proxy_goes_as_the_hosts_move() {
        assert_snapshot!(report("cutover-before-ttl", &moving(", until: node", "")), @r#"
        warning[cutover-before-ttl]: `proxy` is gone when the hosts move, while the
          world still has its address
           ┌─ cluster.yaml:29:58
           │
        29 │   proxy: { address: 192.0.1.54, holder: external, until: node }
           │                                                          ^^^^
           │                                       the hosts move in the phase `ingress`
           ·
        55 │ …/a.dns:8081", server: second-ns, targets: [proxy] }
           │                                             ----- they resolve to it before
           │
           = in the phase `ingress`
           = help: write `until: ingress`: the address then stays for as long as answers
             are kept
        "#);
    }

    #[test]
    fn answers_are_kept_for_a_day() {
        assert_snapshot!(report("cutover-before-ttl", &moving("", ", ttl: 86400")), @r#"
        warning[cutover-before-ttl]: for 24 hours after the move, the world still has
          the old answers
           ┌─ cluster.yaml:55:83
           │
        45 │ ingress: { controller: traefik, site: vps }
           │                                       ---
           │                                      hosts move here in the phase `ingress`
           ·
        55 │ ….dns:8081", server: second-ns, targets: [proxy], ttl: 86400 }
           │                                                        ^^^^^ kept this long
           │
           = in the phase `ingress`
           = help: write 300 there, wait 24 hours, then go on to the phase `ingress`
        "#);
    }

    #[test]
    fn the_old_proxy_stays_for_a_while() {
        assert_snapshot!(report("cutover-before-ttl", &moving(", until: ingress", ", ttl: 300")), @"");
    }
}
