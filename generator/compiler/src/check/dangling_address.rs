//! An address that nobody holds.
//!
//! Addresses are said once, by nodes and below `addresses`; other places name the holder. A name that nobody has is
//! a slip of the pen. An address written out that nobody holds, or whose holder has gone in a phase of the migration,
//! stays behind when things move: a record that leads nowhere, a forward into the void.
//!
//! Fix: name the holder; or say who holds the address, below `addresses`, and from when until when.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   zones:
//!     example.org:
//!       records: { mail: { addresses: [192.0.1.25] } }   # who is that?
//! ```
//!
//! Right:
//!
//! ```yaml
//! addresses:
//!   mail: { address: 192.0.1.25, holder: external }
//! dns:
//!   zones:
//!     example.org:
//!       records: { mail: { addresses: [mail] } }
//! ```
//!
//! Source: RFC 1912, section 2.1

use components::{Plan, joins};
use model::{
    Diagnostic, Diagnostics, Phase, Spanned,
    definition::AddressRef,
    scalar::{Address, Name},
};

super::check!("dangling-address", Dns, "dangling_address.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let ours = plan.phase >= Phase::Dns;
    if let Some(ingress) = definition.ingress.as_ref().filter(|it| it.since() <= plan.phase) {
        for target in &ingress.targets {
            one(plan, target, diagnostics);
        }
    }
    let Some(dns) = &definition.dns else { return };
    if let Some(previous) = dns.previous.as_ref().filter(|_| !ours) {
        one(plan, &previous.server, diagnostics);
        let moved = definition.ingress.as_ref().is_some_and(|it| it.since() <= plan.phase);
        for target in previous.targets.iter().filter(|_| !moved) {
            one(plan, target, diagnostics);
        }
    }
    if ours {
        for secondary in dns.powerdns.outside_secondaries.values().filter(|it| it.there_in(plan.phase)) {
            one(plan, &secondary.address, diagnostics);
        }
        for zone in dns.zones.values() {
            let nameservers = zone.nameservers.values().flatten();
            for address in nameservers.chain(zone.records.values().flat_map(|set| &set.addresses)) {
                one(plan, address, diagnostics);
            }
        }
    }
}

fn one(plan: &Plan, reference: &Spanned<AddressRef>, diagnostics: &mut Diagnostics) {
    match &reference.value {
        AddressRef::Name(name) => named(plan, reference, name, diagnostics),
        AddressRef::Literal(address) => written_out(plan, reference, *address, diagnostics),
    }
}

