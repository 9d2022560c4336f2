//! Cilium is to route straight to nodes that are on another network.
//!
//! `autoDirectNodeRoutes` sets a route to each node's pods by that node's address as the gateway.
//! A node of another site is no gateway on this link: Cilium refuses the route, and its pods are not reached.
//! Without direct routes and without a mesh nothing between two sites knows where a pod is: a warning, as routers of
//! your own might.
//!
//! Fix: `routing: tunnel` without `autoDirectNodeRoutes`.
//! Or `directRoutingSkipUnreachable: true`, with the mesh to carry what it leaves out.
//!
//! Wrong:
//!
//! ```yaml
//! cni:
//!   cilium: { routing: native, autoDirectNodeRoutes: true }   # nodes at home and at a VPS
//! ```
//!
//! Right:
//!
//! ```yaml
//! cni:
//!   cilium: { routing: native, autoDirectNodeRoutes: true, directRoutingSkipUnreachable: true }
//! ```
//!
//! Source: https://docs.cilium.io/en/stable/network/concepts/routing/

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Routing};
use std::collections::BTreeSet;

super::check!("direct-routes-across-sites", Mesh, "direct_routes_across_sites.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let cilium = &plan.definition.cni.cilium;
    unrouted(plan, diagnostics);
    let Some(direct) = cilium.auto_direct_node_routes.as_ref().filter(|it| it.value) else { return };
    let sites: BTreeSet<&str> = plan.nodes().map(|(_, node)| &**node.site).collect();
    if sites.len() < 2 || cilium.direct_routing_skip_unreachable() {
        return;
    }
    let sites: Vec<String> = sites.into_iter().map(|site| format!("`{site}`")).collect();
    let diagnostic =
        Diagnostic::error(CHECK.code, format!("direct routes between nodes of {}", sites.join(" and ")))
            .at(direct, "needs all nodes on one network")
            .because(&cilium.routing, "how pods are routed")
            .help("delete this line, and write `routing: tunnel`")
            .help("or write `directRoutingSkipUnreachable: true`, with pod networks announced in the mesh");
    // With a tunnel the line is of no use to anyone.
    let tunnel = cilium.routing.value == Routing::Tunnel;
    diagnostics.push(if tunnel { diagnostic.fix_by_removing(direct.span) } else { diagnostic });
}

/// Native routing between sites with no mesh that could carry it: a router of one's own may, so this is a warning.
fn unrouted(plan: &Plan, diagnostics: &mut Diagnostics) {
    let routing = &plan.definition.cni.cilium.routing;
    let direct = plan.definition.cni.cilium.auto_direct_node_routes();
    let mesh = plan.definition.mesh.kubespan().is_some();
    if routing.value != Routing::Native || mesh || direct {
        return;
    }
    let mut nodes = plan.nodes();
    let Some((first, node)) = nodes.next() else { return };
    let Some((second, other)) = nodes.find(|(_, it)| it.site != node.site) else { return };
    diagnostics.push(
        Diagnostic::warning(
            CHECK.code,
            format!("nothing carries packets of pods between `{}` and `{}`", node.site, other.site),
        )
        .at(routing, "they leave with addresses that no router between the sites knows")
        .because(first, format!("at `{}`", node.site))
        .because(second, format!("at `{}`", other.site))
        .help("write `routing: tunnel`, or declare `mesh.kubespan`")
        .help("where routers of yours have these routes, allow this warning and say so"),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn home_and_vps() {
        let text = edit(SMALL, "routing: tunnel", "routing: native, autoDirectNodeRoutes: true");
        assert_snapshot!(report("direct-routes-across-sites", &text), @"
        error[direct-routes-across-sites]: direct routes between nodes of `home` and
          `vps`
           ┌─ cluster.yaml:34:87
           │
        34 │ …agedBy: flux, routing: native, autoDirectNodeRoutes: true }
           │                         ------                        ^^^^
           │                         │                             │
           │                         │                    needs all nodes on one network
           │                         how pods are routed
           │
           = in the phases `node` to `cleanup`
           = help: delete this line, and write `routing: tunnel`
           = help: or write `directRoutingSkipUnreachable: true`, with pod networks
             announced in the mesh
        ");
    }

    #[test]
    fn nothing_between_the_sites() {
        let text = edit(SMALL, "routing: tunnel", "routing: native");
        let text = edit(&text, "mesh:\n  kubespan: {}\n", "");
        assert_snapshot!(report("direct-routes-across-sites", &text), @"
        warning[direct-routes-across-sites]: nothing carries packets of pods between
          `home` and `vps`
           ┌─ cluster.yaml:32:57
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │   --- at `home`
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- at `vps`
           ·
        32 │   cilium: { version: v1.20.2, managedBy: flux, routing: native }
           │                                                         ^^^^^^
           │            they leave with addresses that no router between the sites knows
           │
           = in the phases `node` to `cleanup`
           = help: write `routing: tunnel`, or declare `mesh.kubespan`
           = help: where routers of yours have these routes, allow this warning and say
             so
        ");
    }

    #[test]
    fn the_unreachable_are_skipped() {
        let routes = "routing: native, autoDirectNodeRoutes: true, directRoutingSkipUnreachable: true";
        assert_snapshot!(report("direct-routes-across-sites", &edit(SMALL, "routing: tunnel", routes)), @"");
    }
}
