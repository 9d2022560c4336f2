//! Nodes find each other by the Kubernetes registry, which cannot work.
//!
//! It keeps what nodes say of themselves in annotations of their Node objects, which a kubelet's identity may
//! not read of others from Kubernetes 1.32 on (`AuthorizeNodeWithSelectors`). From contract v1.14 on it has no form at all.
//!
//! Fix: use the service registry, and delete `kubernetesRegistry`.
//!
//! Wrong:
//!
//! ```yaml
//! kubernetes: { version: v1.36.3 }
//! talos:
//!   discovery: { serviceRegistry: false, kubernetesRegistry: true }
//! ```
//!
//! Right:
//!
//! ```yaml
//! kubernetes: { version: v1.36.3 }
//! talos:
//!   discovery: { serviceRegistry: true }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/configure-your-talos-cluster/system-configuration/discovery

use components::Plan;
use model::{Diagnostic, Diagnostics, scalar::Contract};

super::check!("kubernetes-discovery-registry", Mesh, "kubernetes_discovery_registry.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let discovery = &definition.talos.discovery;
    let Some(registry) = discovery.kubernetes_registry.as_ref().filter(|it| it.value) else { return };
    let version = &definition.kubernetes.version;
    let works = version.minor() < Contract { major: 1, minor: 32 }
        && definition.talos.contract() < Contract { major: 1, minor: 14 };
    if works || !discovery.enabled() {
        return;
    }
    let alone = !discovery.service_registry();
    let message = "discovery uses the Kubernetes registry, which Kubernetes has closed since v1.32";
    let diagnostic = if alone {
        Diagnostic::error(CHECK.code, format!("{message}, and no other"))
    } else {
        Diagnostic::warning(CHECK.code, message)
    };
    let service = discovery.service_registry.as_ref().filter(|it| !it.value);
    let diagnostic = match service {
        Some(service) => diagnostic.fix_by_replacing(service.span, "true"),
        None => diagnostic,
    };
    diagnostics.push(
        diagnostic
            .fix_by_removing(registry.span)
            .at(registry, if alone { "nodes cannot find each other" } else { "finds nobody" })
            .because(version, "a kubelet may read its own Node alone")
            .help(if alone {
                "write `serviceRegistry: true`, and delete this line"
            } else {
                "delete this line"
            }),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn no_other_registry() {
        let discovery =
            "  contract: v1.13\n  discovery: { serviceRegistry: false, kubernetesRegistry: true }\n";
        assert_snapshot!(report("kubernetes-discovery-registry", &edit(SMALL, "  contract: v1.13\n", discovery)), @"
        error[kubernetes-discovery-registry]: discovery uses the Kubernetes registry,
          which Kubernetes has closed since v1.32, and no other
           ┌─ cluster.yaml:10:60
           │
        10 │   discovery: { serviceRegistry: false, kubernetesRegistry: true }
           │                                                            ^^^^
           │                                                nodes cannot find each other
        11 │ kubernetes:
        12 │   version: v1.36.3
           │            ------- a kubelet may read its own Node alone
           │
           = help: write `serviceRegistry: true`, and delete this line
        ");
    }

    #[test]
    fn the_service_registry() {
        assert_snapshot!(report("kubernetes-discovery-registry", SMALL), @"");
    }
}
