//! The control plane stands on feet that do not carry more, or too far apart.
//!
//! etcd works while more than half of its members do: two members stand no loss, as one does, and four no more than three.
//! Members at several sites agree only over the line between these, and a line that is down stops the side with fewer.
//!
//! Fix: one, three or five control planes, all at one site.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
//!   cp1: { site: home, role: controlplane, addresses: [10.2.1.2/16] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
//!   cp1: { site: home, role: controlplane, addresses: [10.2.1.2/16] }
//!   cp2: { site: home, role: controlplane, addresses: [10.2.1.3/16] }
//! ```
//!
//! Source: https://etcd.io/docs/v3.6/faq/

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Role};

super::check!("fragile-control-plane", Mesh, "fragile_control_plane.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let members: Vec<_> = plan.nodes().filter(|(_, node)| node.role.value == Role::Controlplane).collect();
    let Some((first, leader)) = members.first() else {
        diagnostics.push(
            Diagnostic::error(CHECK.code, "no node runs the control plane")
                .at(&plan.definition.cluster.endpoint, "nothing answers here")
                .help("write `role: controlplane` at one node, or at three"),
        );
        return;
    };
    let last = members[members.len() - 1].0;
    if members.len() % 2 == 0 {
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("{} control planes stand no greater loss than {}", members.len(), members.len() - 1),
            )
            .at(last, "adds a way to fail, and no way to survive")
            .help("make it one more or one fewer"),
        );
    }
    if let Some((other, away)) = members.iter().find(|(_, node)| node.site != leader.site) {
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("control planes at `{}` and `{}`", leader.site, away.site),
            )
            .at(*other, format!("at `{}`", away.site))
            .because(*first, format!("at `{}`", leader.site))
            .help("keep all at one site: the others' pods run on while they cannot reach it"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn two_control_planes() {
        let text =
            edit(SMALL, "worker0: { site: home, role: worker,", "worker0: { site: home, role: controlplane,");
        assert_snapshot!(report("fragile-control-plane", &text), @"
        warning[fragile-control-plane]: 2 control planes stand no greater loss than 1
           ┌─ cluster.yaml:26:3
           │
        26 │   worker0: { site: home, role: controlplane, addresses: [10.2.2.1/16] }
           │   ^^^^^^^ adds a way to fail, and no way to survive
           │
           = help: make it one more or one fewer
        ");
    }

    #[test]
    fn one_at_the_vps() {
        let text = edit(SMALL, "vps0: { site: vps, role: worker,", "vps0: { site: vps, role: controlplane,");
        assert_snapshot!(report("fragile-control-plane", &text), @"
        warning[fragile-control-plane]: 2 control planes stand no greater loss than 1
           ┌─ cluster.yaml:27:3
           │
        27 │   vps0: { site: vps, role: controlplane, addresses: [198.51.99.10/24] }
           │   ^^^^ adds a way to fail, and no way to survive
           │
           = help: make it one more or one fewer

        warning[fragile-control-plane]: control planes at `home` and `vps`
           ┌─ cluster.yaml:27:3
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │   --- at `home`
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
        27 │   vps0: { site: vps, role: controlplane, addresses: [198.51.99.10/24] }
           │   ^^^^ at `vps`
           │
           = help: keep all at one site: the others' pods run on while they cannot reach
             it
        ");
    }

    #[test]
    fn none_at_all() {
        let text = edit(SMALL, "role: controlplane", "role: worker");
        assert_snapshot!(report("fragile-control-plane", &text), @"
        error[fragile-control-plane]: no node runs the control plane
          ┌─ cluster.yaml:5:13
          │
        5 │   endpoint: https://10.2.3.1:6443
          │             ^^^^^^^^^^^^^^^^^^^^^ nothing answers here
          │
          = help: write `role: controlplane` at one node, or at three
        ");
    }

    #[test]
    fn a_single_one() {
        assert_snapshot!(report("fragile-control-plane", SMALL), @"");
    }
}
