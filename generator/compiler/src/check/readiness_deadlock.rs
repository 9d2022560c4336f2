//! A health check can only be met by something that waits for it.
//!
//! The Kustomization is ready when the object is; the object, or the operator that makes its kind, comes from another
//! Kustomization that waits for this one. Neither ever starts on a new cluster.
//! It shows only there: on a running cluster the object exists already. Beside `wait: true` Flux does not look at
//! `healthChecks`, so there it is a warning: the day on which somebody takes `wait` away, nothing starts.
//!
//! Fix: move the health check to the Kustomization that brings the object.
//!
//! Wrong:
//!
//! ```yaml
//! existing: { flux: [./flux] }
//! ```
//!
//! ```yaml flux/all.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: core, namespace: flux-system }
//! spec:
//!   path: ./core
//!   healthChecks: [{ apiVersion: apps/v1, kind: Deployment, name: operator, namespace: gitea }]
//! ---
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: operator, namespace: flux-system }
//! spec: { path: ./operator, dependsOn: [{ name: core }] }
//! ```
//!
//! ```yaml core/kustomization.yaml
//! resources: []
//! ```
//!
//! ```yaml operator/deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: { name: operator, namespace: gitea }
//! ```
//!
//! Right:
//!
//! ```yaml
//! existing: { flux: [./flux] }
//! ```
//!
//! ```yaml flux/all.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: core, namespace: flux-system }
//! spec: { path: ./core, wait: true }
//! ---
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: operator, namespace: flux-system }
//! spec:
//!   path: ./operator
//!   dependsOn: [{ name: core }]
//!   healthChecks: [{ apiVersion: apps/v1, kind: Deployment, name: operator, namespace: gitea }]
//! ```
//!
//! ```yaml core/kustomization.yaml
//! resources: []
//! ```
//!
//! ```yaml operator/deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: { name: operator, namespace: gitea }
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#health-checks

use super::order_missing::{Used, providers};
use components::{
    Plan,
    adopted::{Bundle, Object, Order},
};
use model::{Diagnostic, Diagnostics, Node};

super::check!("readiness-deadlock", Flux, "readiness_deadlock.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    if adopted.bundles.is_empty() {
        return;
    }
    let order = Order::of(plan);
    let providers = providers(plan);
    for (bundle, step) in adopted.steps(plan).filter(|(bundle, _)| bundle.app(plan).is_none()) {
        let name = bundle.name(adopted);
        for check in step.node.items_at("spec.healthChecks") {
            let makes = maker(plan, check).or_else(|| {
                // A definition is made by whoever brings its group: the part of the name behind the first dot.
                let (_, group) = definition(check)?.split_once('.')?;
                providers.get(&Used::Group(group)).copied()
            });
            let Some((other, object)) = makes else { continue };
            let other = other.name(adopted);
            let Some(way) = order.way(other, name) else { continue };
            let place = check.get("name").unwrap_or(check);
            let what = format!(
                "{} `{}`",
                check.str_at("kind").unwrap_or("object"),
                check.str_at("name").unwrap_or_default()
            );
            let ignored = step.node.bool_at("spec.wait") == Some(true);
            let message = format!(
                "`{name}` is ready once {what} is, which `{other}` brings and waits for `{name}` to do"
            );
            let mut diagnostic = if ignored {
                Diagnostic::warning(CHECK.code, message)
                    .note("harmless only as long as `wait: true` makes Flux ignore the health check")
            } else {
                Diagnostic::error(CHECK.code, message)
            };
            let way: Vec<String> = way.iter().map(|it| format!("`{it}`")).collect();
            diagnostic = diagnostic
                .at_span(place.span, "never there before those that wait for it")
                .because_span(object.span(), "brought here")
                .note(format!("{} waits for {what}", way.join(" waits for ")))
                .help(format!("move this check to `{other}`"));
            diagnostics.push(diagnostic);
        }
    }
}

fn definition(check: &Node) -> Option<&str> {
    check.str_at("name").filter(|_| check.str_at("kind") == Some("CustomResourceDefinition"))
}

/// Who applies the very object that a health check names.
fn maker<'a>(plan: &'a Plan, check: &Node) -> Option<(&'a Bundle, &'a Object)> {
    let (kind, name) = (check.str_at("kind")?, check.str_at("name")?);
    let namespace = check.str_at("namespace").filter(|it| !it.is_empty());
    plan.adopted.in_phase(plan).find(|(bundle, object)| {
        object.kind.value == kind
            && object.name == name
            && namespace.is_none_or(|it| bundle.namespace(object).is_none_or(|own| own == it))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn report(core: &str, operator: &str) -> String {
        let definition = SMALL.to_owned() + "existing: { flux: [./flux] }\n";
        let step = |name: &str, more: &str| {
            format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: flux-system\nspec:\n  path: ./{name}\n  sourceRef: {{ kind: GitRepository, name: flux-system }}\n{more}"
            )
        };
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: external-secrets\nspec: { chart: { spec: { chart: external-secrets } } }\n";
        let files = [
            ("flux/core.yaml", &*step("core", core)),
            ("flux/store.yaml", &*step("store", "  dependsOn: [{ name: core }]\n")),
            ("flux/operator.yaml", &*step("operator", operator)),
            ("core/kustomization.yaml", "resources: []\n"),
            ("store/kustomization.yaml", "resources: []\n"),
            ("operator/release.yaml", release),
        ];
        report_of("readiness-deadlock", &definition, &files)
    }

    const CHECK: &str = "  healthChecks:\n    - apiVersion: apiextensions.k8s.io/v1\n      kind: CustomResourceDefinition\n      name: externalsecrets.external-secrets.io\n";

    #[test]
    fn a_definition_whose_operator_waits() {
        assert_snapshot!(report(CHECK, "  dependsOn: [{ name: store }]\n"), @"
        error[readiness-deadlock]: `core` is ready once CustomResourceDefinition
          `externalsecrets.external-secrets.io` is, which `operator` brings and waits
          for `core` to do
           ┌─ flux/core.yaml:12:13
           │
        12 │       name: externalsecrets.external-secrets.io
           │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │             never there before those that wait for it
           ┌─ operator/release.yaml:4:9
           │
         4 │   name: external-secrets
           │         ---------------- brought here
           │
           = `operator` waits for `store` waits for `core` waits for
             CustomResourceDefinition `externalsecrets.external-secrets.io`
           = help: move this check to `operator`
        ");
    }

    #[test]
    fn the_same_beside_wait() {
        assert_snapshot!(report(&format!("  wait: true\n{CHECK}"), "  dependsOn: [{ name: store }]\n"), @"
        warning[readiness-deadlock]: `core` is ready once CustomResourceDefinition
          `externalsecrets.external-secrets.io` is, which `operator` brings and waits
          for `core` to do
           ┌─ flux/core.yaml:13:13
           │
        13 │       name: externalsecrets.external-secrets.io
           │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │             never there before those that wait for it
           ┌─ operator/release.yaml:4:9
           │
         4 │   name: external-secrets
           │         ---------------- brought here
           │
           = harmless only as long as `wait: true` makes Flux ignore the health check
           = `operator` waits for `store` waits for `core` waits for
             CustomResourceDefinition `externalsecrets.external-secrets.io`
           = help: move this check to `operator`
        ");
    }

    #[test]
    fn a_definition_whose_operator_is_free() {
        assert_snapshot!(report(CHECK, ""), @"");
    }
}
