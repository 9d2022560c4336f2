//! A name server that takes port 53 of every address, beside one that is there already.
//!
//! On every Talos node the host's own resolver listens at 127.0.0.53, port 53. A process on the node's network that
//! asks for all addresses gets "address already in use", for UDP as for TCP, whatever it says of reuse.
//!
//! Fix: leave `bind` out, then the node's own addresses are taken; or name addresses; or take `exposure: hostPort`.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   powerdns: { site: vps, exposure: hostNetwork, bind: [0.0.0.0] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   powerdns: { site: vps, exposure: hostNetwork, bind: [198.51.99.10] }   # as where it is left out
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/host-dns

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Exposure};

super::check!("wildcard-bind-on-port-53", Edge, "wildcard_bind_on_port_53.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(powerdns) = plan.definition.dns.as_ref().map(|dns| &dns.powerdns) else { return };
    if powerdns.exposure() != Exposure::HostNetwork {
        if let Some(bind) = powerdns.bind.first() {
            let mut diagnostic = Diagnostic::warning(CHECK.code, "`bind` is not read").at(
                bind,
                "a pod with its own network takes all of its own addresses, where nothing else listens",
            );
            if let Some(exposure) = &powerdns.exposure {
                diagnostic = diagnostic.because(exposure, "gives the pod its own network");
            }
            diagnostics.push(diagnostic.help("take `bind` out, or write `exposure: hostNetwork`"));
        }
        return;
    }
    for bind in powerdns.bind.iter().filter(|it| it.0.is_unspecified()) {
        let mut diagnostic =
            Diagnostic::error(CHECK.code, format!("PowerDNS cannot have port 53 of `{bind}`"))
                .at(bind, "all addresses, 127.0.0.53 among them, where Talos' host DNS listens");
        if let Some(exposure) = &powerdns.exposure {
            diagnostic = diagnostic.because(exposure, "it shares the node's network");
        }
        diagnostics.push(diagnostic.help("take `bind` out: the node's own addresses are taken then"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    const SERVER: &str = "    site: vps\n    apiKey";

    #[test]
    fn all_addresses_of_the_node() {
        let definition = edit(
            SMALL,
            SERVER,
            "    site: vps\n    exposure: hostNetwork\n    bind: [0.0.0.0, \"::\"]\n    apiKey",
        );
        assert_snapshot!(report("wildcard-bind-on-port-53", &definition), @r#"
        error[wildcard-bind-on-port-53]: PowerDNS cannot have port 53 of `0.0.0.0`
           ┌─ cluster.yaml:50:12
           │
        49 │     exposure: hostNetwork
           │               ----------- it shares the node's network
        50 │     bind: [0.0.0.0, "::"]
           │            ^^^^^^^
           │         all addresses, 127.0.0.53 among them, where Talos' host DNS listens
           │
           = help: take `bind` out: the node's own addresses are taken then

        error[wildcard-bind-on-port-53]: PowerDNS cannot have port 53 of `::`
           ┌─ cluster.yaml:50:21
           │
        49 │     exposure: hostNetwork
           │               ----------- it shares the node's network
        50 │     bind: [0.0.0.0, "::"]
           │                     ^^^^
           │         all addresses, 127.0.0.53 among them, where Talos' host DNS listens
           │
           = help: take `bind` out: the node's own addresses are taken then
        "#);
    }

    #[test]
    fn a_bind_that_nothing_reads() {
        let definition = edit(SMALL, SERVER, "    site: vps\n    bind: [198.51.99.10]\n    apiKey");
        assert_snapshot!(report("wildcard-bind-on-port-53", &definition), @"
        warning[wildcard-bind-on-port-53]: `bind` is not read
           ┌─ cluster.yaml:49:12
           │
        49 │     bind: [198.51.99.10]
           │            ^^^^^^^^^^^^
           │    a pod with its own network takes all of its own addresses, where nothing
           │    else listens
           │
           = help: take `bind` out, or write `exposure: hostNetwork`
        ");
    }

    #[test]
    fn the_nodes_own_address() {
        let definition = edit(
            SMALL,
            SERVER,
            "    site: vps\n    exposure: hostNetwork\n    bind: [198.51.99.10]\n    apiKey",
        );
        assert_snapshot!(report("wildcard-bind-on-port-53", &definition), @"");
    }
}
