//! A node's addresses are set by hand, and nothing says where its packets leave.
//!
//! A machine that asks for its address with DHCP is told its gateway too, and so is one that a cloud configures.
//! With `platform: metal` or `nocloud` and addresses of our own it has none: it reaches its own network alone, and neither
//! images, nor time, nor discovery.
//!
//! Fix: write `gateways` for the site's machines, one for each family; or `dhcp: true`.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { machine: { gateways: [] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   vps: { machine: { gateways: [198.51.99.1] } }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/configuration/static

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Platform};

super::check!("node-without-gateway", Mesh, "node_without_gateway.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, node) in plan.nodes() {
        let (Some(site), Some(address)) = (plan.site_of(node), node.addresses.first()) else { continue };
        let machine = node.machine.over(&site.machine);
        let by_hand = matches!(machine.platform(), Platform::Metal | Platform::Nocloud) && !machine.dhcp();
        if by_hand && machine.gateways.is_empty() {
            diagnostics.push(
                Diagnostic::warning(CHECK.code, format!("`{name}` has no gateway"))
                    .at(address, "set by hand, so nobody tells the node where its packets leave")
                    .because(&node.site, "nor does its site say")
                    .help("write `machine: { gateways: [ADDRESS] }` for the site, or `dhcp: true`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn addresses_alone() {
        let text = edit(SMALL, "    machine: { gateways: [198.51.99.1] }\n", "");
        assert_snapshot!(report("node-without-gateway", &text), @"
        warning[node-without-gateway]: `vps0` has no gateway
           ┌─ cluster.yaml:26:48
           │
        26 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │                 ---                            ^^^^^^^^^^^^^^^
           │                 │                              │
           │               set by hand, so nobody tells the node where its packets leave
           │                 nor does its site say
           │
           = in the phases `node` to `cleanup`
           = help: write `machine: { gateways: [ADDRESS] }` for the site, or `dhcp:
             true`
        ");
    }

    #[test]
    fn by_dhcp() {
        let text = edit(SMALL, "gateways: [198.51.99.1]", "dhcp: true");
        assert_snapshot!(report("node-without-gateway", &text), @"");
    }
}
