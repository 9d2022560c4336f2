//! KubeSpan is on, and Cilium routes pods natively without what that needs.
//!
//! Packets of pods leave a node with the pod's own address. KubeSpan takes them only where nodes announce
//! their pod networks, and only Talos 1.12.4 and later put them into the tunnel; Cilium must leave the
//! host's routing to the kernel, or its packets pass the tunnel by.
//!
//! Fix: `routing: tunnel`, which works over any mesh.
//! Or Talos 1.13 with `advertiseKubernetesNetworks: true` and `hostLegacyRouting: true`.
//!
//! Wrong:
//!
//! ```yaml
//! mesh: { kubespan: { advertiseKubernetesNetworks: false } }
//! cni:
//!   cilium: { routing: native }
//! ```
//!
//! Right:
//!
//! ```yaml
//! mesh: { kubespan: { advertiseKubernetesNetworks: true } }
//! cni:
//!   cilium: { routing: native, hostLegacyRouting: true }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan (Cilium compatibility)

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Routing};

super::check!("kubespan-with-native-routing", Mesh, "kubespan_with_native_routing.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let cilium = &plan.definition.cni.cilium;
    let Some(kubespan) = plan.definition.mesh.kubespan.as_ref().filter(|_| plan.kubespan()) else { return };
    if cilium.routing.value != Routing::Native {
        return;
    }
    let version = &plan.definition.talos.version;
    let mut push = |diagnostic: Diagnostic, help: &str| {
        let diagnostic = diagnostic.because(kubespan, "the mesh that carries them");
        diagnostics.push(diagnostic.help("write `routing: tunnel`").help(help));
    };
    if version.0 < semver::Version::new(1, 12, 4) {
        push(
            Diagnostic::error(CHECK.code, "KubeSpan of this Talos does not carry natively routed pods")
                .at(&cilium.routing, "packets of pods leave outside of the mesh")
                .because(version, "carries them from v1.12.4 on"),
            "or run Talos v1.13",
        );
        return;
    }
    if let Some(advertise) = kubespan.advertise_kubernetes_networks.as_ref().filter(|it| !it.value) {
        push(
            Diagnostic::error(
                CHECK.code,
                "pods are routed natively, and nodes do not announce their networks",
            )
            .at(advertise, "no other node knows where a pod is")
            .because(&cilium.routing, "needs the networks announced"),
            "or delete `advertiseKubernetesNetworks`, which is on with native routing",
        );
    }
    if let Some(legacy) = cilium.host_legacy_routing.as_ref().filter(|it| !it.value) {
        push(
            Diagnostic::error(CHECK.code, "pods are routed natively, past the routes of the mesh")
                .at(legacy, "Cilium does not ask the kernel, which knows KubeSpan's routes")
                .because(&cilium.routing, "needs the kernel's routes"),
            "or delete `hostLegacyRouting`, which is on where absent",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn an_old_talos() {
        let text = edit(SMALL, "routing: tunnel", "routing: native");
        let text = edit(&text, "  version: v1.13.9\n  contract: v1.13\n", "  version: v1.12.3\n");
        assert_snapshot!(report("kubespan-with-native-routing", &text), @"
        error[kubespan-with-native-routing]: KubeSpan of this Talos does not carry
          natively routed pods
           ┌─ cluster.yaml:33:57
           │
         8 │   version: v1.12.3
           │            ------- carries them from v1.12.4 on
           ·
        31 │   kubespan: {}
           │             -- the mesh that carries them
        32 │ cni:
        33 │   cilium: { version: v1.20.2, managedBy: flux, routing: native }
           │                                                         ^^^^^^
           │                                   packets of pods leave outside of the mesh
           │
           = in the phases `mesh` to `cleanup`
           = help: write `routing: tunnel`
           = help: or run Talos v1.13
        ");
    }

    #[test]
    fn networks_not_announced() {
        let text = edit(SMALL, "routing: tunnel", "routing: native");
        let text = edit(&text, "kubespan: {}", "kubespan: { advertiseKubernetesNetworks: false }");
        assert_snapshot!(report("kubespan-with-native-routing", &text), @"
        error[kubespan-with-native-routing]: pods are routed natively, and nodes do not
          announce their networks
           ┌─ cluster.yaml:32:44
           │
        32 │   kubespan: { advertiseKubernetesNetworks: false }
           │             -------------------------------^^^^^--
           │             │                              │
           │             │                            no other node knows where a pod is
           │             the mesh that carries them
        33 │ cni:
        34 │   cilium: { version: v1.20.2, managedBy: flux, routing: native }
           │                                                         ------
           │                                                needs the networks announced
           │
           = in the phases `mesh` to `cleanup`
           = help: write `routing: tunnel`
           = help: or delete `advertiseKubernetesNetworks`, which is on with native
             routing
        ");
    }

    #[test]
    fn native_with_all_it_needs() {
        let text = edit(SMALL, "routing: tunnel", "routing: native");
        assert_snapshot!(report("kubespan-with-native-routing", &text), @"");
    }
}
