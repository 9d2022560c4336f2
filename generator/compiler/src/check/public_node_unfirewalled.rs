//! Nodes of a public site let everything in.
//!
//! The kubelet, Talos' API, etcd and whatever a pod binds on the host's network are then a packet away from anybody.
//! Each of them asks for a certificate; a mistake in one of them is one too many.
//!
//! Fix: delete `firewall: accept`. The rules are worked out of what is placed there; apply them with `--mode=try`.
//! Where a firewall of the provider does the work, write `firewall: provider`, and set the rules of `talos/README.md` there.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { public: true, firewall: accept }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   vps: { public: true, firewall: block }   # the default
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/ingress-firewall

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::FirewallDefault};

super::check!("public-node-unfirewalled", Mesh, "public_node_unfirewalled.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, site) in &plan.definition.sites {
        let Some(firewall) = site.firewall.as_ref().filter(|it| it.value == FirewallDefault::Accept) else {
            continue;
        };
        if !site.public() || plan.nodes_at(name).next().is_none() {
            continue;
        }
        let mut diagnostic = Diagnostic::error(CHECK.code, format!("nodes of `{name}` let everything in"))
            .at(firewall, "every port of these nodes is open to the internet");
        if let Some(public) = &site.public {
            diagnostic = diagnostic.because(public, "the internet reaches them");
        }
        diagnostics.push(
            diagnostic
                .help("delete this line: the rules are worked out of what is placed there")
                .help("or write `firewall: provider`, if a firewall of the provider's stands before them"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn all_is_accepted() {
        let text = edit(SMALL, "    public: true\n", "    public: true\n    firewall: accept\n");
        assert_snapshot!(report("public-node-unfirewalled", &text), @"
        error[public-node-unfirewalled]: nodes of `vps` let everything in
           ┌─ cluster.yaml:22:15
           │
        21 │     public: true
           │             ---- the internet reaches them
        22 │     firewall: accept
           │               ^^^^^^ every port of these nodes is open to the internet
           │
           = in the phases `node` to `cleanup`
           = help: delete this line: the rules are worked out of what is placed there
           = help: or write `firewall: provider`, if a firewall of the provider's stands
             before them
        ");
    }

    #[test]
    fn blocked_by_default() {
        assert_snapshot!(report("public-node-unfirewalled", SMALL), @"");
    }
}
