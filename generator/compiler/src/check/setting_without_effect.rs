//! A setting is said that what is chosen does not know.
//!
//! HTTP/3 and the class `nginx` are Traefik's; Cilium's Gateway is always on the node's own network; routes
//! between nodes are set only where no tunnel carries the packets.
//! Such a line does nothing, and whoever reads it believes that it does.
//!
//! Fix: take the line out, or choose what knows it.
//!
//! Wrong:
//!
//! ```yaml
//! ingress: { controller: cilium-gateway, http3: true }   # Cilium's Gateway speaks no HTTP/3
//! ```
//!
//! Right:
//!
//! ```yaml
//! ingress: { controller: traefik, http3: true }
//! ```
//!
//! Source: https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/host-network-mode/

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Span,
    definition::{Controller, Exposure, Routing},
};

super::check!("setting-without-effect", Edge, "setting_without_effect.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut dead = |setting: &str, span: Span, why: &str, because: Span| {
        diagnostics.push(
            Diagnostic::warning(CHECK.code, format!("`{setting}` has no effect"))
                .at_span(span, "nothing reads this")
                .because_span(because, why)
                .help("take it out")
                .fix_by_removing(span),
        );
    };
    if let Some(ingress) = &plan.definition.ingress {
        let controller = &ingress.controller;
        if controller.value != Controller::Traefik {
            for (setting, value) in [("http3", &ingress.http3), ("nginxClass", &ingress.nginx_class)] {
                if let Some(value) = value.as_ref().filter(|it| it.value) {
                    dead(setting, value.span, "only Traefik knows it", controller.span);
                }
            }
        }
        if controller.value == Controller::CiliumGateway {
            if let Some(exposure) = ingress.exposure.as_ref().filter(|it| it.value == Exposure::HostPort) {
                dead("exposure", exposure.span, "Envoy is on the node's own network", controller.span);
            }
            if let Some(class) = &ingress.class {
                dead("class", class.span, "a Gateway has no IngressClass", controller.span);
            }
        }
    }
    let cilium = &plan.definition.cni.cilium;
    if cilium.routing.value == Routing::Tunnel {
        for (setting, value) in [
            ("autoDirectNodeRoutes", &cilium.auto_direct_node_routes),
            ("directRoutingSkipUnreachable", &cilium.direct_routing_skip_unreachable),
        ] {
            if let Some(value) = value.as_ref().filter(|it| it.value) {
                dead(
                    setting,
                    value.span,
                    "the tunnel carries all packets between nodes",
                    cilium.routing.span,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn http3_without_traefik() {
        let definition = edit(
            SMALL,
            "controller: traefik, site: vps",
            "controller: ingress-nginx, site: vps, http3: true",
        );
        assert_snapshot!(report("setting-without-effect", &definition), @"
        warning[setting-without-effect]: `http3` has no effect
           ┌─ cluster.yaml:44:57
           │
        44 │ ingress: { controller: ingress-nginx, site: vps, http3: true }
           │                        -------------                    ^^^^
           │                        │                                │
           │                        │                                nothing reads this
           │                        only Traefik knows it
           │
           = help: take it out
        ");
    }

    #[test]
    fn http3_with_traefik() {
        let definition =
            edit(SMALL, "controller: traefik, site: vps", "controller: traefik, site: vps, http3: true");
        assert_snapshot!(report("setting-without-effect", &definition), @"");
    }
}
