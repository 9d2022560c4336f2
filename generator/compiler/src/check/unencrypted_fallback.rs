//! Public nodes send in the clear while a tunnel is down.
//!
//! With `allowDownPeerBypass` a node sends to a peer whose tunnel is down by the ordinary route.
//! Nodes of one home network reach each other that way. From a public node private addresses lead nowhere, and public
//! ones lead over the internet, unencrypted.
//!
//! Fix: delete the line: the bypass is then on at home and off at public sites.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { public: true }
//! mesh: { kubespan: { allowDownPeerBypass: true } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   vps: { public: true }
//! mesh: { kubespan: {} }   # on at home, off at the VPS
//! ```
//!
//! Source: siderolabs/talos, internal/app/machined/pkg/controllers/kubespan/manager.go

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("unencrypted-fallback", Mesh, "unencrypted_fallback.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(kubespan) = plan.definition.mesh.kubespan().filter(|_| plan.kubespan()) else { return };
    let Some(bypass) = kubespan.allow_down_peer_bypass.as_ref().filter(|it| it.value) else { return };
    let public =
        plan.nodes().find(|(_, node)| plan.site_of(node).is_some_and(model::definition::Site::public));
    let Some((name, _)) = public else { return };
    diagnostics.push(
        Diagnostic::warning(CHECK.code, format!("`{name}` sends in the clear while a tunnel is down"))
            .at(bypass, "for every node, public ones too")
            .because(name, "is on the internet")
            .help("delete this line: the bypass is then on where nodes share a network, and off at public sites")
            .fix_by_removing(bypass.span),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn on_everywhere() {
        let text = edit(SMALL, "kubespan: {}", "kubespan: { allowDownPeerBypass: true }");
        assert_snapshot!(report("unencrypted-fallback", &text), @"
        warning[unencrypted-fallback]: `vps0` sends in the clear while a tunnel is down
           ┌─ cluster.yaml:32:36
           │
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- is on the internet
           ·
        32 │   kubespan: { allowDownPeerBypass: true }
           │                                    ^^^^ for every node, public ones too
           │
           = in the phases `node` to `cleanup`
           = help: delete this line: the bypass is then on where nodes share a network,
             and off at public sites
        ");
    }

    #[test]
    fn on_at_home() {
        assert_snapshot!(report("unencrypted-fallback", SMALL), @"");
    }
}
