//! Cilium masquerades in BPF past the host's routing, and KubeSpan never sees the packets.
//!
//! KubeSpan takes packets in Netfilter and by routes of its own.
//! With `masquerade: bpf` and without `hostLegacyRouting` Cilium sends straight to the link.
//!
//! Fix: leave `hostLegacyRouting` on, or masquerade with iptables.
//!
//! Wrong:
//!
//! ```yaml
//! mesh: { kubespan: {} }
//! talos: { forwardKubeDnsToHost: false }
//! cni:
//!   cilium: { masquerade: bpf, hostLegacyRouting: false }
//! ```
//!
//! Right:
//!
//! ```yaml
//! mesh: { kubespan: {} }
//! talos: { forwardKubeDnsToHost: false }
//! cni:
//!   cilium: { masquerade: bpf, hostLegacyRouting: true }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan (Cilium compatibility)

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Masquerade};

super::check!("bpf-masquerade-with-kubespan", Mesh, "bpf_masquerade_with_kubespan.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let cilium = &plan.definition.cni.cilium;
    let Some(kubespan) = plan.definition.mesh.kubespan.as_ref().filter(|_| plan.kubespan()) else { return };
    let Some(masquerade) = cilium.masquerade.as_ref().filter(|it| it.value == Masquerade::Bpf) else {
        return;
    };
    let Some(legacy) = cilium.host_legacy_routing.as_ref().filter(|it| !it.value) else { return };
    diagnostics.push(
        Diagnostic::error(CHECK.code, "Cilium sends past KubeSpan")
            .at(legacy, "packets skip the kernel's routes and Netfilter")
            .because(masquerade, "in BPF")
            .because(kubespan, "works by the kernel's routes and Netfilter")
            .help("delete `hostLegacyRouting`, which is on where absent")
            .help("or delete `masquerade`, which is `iptables` where absent")
            .fix_by_replacing(legacy.span, "true"),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn past_the_host() {
        let text =
            edit(SMALL, "routing: tunnel", "routing: tunnel, masquerade: bpf, hostLegacyRouting: false");
        assert_snapshot!(report("bpf-masquerade-with-kubespan", &text), @"
        error[bpf-masquerade-with-kubespan]: Cilium sends past KubeSpan
           ┌─ cluster.yaml:34:101
           │
        32 │   kubespan: {}
           │             -- works by the kernel's routes and Netfilter
        33 │ cni:
        34 │ …g: tunnel, masquerade: bpf, hostLegacyRouting: false }
           │                         ---                     ^^^^^
           │                         │                       │
           │                         │    packets skip the kernel's routes and Netfilter
           │                         in BPF
           │
           = in the phases `mesh` to `cleanup`
           = help: delete `hostLegacyRouting`, which is on where absent
           = help: or delete `masquerade`, which is `iptables` where absent
        ");
    }

    #[test]
    fn through_the_host() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, masquerade: bpf");
        assert_snapshot!(report("bpf-masquerade-with-kubespan", &text), @"");
    }
}
