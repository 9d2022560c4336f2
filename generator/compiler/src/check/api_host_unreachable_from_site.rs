//! Cilium looks for the Kubernetes API where a node cannot reach it.
//!
//! Cilium makes the pod network, so it cannot use a Service to find the API: `k8sServiceHost` must be reachable
//! from each node by itself. An address of one site's network is not, from another site, unless the mesh carries it.
//!
//! Fix: delete `apiHost` and `apiPort`: KubePrism answers at `localhost:7445` on every node.
//!
//! Wrong:
//!
//! ```yaml
//! cni:
//!   cilium: { apiHost: 10.2.3.1, apiPort: 6443 }   # an address of the house, and a node at a VPS
//! ```
//!
//! Right:
//!
//! ```yaml
//! cni:
//!   cilium: { apiHost: localhost, apiPort: 7445 }   # KubePrism, also where both are left out
//! ```
//!
//! Source: https://docs.siderolabs.com/kubernetes-guides/cni/deploying-cilium

use components::{Plan, talos::reach::is_public};
use model::{Diagnostic, Diagnostics};
use std::net::IpAddr;

super::check!("api-host-unreachable-from-site", Mesh, "api_host_unreachable_from_site.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let (talos, cilium) = (&plan.definition.talos, &plan.definition.cni.cilium);
    let Some(host) = &cilium.api_host else {
        if let Some(prism) = talos.kube_prism.as_ref().filter(|it| !it.value && cilium.api_fallback.is_none())
        {
            diagnostics.push(
                Diagnostic::error(CHECK.code, "Cilium looks for the API at KubePrism, which is off")
                    .at(prism, "nothing answers at `localhost:7445`")
                    .help("delete this line, or write `apiHost` and `apiPort` below `cni.cilium`"),
            );
        }
        return;
    };
    let Ok(ip) = host.value.parse::<IpAddr>() else { return };
    if is_public(ip) || ip.is_loopback() {
        return;
    }
    let near = |site: &str| {
        let networks = plan.definition.site(site).map(|it| it.networks.as_slice()).unwrap_or_default();
        networks.iter().any(|it| it.contains(ip))
            || plan.nodes_at(site).any(|(_, node)| node.addresses.iter().any(|it| it.network().contains(&ip)))
    };
    let Some((name, node)) = plan.nodes().find(|(_, node)| !near(&node.site)) else { return };
    // KubeSpan carries packets for addresses that a node itself has: its own, and the virtual one.
    let carried = plan.kubespan()
        && (plan.nodes().any(|(_, node)| node.ips().any(|it| it == ip))
            || plan.held().any(|(_, held)| {
                held.address.0 == ip && held.holder.value == model::definition::Holder::TalosVip
            }));
    let site = &node.site;
    let diagnostic = if carried {
        Diagnostic::warning(CHECK.code, format!("Cilium at `{site}` finds the API through the mesh alone"))
    } else {
        Diagnostic::error(CHECK.code, format!("Cilium at `{site}` cannot reach the API at `{host}`"))
    };
    let port = cilium.api_port.as_ref().map_or_else(Default::default, |it| it.span);
    let prism = talos.kube_prism();
    let diagnostic =
        if prism { diagnostic.fix_by_removing(host.span).fix_by_removing(port) } else { diagnostic };
    diagnostics.push(
        diagnostic
            .at(host, "an address of another site's network")
            .because(name, format!("is at `{site}`"))
            .help("delete `apiHost` and `apiPort`: KubePrism answers at `localhost:7445` on every node"),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn the_virtual_address_from_the_vps() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, apiHost: 10.2.3.1, apiPort: 6443");
        assert_snapshot!(report("api-host-unreachable-from-site", &text), @"
        warning[api-host-unreachable-from-site]: Cilium at `vps` finds the API through
          the mesh alone
           ┌─ cluster.yaml:34:74
           │
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- is at `vps`
           ·
        34 │ …x, routing: tunnel, apiHost: 10.2.3.1, apiPort: 6443 }
           │                               ^^^^^^^^ an address of another site's network
           │
           = in the phases `node` to `cleanup`
           = help: delete `apiHost` and `apiPort`: KubePrism answers at `localhost:7445`
             on every node
        ");
    }

    #[test]
    fn an_address_that_no_node_has() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, apiHost: 10.2.3.9, apiPort: 6443");
        assert_snapshot!(report("api-host-unreachable-from-site", &text), @"
        error[api-host-unreachable-from-site]: Cilium at `vps` cannot reach the API at
          `10.2.3.9`
           ┌─ cluster.yaml:34:74
           │
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- is at `vps`
           ·
        34 │ …x, routing: tunnel, apiHost: 10.2.3.9, apiPort: 6443 }
           │                               ^^^^^^^^ an address of another site's network
           │
           = in the phases `node` to `cleanup`
           = help: delete `apiHost` and `apiPort`: KubePrism answers at `localhost:7445`
             on every node
        ");
    }

    #[test]
    fn kube_prism_off() {
        let text = edit(SMALL, "  contract: v1.13\n", "  contract: v1.13\n  kubePrism: false\n");
        assert_snapshot!(report("api-host-unreachable-from-site", &text), @"
        error[api-host-unreachable-from-site]: Cilium looks for the API at KubePrism,
          which is off
           ┌─ cluster.yaml:10:14
           │
        10 │   kubePrism: false
           │              ^^^^^ nothing answers at `localhost:7445`
           │
           = help: delete this line, or write `apiHost` and `apiPort` below `cni.cilium`
        ");
    }

    #[test]
    fn kube_prism() {
        assert_snapshot!(report("api-host-unreachable-from-site", SMALL), @"");
    }
}
