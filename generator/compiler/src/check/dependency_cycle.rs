//! Things wait for each other in a circle.
//!
//! Flux applies a Kustomization when all that it depends on is ready, so none of a circle is ever applied.
//! Each link of the circle is shown where the definition says it; what we worked out ourselves has no place.
//!
//! Fix: take out one `needs`, or split what two sides of the circle need into a thing of its own.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitea, namespace: gitea, needs: [vault] }
//!   vault: { path: ./k8s/vault, namespace: vault, needs: [gitea] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitea, namespace: gitea, needs: [vault] }
//!   vault: { path: ./k8s/vault, namespace: vault }
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use components::Plan;
use model::{Diagnostic, Diagnostics, Span};

super::check!("dependency-cycle", Flux, "dependency_cycle.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (name, unit) in &plan.units {
        // What needs something that it provides itself, beside others, waits for those alone.
        if let Some(own) =
            unit.needs.iter().find(|need| *need.value == **name && need.span != Span::default())
        {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{name}` needs itself"))
                    .at(own, "is never ready before it is there")
                    .help("take it out"),
            );
        }
    }
    let Some(first) = plan.cycle.first() else { return };
    let links = plan.cycle.iter().zip(plan.cycle.iter().cycle().skip(1));
    let path: Vec<String> = plan.cycle.iter().chain([first]).map(|name| format!("`{name}`")).collect();
    let mut diagnostic =
        Diagnostic::error(CHECK.code, format!("a circle of needs: {}", path.join(" needs ")));
    for (unit, next) in links {
        let Some(need) =
            plan.units.get(unit).and_then(|unit| unit.needs.iter().find(|need| meets(plan, next, need)))
        else {
            continue;
        };
        if need.span == Span::default() {
            continue;
        }
        let text = format!("`{unit}` waits for `{next}`");
        diagnostic = if diagnostic.primary.is_none() {
            diagnostic.at(need, text)
        } else {
            diagnostic.because(need, text)
        };
    }
    diagnostics.push(diagnostic.help("take out one of these needs"));
}

/// Whether a unit is, or provides, what is needed.
fn meets(plan: &Plan, unit: &str, need: &str) -> bool {
    unit == need || plan.units.get(unit).is_some_and(|unit| unit.provides.iter().any(|it| it == need))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn two_apps_wait_for_each_other() {
        let definition =
            edit(SMALL, "needs: [ingress, certificates]", "needs: [ingress, certificates, vault]")
                + "  vault: { path: ./k8s/vault, namespace: vault, needs: [gitea] }\n";
        assert_snapshot!(report("dependency-cycle", &definition), @"
        error[dependency-cycle]: a circle of needs: `gitea` needs `vault` needs `gitea`
           ┌─ cluster.yaml:67:116
           │
        67 │ …oxmox-csi], needs: [ingress, certificates, vault], hosts: [git.example.or…
           │                                             ^^^^^ `gitea` waits for `vault`
        68 │   vault: { path: ./k8s/vault, namespace: vault, needs: [gitea] }
           │                                                         -----
           │                                                   `vault` waits for `gitea`
           │
           = in the phases `dns` to `cleanup`
           = help: take out one of these needs
        ");
    }

    #[test]
    fn one_app_waits_for_another() {
        let definition =
            SMALL.to_owned() + "  vault: { path: ./k8s/vault, namespace: vault, needs: [gitea] }\n";
        assert_snapshot!(report("dependency-cycle", &definition), @"");
    }
}