fn named(plan: &Plan, reference: &Spanned<AddressRef>, name: &Name, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    if let Some((_, node)) = definition.nodes.get_key_value(&**name) {
        let joins = joins(definition, node);
        if joins > plan.phase {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{name}` is not there yet"))
                    .at(reference, format!("joins in the phase `{joins}`"))
                    .help("let what needs it come later, or the node earlier"),
            );
        }
        return;
    }
    if let Some((_, held)) = definition.addresses.get_key_value(&**name) {
        let phases = held.phases();
        if !phases.contains(plan.phase) {
            let (word, span) = if plan.phase < phases.since {
                ("held from here on", held.since.as_ref())
            } else {
                ("held until here", held.until.as_ref())
            };
            let mut diagnostic = Diagnostic::error(CHECK.code, format!("nobody holds the address `{name}`"))
                .at(reference, format!("leads to `{}`, which is not held in this phase", held.address));
            if let Some(span) = span {
                diagnostic = diagnostic.because(span, word);
            }
            diagnostics.push(diagnostic.help("name another holder, or let this one stay"));
        }
        return;
    }
    let names = || definition.nodes.keys().chain(definition.addresses.keys()).map(|it| &***it);
    let diagnostic = Diagnostic::error(CHECK.code, format!("there is no node or address `{name}`"))
        .at(reference, "nothing has this name");
    diagnostics.push(
        crate::meant(diagnostic, reference.span, name, names())
            .unwrap_or_else(|it| it.help("name a node, or an entry of `addresses`")),
    );
}

fn written_out(
    plan: &Plan,
    reference: &Spanned<AddressRef>,
    address: Address,
    diagnostics: &mut Diagnostics,
) {
    let definition = plan.definition;
    let node = plan.nodes().find(|(_, node)| node.ips().chain(node.public_ips()).any(|ip| ip == address.0));
    if node.is_some() || plan.held().any(|(_, held)| held.address.value == address) {
        return;
    }
    let balancer = definition.load_balancer.iter().flat_map(|it| it.metallb.iter().chain(&it.cilium));
    let mut pools = balancer.flat_map(|it| it.pools.values());
    let live = |until: Option<Phase>| until.is_none_or(|until| plan.phase <= until);
    if pools.any(|pool| {
        live(pool.until.as_ref().map(|it| it.value)) && pool.addresses.iter().any(|it| it.contains(address.0))
    }) {
        return;
    }
    let gone = definition.addresses.iter().find(|(_, held)| held.address.value == address);
    let mut diagnostic = Diagnostic::error(CHECK.code, format!("nobody holds the address `{address}`"))
        .at(reference, "no node, no entry of `addresses` and no pool has it");
    if let Some((name, _)) = gone {
        diagnostic = diagnostic.because(name, "held it in other phases");
    }
    diagnostics.push(diagnostic.help(format!(
        "say who does, `addresses: {{ NAME: {{ address: {address}, holder: external }} }}`, and write NAME here"
    )));
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_name_that_nobody_has() {
        let definition = edit(SMALL, "ns1.example.org: [vps0]", "ns1.example.org: [vsp0]");
        assert_snapshot!(report("dangling-address", &definition), @"
        error[dangling-address]: there is no node or address `vsp0`
           ┌─ cluster.yaml:57:27
           │
        57 │         ns1.example.org: [vsp0]
           │                           ^^^^ nothing has this name
           │
           = in the phases `dns` to `cleanup`
           = help: did you mean `vps0`?
        ");
    }

    #[test]
    fn an_address_that_nobody_holds() {
        let definition = edit(SMALL, "ns2.example.net: [second-ns]", "ns2.example.net: [192.0.1.54]");
        assert_snapshot!(report("dangling-address", &definition), @"
        error[dangling-address]: nobody holds the address `192.0.1.54`
           ┌─ cluster.yaml:58:27
           │
        58 │         ns2.example.net: [192.0.1.54]
           │                           ^^^^^^^^^^
           │                         no node, no entry of `addresses` and no pool has it
           │
           = in the phases `dns` to `cleanup`
           = help: say who does, `addresses: { NAME: { address: 192.0.1.54, holder:
             external } }`, and write NAME here
        ");
    }

    #[test]
    fn a_holder_that_has_gone() {
        let definition = edit(
            SMALL,
            "address: 192.0.1.53, holder: external",
            "address: 192.0.1.53, holder: external, until: dns",
        );
        assert_snapshot!(report("dangling-address", &definition), @"
        error[dangling-address]: nobody holds the address `second-ns`
           ┌─ cluster.yaml:51:26
           │
        30 │   second-ns: { address: 192.0.1.53, holder: external, until: dns }
           │                                                              ---
           │                                                             held until here
           ·
        51 │       second: { address: second-ns }
           │                          ^^^^^^^^^
           │                      leads to `192.0.1.53`, which is not held in this phase
           ·
        58 │         ns2.example.net: [second-ns]
           │                           --------- here too
           │
           = in the phases `services` to `cleanup`
           = help: name another holder, or let this one stay
        ");
    }

    #[test]
    fn addresses_of_nodes_and_pools() {
        let definition = edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            "      hostmaster: hostmaster@example.org\n      records: { a: { addresses: [10.2.3.5, 198.51.99.10, api-vip] } }\ncert",
        );
        assert_snapshot!(report("dangling-address", &definition), @"");
    }
}
