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
    workloads(plan, diagnostics);
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
        for each in &powerdns.bind {
            diagnostic = diagnostic.fix_by_removing(each.span);
        }
        diagnostics.push(diagnostic.help("take `bind` out: the node's own addresses are taken then"));
    }
}

/// Name servers among the workloads that the repository holds.
fn workloads(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, pods) in plan.adopted.pods(plan) {
        let Some(network) = pods.host_network() else { continue };
        let ports = pods.host_ports();
        let Some((.., place)) = ports.iter().find(|(_, port, _)| *port == 53) else { continue };
        let said = |node: &model::Node| {
            let mut said = false;
            node.visit(&mut |it| {
                said |= it.str().is_some_and(|text| text.contains("local-address") || text.contains("-bind"));
            });
            said
        };
        // A file of configuration beside it may say which addresses it binds.
        let bound = plan.adopted.objects_of(bundle).any(|object| said(&object.node));
        if bound || pods.nodes(plan, bundle).is_empty() {
            continue;
        }
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("{} cannot have port 53 of all addresses of its node", pods.object.title()))
                .at_span(*place, "127.0.0.53 among them, where Talos' host DNS listens")
                .because_span(network, "it shares the node's network")
                .help("name the addresses that it binds (`local-address` of PowerDNS), or take `hostPort: 53` on a network of its own"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
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
           │            ^^^^^^^  ---- and `::`
           │            │
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

    #[test]
    fn a_name_server_on_the_network_of_its_node() {
        let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: dns }\nspec:\n  template:\n    spec:\n      hostNetwork: true\n      containers:\n        - name: dns\n          ports: [{ containerPort: 53, protocol: UDP }]\n";
        assert_snapshot!(report_of("wildcard-bind-on-port-53", SMALL, &[("k8s/gitea/dns.yaml", text)]), @"
        error[wildcard-bind-on-port-53]: DaemonSet `dns` cannot have port 53 of all
          addresses of its node
           ┌─ k8s/gitea/dns.yaml:10:36
           │
         7 │       hostNetwork: true
           │       ----------- it shares the node's network
           ·
        10 │           ports: [{ containerPort: 53, protocol: UDP }]
           │                                    ^^
           │                        127.0.0.53 among them, where Talos' host DNS listens
           │
           = in the phases `dns` to `cleanup`
           = help: name the addresses that it binds (`local-address` of PowerDNS), or
             take `hostPort: 53` on a network of its own
        ");
        let bound = text.to_owned() + "          args: [--local-address=10.2.2.1]\n";
        assert_snapshot!(report_of("wildcard-bind-on-port-53", SMALL, &[("k8s/gitea/dns.yaml", &bound)]), @"");
    }
}
