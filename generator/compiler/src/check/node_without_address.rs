//! A node has no address.
//!
//! Other nodes, certificates, firewalls and records are worked out of the addresses of each node, also of one that asks for
//! them with DHCP: reserve them at the DHCP server, and write them here.
//!
//! Fix: write the node's address with the prefix length of its network.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   worker0: { addresses: [] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   worker0: { addresses: [10.2.2.1/16] }
//! ```
//!
//! Source: docs/definition.md

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("node-without-address", Mesh, "node_without_address.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, node) in plan.nodes().filter(|(_, node)| node.addresses.is_empty()) {
        let mut diagnostic =
            Diagnostic::error(CHECK.code, format!("`{name}` has no address")).at(name, "nobody can reach it");
        if let Some(network) = plan.site_of(node).and_then(|site| site.networks.first()) {
            diagnostic = diagnostic.because(network, "its site's network");
        }
        diagnostics.push(diagnostic.help("write `addresses: [ADDRESS/LENGTH]`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn an_empty_list() {
        assert_snapshot!(report("node-without-address", &edit(SMALL, "[10.2.2.1/16]", "[]")), @"
        error[node-without-address]: `worker0` has no address
           ┌─ cluster.yaml:26:3
           │
        16 │     networks: [10.2.0.0/16]
           │                ----------- its site's network
           ·
        26 │   worker0: { site: home, role: worker, addresses: [] }
           │   ^^^^^^^ nobody can reach it
           │
           = help: write `addresses: [ADDRESS/LENGTH]`
        ");
    }

    #[test]
    fn one_each() {
        assert_snapshot!(report("node-without-address", SMALL), @"");
    }
}
