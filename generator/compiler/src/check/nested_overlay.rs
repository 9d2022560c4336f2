//! KubeSpan may travel within Tailscale.
//!
//! Nodes that run both have an address of each. A peer that is offered the Tailscale address uses it: WireGuard within
//! WireGuard, with packets of 1280 bytes on the outside and a mesh that expects 1420.
//! As a node's own address it makes Kubernetes depend on Tailscale.
//!
//! Fix: end the filter with `!100.64.0.0/10`, or delete it: the exclusion is there by itself.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { machine: { extensions: [tailscale] } }
//! mesh: { kubespan: { endpointFilters: [0.0.0.0/0] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { machine: { extensions: [tailscale] } }
//! mesh: { kubespan: { endpointFilters: [0.0.0.0/0, "!100.64.0.0/10"] } }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan, https://tailscale.com/kb/1015/100.x-addresses

use super::node_ip_outside_subnets::passes;
use components::{Plan, talos::facts};
use model::{Diagnostic, Diagnostics, Spanned, scalar::SubnetFilter};
use std::net::IpAddr;

super::check!("nested-overlay", Mesh, "nested_overlay.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    if !plan.kubespan() || !facts::tailscale(plan) {
        return;
    }
    let definition = plan.definition;
    let endpoints = definition.mesh.kubespan().and_then(|it| it.endpoint_filters.as_ref());
    let mut lists: Vec<(&[Spanned<SubnetFilter>], &str)> = Vec::new();
    lists.extend(endpoints.map(|it| (it.as_slice(), "nodes announce their Tailscale addresses to the mesh")));
    let own = definition.nodes.values().filter_map(|node| node.node_ip_subnets.as_ref());
    for list in definition.talos.node_ip_subnets.iter().chain(own) {
        lists.push((list, "a node may take its Tailscale address for its own"));
    }
    for (list, message) in lists {
        let filters: Vec<SubnetFilter> = list.iter().map(|it| it.value).collect();
        // Any address of the range will do: nobody has but a part of it.
        let sample: IpAddr = "100.64.0.1".parse().expect("an address");
        let Some(open) = list.iter().find(|it| !it.exclude && it.network.contains(&sample)) else { continue };
        if passes(&filters, sample) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, message)
                    .at(open, "holds 100.64.0.0/10, which is Tailscale's")
                    .help("add `\"!100.64.0.0/10\"`, or delete the filter"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn tailscale_addresses_are_announced() {
        let text = edit(SMALL, "kubespan: {}", "kubespan: { endpointFilters: [0.0.0.0/0] }");
        let text = edit(&text, "gateways: [10.2.0.1]", "gateways: [10.2.0.1], extensions: [tailscale]");
        assert_snapshot!(report("nested-overlay", &text), @r#"
        error[nested-overlay]: nodes announce their Tailscale addresses to the mesh
           ┌─ cluster.yaml:32:33
           │
        32 │   kubespan: { endpointFilters: [0.0.0.0/0] }
           │                                 ^^^^^^^^^
           │                                 holds 100.64.0.0/10, which is Tailscale's
           │
           = in the phases `mesh` to `cleanup`
           = help: add `"!100.64.0.0/10"`, or delete the filter
        "#);
    }

    #[test]
    fn left_out_by_itself() {
        let text = edit(SMALL, "gateways: [10.2.0.1]", "gateways: [10.2.0.1], extensions: [tailscale]");
        assert_snapshot!(report("nested-overlay", &text), @"");
    }
}
