//! Something needs what nothing provides.
//!
//! Flux would hold it back for ever: a Kustomization waits for each of its `dependsOn`, also for one that
//! does not exist.
//! `needs` takes the name of a component or an app, or what one `provides`.
//! In a migration the provider may have gone, or not yet come: the message says in which phase.
//!
//! Fix: correct the name, or add what provides it.
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("unknown-dependency", Flux, "unknown_dependency.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for need in &plan.unmet {
        let names = plan.units.values().flat_map(|unit| std::iter::once(&unit.name).chain(&unit.provides));
        let mut diagnostic = Diagnostic::error(
            CHECK.code,
            format!("`{}` needs `{}`, which nothing provides", need.unit, need.what),
        )
        .at(&need.what, "no component or app has this name or provides it");
        diagnostic = match crate::closest(&need.what, names.map(String::as_str)) {
            Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
            None => diagnostic.help("name a component or an app, or what one `provides`"),
        };
        diagnostics.push(diagnostic);
    }
}
