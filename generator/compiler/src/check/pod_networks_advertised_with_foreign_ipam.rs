//! Nodes announce pod networks that are not the ones their pods have.
//!
//! With `advertiseKubernetesNetworks` KubeSpan announces each Node's `podCIDRs`, which Kubernetes hands out.
//! Cilium's own pools (`ipam: cluster-pool`) are others: packets for a pod go to the wrong node.
//!
//! Fix: `ipam: kubernetes`, which makes every pod anew on a cluster that runs; or a tunnel without announcing.
//!
//! Wrong:
//!
//! ```yaml
//! mesh: { kubespan: { advertiseKubernetesNetworks: true } }
//! cni:
//!   cilium: { routing: tunnel, ipam: cluster-pool }
//! ```
//!
//! Right:
//!
//! ```yaml
//! mesh: { kubespan: { advertiseKubernetesNetworks: true } }
//! cni:
//!   cilium: { routing: tunnel, ipam: kubernetes }
//! ```
//!
//! Source: siderolabs/talos, internal/app/machined/pkg/controllers/cluster/local_affiliate.go

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Ipam};

super::check!(
    "pod-networks-advertised-with-foreign-ipam",
    Mesh,
    "pod_networks_advertised_with_foreign_ipam.rs"
);

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let cilium = &plan.definition.cni.cilium;
    let Some(kubespan) = plan.definition.mesh.kubespan.as_ref().filter(|_| plan.kubespan()) else { return };
    let Some(ipam) = cilium.ipam.as_ref().filter(|it| it.value != Ipam::Kubernetes) else { return };
    if !plan.advertises_pod_networks() {
        return;
    }
    let diagnostic =
        Diagnostic::error(CHECK.code, "KubeSpan announces pod networks that Cilium does not use")
            .at(ipam, "pods have addresses of Cilium's own pools");
    diagnostics.push(
        match &kubespan.advertise_kubernetes_networks {
            Some(stated) => diagnostic.because(stated, "announces the networks that Kubernetes hands out"),
            None => diagnostic.because(&cilium.routing, "announces the networks that Kubernetes hands out"),
        }
        .help("write `ipam: kubernetes`; on a cluster that runs, every pod must be made anew")
        .help("or write `routing: tunnel` without `advertiseKubernetesNetworks`"),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn native_routing_from_a_cluster_pool() {
        let text = edit(SMALL, "routing: tunnel", "routing: native, ipam: cluster-pool");
        assert_snapshot!(report("pod-networks-advertised-with-foreign-ipam", &text), @"
        error[pod-networks-advertised-with-foreign-ipam]: KubeSpan announces pod
          networks that Cilium does not use
           ┌─ cluster.yaml:34:71
           │
        34 │ …agedBy: flux, routing: native, ipam: cluster-pool }
           │                         ------        ^^^^^^^^^^^^
           │                         │             │
           │                         │         pods have addresses of Cilium's own pools
           │                         announces the networks that Kubernetes hands out
           │
           = in the phases `mesh` to `cleanup`
           = help: write `ipam: kubernetes`; on a cluster that runs, every pod must be
             made anew
           = help: or write `routing: tunnel` without `advertiseKubernetesNetworks`
        ");
    }

    #[test]
    fn a_tunnel_from_a_cluster_pool() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, ipam: cluster-pool");
        assert_snapshot!(report("pod-networks-advertised-with-foreign-ipam", &text), @"");
    }
}
