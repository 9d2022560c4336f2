//! CoreDNS asks Talos' host DNS, and Cilium's BPF masquerading loses the answers.
//!
//! Host DNS listens at a link-local address of the node.
//! With `masquerade: bpf` and without `hostLegacyRouting` packets from pods do not get there: no name resolves.
//!
//! Fix: leave `hostLegacyRouting` on, or turn `talos.forwardKubeDnsToHost` off.
//!
//! Wrong:
//!
//! ```yaml
//! mesh: { kubespan: ~ }
//! cluster: { endpoint: "https://192.0.1.80:6443" }
//! cni:
//!   cilium: { masquerade: bpf, hostLegacyRouting: false }   # talos.forwardKubeDnsToHost is on by default
//! ```
//!
//! Right:
//!
//! ```yaml
//! mesh: { kubespan: ~ }
//! cluster: { endpoint: "https://192.0.1.80:6443" }
//! talos: { forwardKubeDnsToHost: false }
//! cni:
//!   cilium: { masquerade: bpf, hostLegacyRouting: false }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/host-dns

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Masquerade};

super::check!("host-dns-behind-bpf-masquerade", Mesh, "host_dns_behind_bpf_masquerade.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let (talos, cilium) = (&plan.definition.talos, &plan.definition.cni.cilium);
    let Some(masquerade) = cilium.masquerade.as_ref().filter(|it| it.value == Masquerade::Bpf) else {
        return;
    };
    let Some(legacy) = cilium.host_legacy_routing.as_ref().filter(|it| !it.value) else { return };
    if !talos.forward_kube_dns_to_host() {
        return;
    }
    let mut diagnostic = Diagnostic::error(CHECK.code, "CoreDNS cannot reach the host DNS that it asks")
        .at(legacy, "packets from pods skip the host")
        .because(masquerade, "in BPF");
    if let Some(forward) = &talos.forward_kube_dns_to_host {
        diagnostic = diagnostic.because(forward, "CoreDNS asks the host");
    }
    diagnostics.push(
        diagnostic
            .help("delete `hostLegacyRouting`, which is on where absent")
            .help("or write `forwardKubeDnsToHost: false` below `talos`"),
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
        let text = edit(&text, "mesh:\n  kubespan: {}\n", "");
        assert_snapshot!(report("host-dns-behind-bpf-masquerade", &text), @"
        error[host-dns-behind-bpf-masquerade]: CoreDNS cannot reach the host DNS that it
          asks
           ┌─ cluster.yaml:32:101
           │
        32 │ …g: tunnel, masquerade: bpf, hostLegacyRouting: false }
           │                         ---                     ^^^^^
           │                         │                       │
           │                         │                   packets from pods skip the host
           │                         in BPF
           │
           = help: delete `hostLegacyRouting`, which is on where absent
           = help: or write `forwardKubeDnsToHost: false` below `talos`
        ");
    }

    #[test]
    fn no_forwarding() {
        let text =
            edit(SMALL, "routing: tunnel", "routing: tunnel, masquerade: bpf, hostLegacyRouting: false");
        let text = edit(&text, "  contract: v1.13\n", "  contract: v1.13\n  forwardKubeDnsToHost: false\n");
        assert_snapshot!(report("host-dns-behind-bpf-masquerade", &text), @"");
    }
}
