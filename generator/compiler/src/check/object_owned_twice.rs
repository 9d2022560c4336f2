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

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("object-owned-twice", Flux, "object_owned_twice.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
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
}
