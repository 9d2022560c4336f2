//! Two units have one name, so that two would own one Flux Kustomization.
//!
//! Flux keeps one object of a name: the second definition replaces the first, and what the first had applied is
//! pruned. It happens when an app is named as a component of tombolo's own, while both are there.
//!
//! Fix: give the app another name, or say with `until` that it goes before the component comes.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   cert-manager: { path: ./k8s/cert-manager, namespace: old }   # tombolo writes one of that name
//! ```
//!
//! Right:
//!
//! ```yaml
//! apps:
//!   old-cert-manager: { path: ./k8s/cert-manager, namespace: old }
//! ```
//!
//! Source: <https://fluxcd.io/flux/components/kustomize/kustomizations/#prune>

use components::{
    Plan,
    adopted::{Bundle, Object},
};
use model::{Diagnostic, Diagnostics, Span};
use std::collections::BTreeMap;

super::check!("object-owned-twice", Flux, "object_owned_twice.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    found(plan, diagnostics);
    for name in &plan.claimed_twice {
        let key = &plan.units[name].key;
        let diagnostic = Diagnostic::error(CHECK.code, format!("two units are named `{name}`"));
        let app = plan.definition.apps.get_key_value(name.as_str());
        diagnostics.push(match app {
            Some((app, settings)) => {
                let diagnostic = diagnostic.at(app, "this app and a component have one name");
                match &settings.until {
                    Some(until) => diagnostic.because(until, "the app is still there in this phase"),
                    None => diagnostic,
                }
                .help("rename the app, or let it go with `until` in the phase before the component comes")
            }
            None => diagnostic.note(format!("the first comes from `{key}`")),
        });
    }
}

/// Group, kind, namespace and name.
type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// Objects that two bundles apply, and apps whose Kustomization the repository still has.
fn found(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    let taken: Vec<_> = adopted.steps(plan).filter(|(bundle, _)| bundle.app(plan).is_some()).collect();
    if let Some(((bundle, step), others)) = taken.split_first() {
        let mut diagnostic = Diagnostic::warning(
            CHECK.code,
            format!(
                "the Kustomization `{}` of the repository applies what the app `{}` adopts",
                step.name,
                bundle.name(adopted)
            ),
        )
        .at_span(step.span(), "tombolo writes this one anew")
        .because_span(bundle.span(plan), "adopted here");
        if !others.is_empty() {
            diagnostic = diagnostic.note(format!("and {} more", others.len()));
        }
        diagnostics
            .push(diagnostic.help(
                "delete it in the commit that adds what tombolo renders, so that no moment is without",
            ));
    }
    let mut owners: BTreeMap<Identity, (&Bundle, &Object)> = BTreeMap::new();
    for (bundle, object) in adopted.in_phase(plan).filter(|(bundle, _)| !bundle.root) {
        let key = (object.group(), object.kind.as_str(), bundle.namespace(object), object.name.as_str());
        // What has no name yet, and a Namespace that several bring alike, is nobody's alone.
        if object.name.is_empty() || object.is("", "Namespace") || object.is_flux_kustomization() {
            continue;
        }
        let (first, other) = *owners.entry(key).or_insert((bundle, object));
        if first.path == bundle.path && other.document == object.document {
            continue;
        }
        let (one, two) = (first.name(adopted), bundle.name(adopted));
        let (message, why) = if one == two {
            (
                format!("`{one}` applies {} twice", object.title()),
                "the second wins, and the first is never seen",
            )
        } else {
            let why = "each puts back what the other changes; the first that goes deletes it";
            (format!("`{one}` and `{two}` both apply {}", object.title()), why)
        };
        diagnostics.push(
            Diagnostic::error(CHECK.code, message)
                .at_span(object.span(), why)
                .because_span(
                    if other.document == object.document { Span::default() } else { other.span() },
                    "and here",
                )
                .help("leave it to one of the two"),
        );
    }
    applied_by_itself(plan, diagnostics);
}

/// A Kustomization in the very directory that it applies.
fn applied_by_itself(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    for (bundle, step) in adopted.steps(plan) {
        let inside =
            adopted.objects_of(bundle).any(|it| it.document == step.document && it.span() == step.span());
        let path = step.node.at("spec.path").map_or(step.span(), |it| it.span);
        // Flux' own bootstrap does so on purpose.
        if inside && step.name != "flux-system" {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("the Kustomization `{}` applies itself", step.name))
                    .at_span(step.span(), "listed in the directory that it applies")
                    .because_span(path, "the directory")
                    .note("two own it, itself and what applied it first; whichever lets it go deletes it, and all that it applied")
                    .help("take it out of the kustomization.yaml of its own directory"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn an_app_named_as_a_component() {
        let definition = edit(SMALL, "  gitea: {", "  cert-manager: {");
        assert_snapshot!(report("object-owned-twice", &definition), @"
        error[object-owned-twice]: two units are named `cert-manager`
           ┌─ cluster.yaml:67:3
           │
        67 │   cert-manager: { path: ./k8s/gitea, namespace: gitea, site: home, storage…
           │   ^^^^^^^^^^^^ this app and a component have one name
           │
           = in the phases `dns` to `cleanup`
           = help: rename the app, or let it go with `until` in the phase before the
             component comes
        ");
    }

    #[test]
    fn names_of_their_own() {
        assert_snapshot!(report("object-owned-twice", SMALL), @"");
    }

    #[test]
    fn one_object_in_two_apps() {
        let definition = SMALL.to_owned() + "  other: { path: ./other, namespace: gitea }\n";
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: gitea }\n";
        let files = [("k8s/gitea/settings.yaml", text), ("other/settings.yaml", text)];
        assert_snapshot!(crate::testing::report_of("object-owned-twice", &definition, &files), @"
        error[object-owned-twice]: `gitea` and `other` both apply ConfigMap `settings`
          ┌─ other/settings.yaml:3:19
          │
        3 │ metadata: { name: settings, namespace: gitea }
          │                   ^^^^^^^^
          │        each puts back what the other changes; the first that goes deletes it
          ┌─ k8s/gitea/settings.yaml:3:19
          │
        3 │ metadata: { name: settings, namespace: gitea }
          │                   -------- and here
          │
          = in the phases `dns` to `cleanup`
          = help: leave it to one of the two
        ");
    }

    #[test]
    fn a_kustomization_that_an_app_takes_over() {
        let definition = SMALL.to_owned() + "existing: { flux: [./flux] }\n";
        let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: gitea, namespace: flux-system }\nspec: { path: ./k8s/gitea }\n";
        assert_snapshot!(crate::testing::report_of("object-owned-twice", &definition, &[("flux/gitea.yaml", text)]), @"
        warning[object-owned-twice]: the Kustomization `gitea` of the repository applies
          what the app `gitea` adopts
           ┌─ flux/gitea.yaml:3:19
           │
         3 │ metadata: { name: gitea, namespace: flux-system }
           │                   ^^^^^ tombolo writes this one anew
           ┌─ cluster.yaml:67:3
           │
        67 │   gitea: { path: ./k8s/gitea, namespace: gitea, site: home, storage: [prox…
           │   ----- adopted here
           │
           = in the phases `dns` to `cleanup`
           = help: delete it in the commit that adds what tombolo renders, so that no
             moment is without
        ");
    }
}
