//! Something needs what nothing provides.
//!
//! Flux would hold it back for ever: a Kustomization waits for each of its `dependsOn`, also for one that
//! does not exist.
//! `needs` takes the name of a component or an app, or what one `provides`.
//! In a migration the provider may have gone, or not yet come: the message says in which phase.
//!
//! Fix: correct the name, or add what provides it.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   gitea: { needs: [ingres] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! apps:
//!   gitea: { needs: [ingress] }
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use components::{COMPONENTS, Need, Plan};
use model::{Diagnostic, Diagnostics, Phase};
use std::collections::BTreeMap;

super::check!("unknown-dependency", Flux, "unknown_dependency.rs");

/// How many of those that need one missing thing are shown at their place.
const SHOWN: usize = 2;

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    found(plan, diagnostics);
    let mut missing: BTreeMap<&str, Vec<&Need>> = BTreeMap::new();
    for need in &plan.unmet {
        missing.entry(&need.what).or_default().push(need);
    }
    for (what, needs) in missing {
        let (first, others) = needs.split_first().expect("a missing thing is missed by somebody");
        let mut diagnostic =
            Diagnostic::error(CHECK.code, format!("nothing provides `{what}`, which `{}` needs", first.unit))
                .at(&first.what, "no component or app has this name or provides it");
        for other in others.iter().take(SHOWN) {
            diagnostic = diagnostic.because(&other.what, format!("`{}` needs it too", other.unit));
        }
        if others.len() > SHOWN {
            diagnostic = diagnostic.note(format!("and {} more need it", others.len() - SHOWN));
        }
        let names = plan.units.values().flat_map(|unit| std::iter::once(&unit.name).chain(&unit.provides));
        // What is there in other phases may be meant as well.
        let apps = plan.definition.apps.keys().map(|it| &***it);
        let names = names.map(String::as_str).chain(apps);
        if let Some(phase) = first_phase(plan, what) {
            diagnostics.push(diagnostic.help(format!(
                "`{what}` comes in the phase `{phase}`: write `since: {phase}` at what needs it"
            )));
            continue;
        }
        let mut diagnostic = crate::meant(diagnostic, first.what.span, what, names)
            .unwrap_or_else(|it| it.help("name a component or an app, or what one `provides`"));
        // The same slip at every place.
        if let [model::Edit::Write { value, .. }] = diagnostic.fix.as_slice() {
            let value = value.clone();
            for other in others {
                diagnostic = diagnostic.fix_by_writing(other.what.span, value.clone());
            }
        }
        diagnostics.push(diagnostic);
    }
}

/// The first phase, later than this one, in which something provides it.
fn first_phase(plan: &Plan, what: &str) -> Option<Phase> {
    COMPONENTS
        .iter()
        .flat_map(|component| (component.declare)(&plan.context()))
        .filter(|it| it.name == what || it.provides.iter().any(|provided| provided == what))
        .map(|it| it.phases.since)
        .filter(|since| *since > plan.phase)
        .min()
}

/// What the Kustomizations of the repository wait for.
fn found(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    let steps: Vec<_> = adopted.steps(plan).collect();
    let names = || steps.iter().map(|(_, it)| it.name.as_str()).chain(plan.units.keys().map(String::as_str));
    for (bundle, step) in &steps {
        for wait in step.node.items_at("spec.dependsOn").iter().filter_map(|it| it.at("name")) {
            let Some(name) = wait.str() else { continue };
            if bundle.app(plan).is_some() || names().any(|it| it == name) {
                continue;
            }
            // One that applies nothing we know of is there all the same.
            if adopted.objects.iter().any(|it| it.is_flux_kustomization() && it.name == name) {
                continue;
            }
            let diagnostic = Diagnostic::error(
                CHECK.code,
                format!("`{}` waits for `{name}`, which does not exist", step.name),
            )
            .at_span(wait.span, "no Kustomization has this name");
            diagnostics.push(match crate::closest(name, names()) {
                Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
                None => diagnostic.help("take it out, or add what it names"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn an_app_needs_a_mistyped_capability() {
        let definition = edit(SMALL, "needs: [ingress, certificates]", "needs: [ingres, certificates]");
        assert_snapshot!(report("unknown-dependency", &definition), @"
        error[unknown-dependency]: nothing provides `ingres`, which `gitea` needs
           ┌─ cluster.yaml:67:93
           │
        67 │ …[proxmox-csi], needs: [ingres, certificates], hosts: [git.example.org], s…
           │                         ^^^^^^
           │                         no component or app has this name or provides it
           │
           = in the phases `dns` to `cleanup`
           = help: did you mean `ingress`?
        ");
    }

    #[test]
    fn an_app_needs_what_is_there() {
        assert_snapshot!(report("unknown-dependency", SMALL), @"");
    }

    #[test]
    fn a_kustomization_waits_for_one_that_does_not_exist() {
        let definition = SMALL.to_owned() + "existing: { flux: [./flux] }\n";
        let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: vault, namespace: flux-system }\nspec: { path: ./vault, dependsOn: [{ name: vaults }] }\n";
        let files = [("flux/vault.yaml", text), ("vault/kustomization.yaml", "resources: []\n")];
        assert_snapshot!(crate::testing::report_of("unknown-dependency", &definition, &files), @"
        error[unknown-dependency]: `vault` waits for `vaults`, which does not exist
          ┌─ flux/vault.yaml:4:44
          │
        4 │ spec: { path: ./vault, dependsOn: [{ name: vaults }] }
          │                                            ^^^^^^
          │                                            no Kustomization has this name
          │
          = help: did you mean `vault`?
        ");
    }
}
