//! Cilium's load balancing is moved into a network driver that the mesh does not have.
//!
//! `acceleration: native` needs XDP in the driver of every link that Cilium uses, and refuses to start without.
//! WireGuard's link has no driver of that kind.
//!
//! Fix: `acceleration: best-effort`, which uses it where it can.
//!
//! Wrong:
//!
//! ```yaml
//! mesh: { kubespan: {} }
//! cni:
//!   cilium: { acceleration: native }
//! ```
//!
//! Right:
//!
//! ```yaml
//! mesh: { kubespan: {} }
//! cni:
//!   cilium: { acceleration: best-effort }
//! ```
//!
//! Source: https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/ (XDP acceleration)

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Acceleration};

super::check!("native-acceleration-with-kubespan", Mesh, "native_acceleration_with_kubespan.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let cilium = &plan.definition.cni.cilium;
    let Some(kubespan) = plan.definition.mesh.kubespan.as_ref().filter(|_| plan.kubespan()) else { return };
    let Some(native) = cilium.acceleration.as_ref().filter(|it| it.value == Acceleration::Native) else {
        return;
    };
    diagnostics.push(
        Diagnostic::error(CHECK.code, "Cilium wants XDP of every link, and KubeSpan's has none")
            .at(native, "Cilium does not start")
            .because(kubespan, "a link of WireGuard")
            .help("write `best-effort`")
            .fix_by_replacing(native.span, "best-effort"),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn native() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, acceleration: native");
        assert_snapshot!(report("native-acceleration-with-kubespan", &text), @"
        error[native-acceleration-with-kubespan]: Cilium wants XDP of every link, and
          KubeSpan's has none
           ┌─ cluster.yaml:34:79
           │
        32 │   kubespan: {}
           │             -- a link of WireGuard
        33 │ cni:
        34 │ …nagedBy: flux, routing: tunnel, acceleration: native }
           │                                                ^^^^^^ Cilium does not start
           │
           = in the phases `mesh` to `cleanup`
           = help: write `best-effort`
        ");
    }

    #[test]
    fn best_effort() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, acceleration: best-effort");
        assert_snapshot!(report("native-acceleration-with-kubespan", &text), @"");
    }
}
