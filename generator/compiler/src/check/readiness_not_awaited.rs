//! A Kustomization says what it waits for in a way that does not work.
//!
//! With `wait: true` Flux waits for everything that it applies, and does not look at `healthChecks` at all.
//! With neither, a Kustomization is ready as soon as its objects are stored, so whoever waits for it starts too early.
//! A health check of an object that nothing makes never passes, and the Kustomization fails after its `timeout`.
//! The Kustomizations that tombolo writes wait exactly where something depends on them.
//!
//! Fix: `wait: true` where something depends on it, and no `healthChecks`; `healthChecks` alone only for what others
//! make, under the name and namespace that they have.
//!
//! Wrong:
//!
//! ```yaml
//! existing: { flux: [./flux] }
//! ```
//!
//! ```yaml flux/vault.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: vault, namespace: flux-system }
//! spec:
//!   path: ./vault
//!   wait: true
//!   healthChecks: [{ apiVersion: apps/v1, kind: StatefulSet, name: vault, namespace: vault }]
//! ```
//!
//! ```yaml vault/kustomization.yaml
//! resources: []
//! ```
//!
//! Right:
//!
//! ```yaml
//! existing: { flux: [./flux] }
//! ```
//!
//! ```yaml flux/vault.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: vault, namespace: flux-system }
//! spec:
//!   path: ./vault
//!   wait: true
//! ```
//!
//! ```yaml vault/kustomization.yaml
//! resources: []
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#wait

use components::{
    Plan,
    adopted::{Object, Release},
};
use model::{Diagnostic, Diagnostics, Node, Span};
use std::collections::{BTreeMap, BTreeSet};

super::check!("readiness-not-awaited", Flux, "readiness_not_awaited.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    let steps: Vec<&Object> = adopted
        .steps(plan)
        .filter(|(bundle, _)| bundle.app(plan).is_none())
        .map(|(_, found)| found)
        .collect();
    let mut awaited: BTreeMap<&str, (Span, &str)> = BTreeMap::new();
    for step in &steps {
        for wait in step.node.items_at("spec.dependsOn") {
            if let Some(name) = wait.at("name")
                && let Some(text) = name.str()
            {
                awaited.entry(text).or_insert((name.span, &step.name));
            }
        }
    }
    let spaces = namespaces(plan);
    for step in steps {
        let waits = step.node.bool_at("spec.wait") == Some(true);
        let health = step.node.at("spec").and_then(|spec| spec.entry("healthChecks"));
        let checks = health.map_or(&[][..], |(_, list)| list.items());
        if let (true, Some((key, _))) = (waits, health.filter(|(_, list)| !list.items().is_empty())) {
            let wait = step.node.at("spec.wait").map_or(Span::default(), |it| it.span);
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    format!("`wait` makes Flux ignore the health checks of `{}`", step.name),
                )
                .at(key, ignored(checks.len()))
                .because_span(wait, "waits for all that it applies")
                .help("delete `healthChecks`; or `wait`, where they name what somebody else makes"),
            );
            continue;
        }
        if let (false, true, Some((place, other))) =
            (waits, checks.is_empty(), awaited.get(step.name.as_str()))
        {
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    format!("`{other}` waits for `{}`, which is ready before anything of it runs", step.name),
                )
                .at_span(step.span(), "neither `wait` nor `healthChecks`")
                .because_span(*place, "waited for here")
                .help("add `wait: true` below `spec`"),
            );
        }
        for check in checks.iter().filter(|_| !waits) {
            missing(step, check, &spaces, diagnostics);
        }
    }
}

fn ignored(count: usize) -> String {
    if count == 1 { "never looked at".into() } else { format!("these {count} are never looked at") }
}

