//! The control planes' virtual address is on none of their networks.
//!
//! The control plane that holds the address answers for it on its own link (ARP, or neighbour discovery), so machines around
//! it look for it there alone. Outside of that link's network nobody asks.
//!
//! Fix: take a free address of the network that the control planes are on; with members at several sites, another endpoint.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   cp0: { role: controlplane, addresses: [10.2.1.1/16] }
//! addresses:
//!   api-vip: { address: 10.3.3.1, holder: talos-vip }
//! cluster: { endpoint: "https://10.3.3.1:6443" }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   cp0: { role: controlplane, addresses: [10.2.1.1/16] }
//! addresses:
//!   api-vip: { address: 10.2.3.1, holder: talos-vip }
//! cluster: { endpoint: "https://10.2.3.1:6443" }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/vip

use components::Plan;
use model::{
    Diagnostic, Diagnostics,
    definition::{Holder, Role},
};

super::check!("vip-outside-network", Mesh, "vip_outside_network.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, held) in plan.held().filter(|(_, held)| held.holder.value == Holder::TalosVip) {
        let vip = held.address.0;
        let members = || plan.nodes().filter(|(_, node)| node.role.value == Role::Controlplane);
        let outside = |node: &model::definition::Node| {
            let site = plan.site_of(node).map(|it| it.networks.as_slice()).unwrap_or_default();
            !site.iter().any(|it| it.contains(vip))
                && !node.addresses.iter().any(|it| it.network().contains(&vip))
        };
        let Some((away, node)) = members().find(|(_, node)| outside(node)) else { continue };
        let Some(address) = node.addresses.first() else { continue };
        let all = members().all(|(_, node)| outside(node));
        let diagnostic = if all {
            Diagnostic::error(CHECK.code, format!("`{name}` is on no network of the control planes"))
        } else {
            Diagnostic::warning(CHECK.code, format!("`{name}` never moves to `{away}`"))
        };
        diagnostics.push(
            diagnostic
                .at(&held.address, if all { "nobody finds it there" } else { "on the network of some alone" })
                .because(address, format!("the network of `{away}`"))
                .help("take a free address of the network that the control planes are on"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn on_another_network() {
        assert_snapshot!(report("vip-outside-network", &edit(SMALL, "api-vip: { address: 10.2.3.1", "api-vip: { address: 10.3.3.1")), @"
        error[vip-outside-network]: `api-vip` is on no network of the control planes
           ┌─ cluster.yaml:29:23
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │                                                      -----------
           │                                                      the network of `cp0`
           ·
        29 │   api-vip: { address: 10.3.3.1, holder: talos-vip }
           │                       ^^^^^^^^ nobody finds it there
           │
           = help: take a free address of the network that the control planes are on
        ");
    }

    #[test]
    fn on_their_own() {
        assert_snapshot!(report("vip-outside-network", SMALL), @"");
    }
}
