//! KubeSpan is on, and nodes have no way to find each other.
//!
//! Each node learns the others' keys and addresses from discovery; without it no tunnel is ever made.
//! Talos 1.13 does not report this for the document `KubeSpanConfig`: the node boots, alone.
//!
//! Fix: turn on `talos.discovery` with its service registry.
//! That makes discovery.talos.dev, port 443, a dependency outside of your house; a registry of your own needs a licence.
//!
//! Wrong:
//!
//! ```yaml
//! mesh: { kubespan: {} }
//! talos:
//!   discovery: { enabled: false }
//! ```
//!
//! Right:
//!
//! ```yaml
//! mesh: { kubespan: {} }
//! talos:
//!   discovery: { enabled: true }   # the default
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("kubespan-without-discovery", Mesh, "kubespan_without_discovery.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let (Some(kubespan), discovery) = (&plan.definition.mesh.kubespan, &plan.definition.talos.discovery)
    else {
        return;
    };
    if !plan.kubespan() {
        return;
    }
    let off = match (&discovery.enabled, &discovery.service_registry) {
        (Some(enabled), _) if !enabled.value => (enabled, "discovery is off"),
        (_, Some(service)) if !service.value && !discovery.kubernetes_registry() => {
            (service, "discovery has no registry")
        }
        _ => return,
    };
    diagnostics.push(
        Diagnostic::error(CHECK.code, format!("KubeSpan is on, and {}", off.1))
            .at(off.0, "nodes cannot find each other")
            .because(kubespan, "needs discovery")
            .help("delete this line: discovery by discovery.talos.dev:443 is the default")
            .fix_by_replacing(off.0.span, "true"),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn discovery_turned_off() {
        let text = edit(SMALL, "  contract: v1.13\n", "  contract: v1.13\n  discovery: { enabled: false }\n");
        assert_snapshot!(report("kubespan-without-discovery", &text), @"
        error[kubespan-without-discovery]: KubeSpan is on, and discovery is off
           ┌─ cluster.yaml:10:25
           │
        10 │   discovery: { enabled: false }
           │                         ^^^^^ nodes cannot find each other
           ·
        33 │   kubespan: {}
           │             -- needs discovery
           │
           = in the phases `mesh` to `cleanup`
           = help: delete this line: discovery by discovery.talos.dev:443 is the default
        ");
    }

    #[test]
    fn discovery_by_default() {
        assert_snapshot!(report("kubespan-without-discovery", SMALL), @"");
    }
}
