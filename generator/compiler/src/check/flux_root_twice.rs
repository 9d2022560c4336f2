//! Two directories of Flux's bootstrap name the same root, with different paths.
//!
//! `flux bootstrap` writes a GitRepository and a Kustomization, both named `flux-system`. Where the repository holds
//! two such pairs, from two bootstraps with different `--path`, the cluster has the one that was applied last.
//! Whoever bootstraps anew from the other makes Flux start from another directory and, with `prune`, delete all that
//! is not in it.
//!
//! Fix: delete the directory that is not in use; `kubectl -n flux-system get kustomization flux-system -o yaml` shows
//! which path is.
//!
//! Wrong:
//!
//! ```yaml
//! existing: { flux: [./flux, ./old] }
//! ```
//!
//! ```yaml k8s/kustomization.yaml
//! resources: []
//! ```
//!
//! ```yaml flux/gotk-sync.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: flux-system, namespace: flux-system }
//! spec: { path: ./k8s }
//! ```
//!
//! ```yaml old/gotk-sync.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: flux-system, namespace: flux-system }
//! spec: { path: ./old }
//! ```
//!
//! Right:
//!
//! ```yaml
//! existing: { flux: [./flux] }
//! ```
//!
//! ```yaml k8s/kustomization.yaml
//! resources: []
//! ```
//!
//! ```yaml flux/gotk-sync.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: { name: flux-system, namespace: flux-system }
//! spec: { path: ./k8s }
//! ```
//!
//! Source: https://fluxcd.io/flux/installation/bootstrap/

use components::{Plan, adopted::Object};
use model::{Diagnostic, Diagnostics};
use std::collections::BTreeMap;

super::check!("flux-root-twice", Flux, "flux_root_twice.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    let mut named: BTreeMap<(&str, Option<&str>), &Object> = BTreeMap::new();
    let roots = adopted.bundles.iter().filter(|bundle| bundle.root);
    for root in roots {
        for object in adopted.objects_of(root).filter(|it| it.is_flux_kustomization()) {
            let key = (object.name.as_str(), object.namespace.as_deref());
            let Some(first) = named.insert(key, object) else { continue };
            let path =
                |it: &Object| it.node.str_at("spec.path").unwrap_or("./").trim_end_matches('/').to_owned();
            if first.document == object.document || path(first) == path(object) {
                continue;
            }
            let place = |it: &Object| it.node.at("spec.path").map_or(it.span(), |path| path.span);
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    format!("two roots of Flux are named `{}`: {} and {}", object.name, first.path, object.path),
                )
                .at_span(place(object), "one starts here")
                .because_span(place(first), "the other here")
                .help(format!(
                    "keep the one whose path `kubectl -n {} get kustomization {}` shows, and delete the other's directory",
                    object.namespace.as_deref().unwrap_or("flux-system"), object.name
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn report(second: &str) -> String {
        let definition = SMALL.to_owned() + "existing: { flux: [./k8s/flux-system, ./flux-system] }\n";
        let root = |path: &str| {
            format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: flux-system\n  namespace: flux-system\nspec:\n  path: {path}\n"
            )
        };
        let files = [
            ("k8s/flux-system/gotk-sync.yaml", &*root("./k8s/gitea")),
            ("flux-system/gotk-sync.yaml", &*root(second)),
        ];
        report_of("flux-root-twice", &definition, &files)
    }

    #[test]
    fn two_bootstraps_with_different_paths() {
        assert_snapshot!(report("./flux-system"), @"
        warning[flux-root-twice]: two roots of Flux are named `flux-system`:
          k8s/flux-system/gotk-sync.yaml and flux-system/gotk-sync.yaml
          ┌─ flux-system/gotk-sync.yaml:7:9
          │
        7 │   path: ./flux-system
          │         ^^^^^^^^^^^^^ one starts here
          ┌─ k8s/flux-system/gotk-sync.yaml:7:9
          │
        7 │   path: ./k8s/gitea
          │         ----------- the other here
          │
          = help: keep the one whose path `kubectl -n flux-system get kustomization
            flux-system` shows, and delete the other's directory
        ");
    }

    #[test]
    fn two_bootstraps_of_one_path() {
        assert_snapshot!(report("./k8s/gitea"), @"");
    }
}
