//! A machine is wiped to become a node while something still relies on it.
//!
//! A node with `replaces` takes the place of a machine outside the cluster. From the phase in which it joins, that
//! machine answers nobody: not as a name server, not as a proxy, and not for what it did besides.
//! Where it was the only name server, not even the way back can be announced.
//!
//! Fix: serve it elsewhere in the phase before; or rent a second machine, and let the first one be.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24], replaces: second-ns }
//! addresses:
//!   second-ns: { address: 192.0.1.53, holder: external }
//! dns:
//!   powerdns: { outsideSecondaries: { second: { address: second-ns } } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
//! addresses:
//!   second-ns: { address: 192.0.1.53, holder: external }
//! dns:
//!   powerdns: { outsideSecondaries: { second: { address: second-ns } } }
//! ```
//!
//! Source: https://www.rfc-editor.org/rfc/rfc2182 (a zone needs a second name server, elsewhere)

use components::{Plan, joins};
use model::{Diagnostic, Diagnostics, Phase, Span, Spanned, definition::AddressRef, scalar::Name};

super::check!("host-still-serving", Placement, "host_still_serving.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    for (name, node) in &definition.nodes {
        let Some(machine) = &node.replaces else { continue };
        let Some((declared, held)) = definition.addresses.get_key_value(&***machine) else {
            unknown(plan, machine, diagnostics);
            continue;
        };
        if joins(definition, node) > plan.phase {
            continue;
        }
        let mut served: Vec<(Span, String)> =
            held.serves.iter().map(|it| (it.span, format!("`{it}` runs there"))).collect();
        served.extend(relied_on(plan, &machine.value));
        let Some(((place, what), others)) = served.split_first() else { continue };
        let mut diagnostic = Diagnostic::error(
            CHECK.code,
            format!("`{machine}` is wiped to become `{name}`, and still serves something"),
        )
        .at_span(*place, what.clone())
        .because(machine, format!("wiped in the phase `{}`", joins(definition, node)))
        .because(declared, "the machine");
        for (place, what) in others.iter().take(3) {
            diagnostic = diagnostic.because_span(*place, what.clone());
        }
        if others.len() > 3 {
            diagnostic = diagnostic.note(format!("and {} more places rely on it", others.len() - 3));
        }
        diagnostics.push(
            diagnostic.help("serve it elsewhere in the phase before, or make another machine the node"),
        );
    }
}

fn unknown(plan: &Plan, machine: &Spanned<Name>, diagnostics: &mut Diagnostics) {
    let diagnostic = Diagnostic::error(CHECK.code, format!("there is no entry `{machine}` in `addresses`"))
        .at(machine, "nothing has this name");
    let names = plan.definition.addresses.keys().map(|it| &***it);
    diagnostics.push(match crate::closest(machine, names) {
        Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
        None => diagnostic.help("name the machine's entry of `addresses`"),
    });
}

/// Where the definition relies on a machine in this phase.
fn relied_on(plan: &Plan, machine: &Name) -> Vec<(Span, String)> {
    let Some(dns) = &plan.definition.dns else { return Vec::new() };
    let is =
        |reference: &&Spanned<AddressRef>| matches!(&reference.value, AddressRef::Name(it) if it == machine);
    let mut found = Vec::new();
    let mut see = |reference: Option<&Spanned<AddressRef>>, what: String| {
        found.extend(reference.map(|it| (it.span, what)));
    };
    if plan.phase < Phase::Dns {
        if let Some(previous) = &dns.previous {
            see(Some(&previous.server).filter(is), "answers for the zones until the phase `dns`".into());
            let moved = plan.definition.ingress.as_ref().is_some_and(|it| it.since() <= plan.phase);
            see(
                previous.targets.iter().filter(|_| !moved).find(is),
                "hosts resolve to it until the ingress moves".into(),
            );
        }
    } else {
        for (name, secondary) in &dns.powerdns.outside_secondaries {
            let there = secondary.there_in(plan.phase);
            see(Some(&secondary.address).filter(|it| there && is(it)), format!("`{name}` is a name server"));
        }
        for zone in dns.zones.values() {
            for (host, addresses) in &zone.nameservers {
                see(addresses.iter().find(is), format!("the name server `{host}`"));
            }
            for (record, set) in &zone.records {
                see(set.addresses.iter().find(is), format!("`{record}` leads there"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn the_second_name_server_becomes_the_node() {
        let definition =
            edit(SMALL, "addresses: [198.51.99.10/24]", "addresses: [198.51.99.10/24], replaces: second-ns");
        assert_snapshot!(report("host-still-serving", &definition), @"
        error[host-still-serving]: `second-ns` is wiped to become `vps0`, and still
          serves something
           ┌─ cluster.yaml:51:26
           │
        27 │ …ddresses: [198.51.99.10/24], replaces: second-ns }
           │                                         --------- wiped in the phase `node`
           ·
        30 │   second-ns: { address: 192.0.1.53, holder: external }
           │   --------- the machine
           ·
        51 │       second: { address: second-ns }
           │                          ^^^^^^^^^ `second` is a name server
           ·
        58 │         ns2.example.net: [second-ns]
           │                           --------- the name server `ns2.example.net`
           │
           = in the phases `dns` to `cleanup`
           = help: serve it elsewhere in the phase before, or make another machine the
             node
        ");
    }

    #[test]
    fn a_machine_that_does_something_else_besides() {
        let definition =
            edit(SMALL, "addresses: [198.51.99.10/24]", "addresses: [198.51.99.10/24], replaces: proxy");
        let definition = edit(
            &definition,
            "  api-vip:",
            "  proxy: { address: 192.0.1.54, holder: external, until: mesh, serves: [headscale] }\n  api-vip:",
        );
        assert_snapshot!(report("host-still-serving", &definition), @"
        error[host-still-serving]: `proxy` is wiped to become `vps0`, and still serves
          something
           ┌─ cluster.yaml:29:73
           │
        27 │ …r, addresses: [198.51.99.10/24], replaces: proxy }
           │                                             ----- wiped in the phase `node`
        28 │ addresses:
        29 │ …{ address: 192.0.1.54, holder: external, until: mesh, serves: [headscale]…
           │ -                                                               ^^^^^^^^^
           │ │                                                               │
           │ │                                                    `headscale` runs there
           │ the machine
           │
           = in the phases `node` to `cleanup`
           = help: serve it elsewhere in the phase before, or make another machine the
             node
        ");
    }

    #[test]
    fn a_machine_that_nobody_relies_on() {
        let definition =
            edit(SMALL, "addresses: [198.51.99.10/24]", "addresses: [198.51.99.10/24], replaces: proxy");
        let definition = edit(
            &definition,
            "  api-vip:",
            "  proxy: { address: 192.0.1.54, holder: external, until: mesh }\n  api-vip:",
        );
        assert_snapshot!(report("host-still-serving", &definition), @"");
    }
}