/// A health check in a namespace that nothing makes or fills.
fn missing(step: &Object, check: &Node, spaces: &BTreeSet<&str>, diagnostics: &mut Diagnostics) {
    let Some(namespace) = check.at("namespace") else { return };
    let Some(text) = namespace.str().filter(|it| !it.is_empty() && !it.contains("${")) else { return };
    if spaces.contains(text) || matches!(text, "kube-system" | "default" | "kube-public" | "kube-node-lease")
    {
        return;
    }
    let kind = check.str_at("kind").unwrap_or("object");
    let name = check.str_at("name").unwrap_or_default();
    let diagnostic = Diagnostic::error(
        CHECK.code,
        format!("`{}` waits for {kind} `{name}` in the namespace `{text}`, which nothing makes", step.name),
    )
    .at_span(namespace.span, "nothing is put there")
    .note("the Kustomization fails when its `timeout` is over, and so does all that waits for it");
    diagnostics.push(match crate::closest(text, spaces.iter().copied()) {
        Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
        None => diagnostic.help("name the namespace that the object is put into"),
    });
}

/// The namespaces that something is put into.
fn namespaces<'a>(plan: &'a Plan) -> BTreeSet<&'a str> {
    let mut spaces: BTreeSet<&str> = plan.units.values().map(|unit| unit.namespace.as_str()).collect();
    for (bundle, object) in plan.adopted.in_phase(plan) {
        if object.is("", "Namespace") {
            spaces.insert(&object.name);
        }
        spaces.extend(bundle.namespace(object));
        spaces.extend(Release::of(object).and_then(|release| release.namespace()));
    }
    spaces
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn report(vault: &str) -> String {
        let definition = SMALL.to_owned() + "existing: { flux: [./flux] }\n";
        let step = |name: &str, more: &str| {
            format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: flux-system\nspec:\n  path: ./{name}\n  sourceRef: {{ kind: GitRepository, name: flux-system }}\n{more}"
            )
        };
        let files = [
            ("flux/vault.yaml", &*step("vault", vault)),
            ("flux/token.yaml", &*step("token", "  dependsOn:\n    - name: vault\n")),
            ("vault/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: { name: vault }\n"),
            ("token/kustomization.yaml", "resources: []\n"),
        ];
        report_of("readiness-not-awaited", &definition, &files)
    }

    #[test]
    fn health_checks_beside_wait() {
        let checks = "  wait: true\n  healthChecks:\n    - { apiVersion: apps/v1, kind: Deployment, name: vault, namespace: vault }\n";
        assert_snapshot!(report(checks), @"
        warning[readiness-not-awaited]: `wait` makes Flux ignore the health checks of
          `vault`
           ┌─ flux/vault.yaml:10:3
           │
         9 │   wait: true
           │         ---- waits for all that it applies
        10 │   healthChecks:
           │   ^^^^^^^^^^^^ never looked at
           │
           = help: delete `healthChecks`; or `wait`, where they name what somebody else
             makes
        ");
    }

    #[test]
    fn waited_for_and_ready_at_once() {
        assert_snapshot!(report(""), @"
        warning[readiness-not-awaited]: `token` waits for `vault`, which is ready before
          anything of it runs
           ┌─ flux/vault.yaml:4:9
           │
         4 │   name: vault
           │         ^^^^^ neither `wait` nor `healthChecks`
           ┌─ flux/token.yaml:10:13
           │
        10 │     - name: vault
           │             ----- waited for here
           │
           = help: add `wait: true` below `spec`
        ");
    }

    #[test]
    fn a_health_check_in_a_namespace_that_nothing_makes() {
        let checks = "  healthChecks:\n    - { apiVersion: apps/v1, kind: Deployment, name: vault, namespace: vaults }\n";
        assert_snapshot!(report(checks), @"
        error[readiness-not-awaited]: `vault` waits for Deployment `vault` in the
          namespace `vaults`, which nothing makes
           ┌─ flux/vault.yaml:10:72
           │
        10 │ …/v1, kind: Deployment, name: vault, namespace: vaults }
           │                                                 ^^^^^^ nothing is put there
           │
           = the Kustomization fails when its `timeout` is over, and so does all that
             waits for it
           = help: did you mean `vault`?
        ");
    }

    #[test]
    fn what_is_waited_for_waits() {
        assert_snapshot!(report("  wait: true\n"), @"");
    }
}
