//! A custom resource lies beside the release that brings its definition, in one Kustomization.
//!
//! Flux asks the API server about every object of a Kustomization before it applies any. The server does not know the
//! kind yet and answers `no matches for kind`, so nothing is applied, the release neither: it never comes right by
//! itself on a new cluster, though on one that is old enough nothing shows.
//! A definition that lies there as a manifest of its own is no trouble: Flux applies definitions first.
//!
//! Fix: put the resource into a Kustomization of its own that waits for the release's.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/all.yaml
//! apiVersion: helm.toolkit.fluxcd.io/v2
//! kind: HelmRelease
//! metadata: { name: metallb, namespace: gitea }
//! spec: { chart: { spec: { chart: metallb, version: 0.15.2 } } }
//! ---
//! apiVersion: metallb.io/v1beta1
//! kind: BGPPeer
//! metadata: { name: router, namespace: gitea }
//! spec: { myASN: 64500, peerASN: 64501, peerAddress: 10.2.0.1 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! apps:
//!   peers: { path: ./k8s/peers, namespace: gitea, needs: [gitea], since: dns }
//! ```
//!
//! ```yaml k8s/gitea/all.yaml
//! apiVersion: helm.toolkit.fluxcd.io/v2
//! kind: HelmRelease
//! metadata: { name: metallb, namespace: gitea }
//! spec: { chart: { spec: { chart: metallb, version: 0.15.2 } } }
//! ```
//!
//! ```yaml k8s/peers/peer.yaml
//! apiVersion: metallb.io/v1beta1
//! kind: BGPPeer
//! metadata: { name: router, namespace: gitea }
//! spec: { myASN: 64500, peerASN: 64501, peerAddress: 10.2.0.1 }
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use super::order_missing::{Used, providers};
use components::{
    Plan,
    adopted::{Object, Order},
};
use model::{Diagnostic, Diagnostics};
use std::collections::BTreeSet;

super::check!("resource-before-definition", Flux, "resource_before_definition.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    if adopted.bundles.is_empty() {
        return;
    }
    let providers = providers(plan);
    let order = Order::of(plan);
    let mut seen = BTreeSet::new();
    for (bundle, object) in adopted.in_phase(plan).filter(|(bundle, _)| !bundle.root) {
        let Some((provider, brings)) = providers.get(&Used::Group(object.group())) else { continue };
        let (name, other) = (bundle.name(adopted), provider.name(adopted));
        let beside = other == name && brings.kind.value == "HelmRelease";
        let before = other != name && order.after(other, name);
        if !(beside || before) || !seen.insert((name, object.group())) {
            continue;
        }
        let message = if beside {
            format!(
                "{} lies beside the release that brings its kind, and keeps both from being applied",
                object.title()
            )
        } else {
            format!("`{other}` brings the kind of {} and waits for `{name}`, which holds it", object.title())
        };
        let mut diagnostic = Diagnostic::error(CHECK.code, message)
            .at(&object.kind, "no server knows this kind yet")
            .because_span(brings.span(), brought(brings));
        if before && let Some(way) = order.way(other, name) {
            diagnostic = diagnostic.note(way.join(" waits for "));
        }
        diagnostics.push(
            diagnostic.help(format!("put it into a Kustomization of its own that waits for `{other}`")),
        );
    }
}

fn brought(object: &Object) -> String {
    format!("{} brings `{}`", object.title(), components::adopted::groups(object).join("`, `"))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: operator\nspec:\n  chart: { spec: { chart: vault-operator } }\n";
    const VAULT: &str = "apiVersion: vault.banzaicloud.com/v1alpha1\nkind: Vault\nmetadata:\n  name: vault\n";

    #[test]
    fn an_instance_beside_its_operator() {
        let files = [("k8s/gitea/operator.yaml", RELEASE), ("k8s/gitea/vault.yaml", VAULT)];
        assert_snapshot!(report_of("resource-before-definition", SMALL, &files), @"
        error[resource-before-definition]: Vault `vault` lies beside the release that
          brings its kind, and keeps both from being applied
          ┌─ k8s/gitea/vault.yaml:2:7
          │
        2 │ kind: Vault
          │       ^^^^^ no server knows this kind yet
          ┌─ k8s/gitea/operator.yaml:4:9
          │
        4 │   name: operator
          │         -------- HelmRelease `operator` brings `vault.banzaicloud.com`
          │
          = in the phases `dns` to `cleanup`
          = help: put it into a Kustomization of its own that waits for `gitea`
        ");
    }

    #[test]
    fn a_definition_beside_its_resource() {
        let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: vaults.vault.banzaicloud.com }\nspec: { group: vault.banzaicloud.com }\n";
        let files = [("k8s/gitea/crd.yaml", definition), ("k8s/gitea/vault.yaml", VAULT)];
        assert_snapshot!(report_of("resource-before-definition", SMALL, &files), @"");
    }
}
