//! A node has two taints with one key, and its configuration has room for one.
//!
//! Talos keeps taints by key: of two with the same key and different effects one would be lost in silence.
//! Only workers before contract v1.14 hand the kubelet a list.
//!
//! Fix: keep one, or give the second a key of its own.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   cp0:
//!     role: controlplane
//!     taints:
//!       - { key: example.org/edge, effect: NoSchedule }
//!       - { key: example.org/edge, effect: NoExecute }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   cp0:
//!     role: controlplane
//!     taints:
//!       - { key: example.org/edge, effect: NoExecute }   # it keeps new pods away, too
//! ```
//!
//! Source: siderolabs/talos, pkg/machinery/config/types/k8s/node.go (`taints`)

use components::{Plan, talos::contract};
use model::{Diagnostic, Diagnostics, definition::Role};

super::check!("repeated-taint", Mesh, "repeated_taint.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let forms = contract::forms(plan.definition.talos.contract());
    for (name, node) in plan.nodes() {
        if node.role.value == Role::Worker && !forms.worker_taints {
            continue;
        }
        for (i, taint) in node.taints.iter().enumerate() {
            let Some(first) = node.taints[..i].iter().find(|it| it.key == taint.key) else { continue };
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!("`{name}` has two taints with the key `{}`", taint.key),
                )
                .at(&taint.key, "one of the two would be lost")
                .because(&first.key, "the first")
                .help("delete one, or give it a key of its own"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    const TWO: &str = "taints: [{ key: example.org/edge, effect: NoSchedule }, { key: example.org/edge, effect: NoExecute }]";

    #[test]
    fn on_a_control_plane() {
        let text = edit(SMALL, "addresses: [10.2.1.1/16]", &format!("addresses: [10.2.1.1/16], {TWO}"));
        assert_snapshot!(report("repeated-taint", &text), @"
        error[repeated-taint]: `cp0` has two taints with the key `example.org/edge`
           ┌─ cluster.yaml:25:131
           │
        25 │ … [{ key: example.org/edge, effect: NoSchedule }, { key: example.org/edge,…
           │           ----------------                               ^^^^^^^^^^^^^^^^
           │           │                                              │
           │           │                                    one of the two would be lost
           │           the first
           │
           = help: delete one, or give it a key of its own
        ");
    }

    #[test]
    fn on_a_worker_that_has_a_list() {
        let text = edit(SMALL, "addresses: [10.2.2.1/16]", &format!("addresses: [10.2.2.1/16], {TWO}"));
        assert_snapshot!(report("repeated-taint", &text), @"");
    }
}
