//! An object has an API version that the declared Flux or Kubernetes no longer serves.
//!
//! The API server answers `no matches for kind`, and Flux applies nothing of the whole directory.
//! Flux 2.7 took away its first beta versions, 2.8 `v1beta2` of sources and Kustomizations and `v2beta2` of
//! HelmReleases, 2.9 those of notifications and images. External Secrets 0.17 took away `v1beta1`.
//! One release ahead it is a warning: what is stored in the old version must be migrated before.
//!
//! Fix: write the version that the message names; the fields are the same but for those it names. Before the upgrade
//! `flux migrate` rewrites what is stored.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/source.yaml
//! apiVersion: source.toolkit.fluxcd.io/v1beta2
//! kind: HelmRepository
//! metadata: { name: gitea, namespace: gitea }
//! spec: { url: https://dl.gitea.com/charts/ }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/source.yaml
//! apiVersion: source.toolkit.fluxcd.io/v1
//! kind: HelmRepository
//! metadata: { name: gitea, namespace: gitea }
//! spec: { url: https://dl.gitea.com/charts/ }
//! ```
//!
//! Source: https://fluxcd.io/blog/2026/02/flux-v2.8.0/

use components::{Plan, adopted::Object};
use model::{Diagnostic, Diagnostics};
use std::collections::BTreeSet;

super::check!("removed-api", Flux, "removed_api.rs");

#[derive(Clone, Copy, PartialEq)]
enum Of {
    Flux,
    Kubernetes,
}

/// A version of an API, whose it is, the minor release (of v2 or v1) that no longer has it, and what to write.
const REMOVED: &[(&str, &[&str], Of, u64, &str)] = &[
    ("source.toolkit.fluxcd.io/v1beta1", &[], Of::Flux, 7, "source.toolkit.fluxcd.io/v1"),
    ("source.toolkit.fluxcd.io/v1beta2", &[], Of::Flux, 8, "source.toolkit.fluxcd.io/v1"),
    ("kustomize.toolkit.fluxcd.io/v1beta1", &[], Of::Flux, 7, "kustomize.toolkit.fluxcd.io/v1"),
    ("kustomize.toolkit.fluxcd.io/v1beta2", &[], Of::Flux, 8, "kustomize.toolkit.fluxcd.io/v1"),
    ("helm.toolkit.fluxcd.io/v2beta1", &[], Of::Flux, 7, "helm.toolkit.fluxcd.io/v2"),
    ("helm.toolkit.fluxcd.io/v2beta2", &[], Of::Flux, 8, "helm.toolkit.fluxcd.io/v2"),
    ("notification.toolkit.fluxcd.io/v1beta1", &[], Of::Flux, 7, "notification.toolkit.fluxcd.io/v1beta3"),
    ("notification.toolkit.fluxcd.io/v1beta2", &[], Of::Flux, 9, "notification.toolkit.fluxcd.io/v1beta3"),
    ("image.toolkit.fluxcd.io/v1beta1", &[], Of::Flux, 7, "image.toolkit.fluxcd.io/v1"),
    ("image.toolkit.fluxcd.io/v1beta2", &[], Of::Flux, 9, "image.toolkit.fluxcd.io/v1"),
    ("extensions/v1beta1", &[], Of::Kubernetes, 22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], Of::Kubernetes, 22, "networking.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", &[], Of::Kubernetes, 22, "apiextensions.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", &[], Of::Kubernetes, 22, "rbac.authorization.k8s.io/v1"),
    ("batch/v1beta1", &[], Of::Kubernetes, 25, "batch/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], Of::Kubernetes, 25, "policy/v1"),
    ("autoscaling/v2beta2", &[], Of::Kubernetes, 26, "autoscaling/v2"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[], Of::Kubernetes, 32, "flowcontrol.apiserver.k8s.io/v1"),
];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for (_, object) in plan.adopted.in_phase(plan) {
        if seen.insert((object.document, object.span())) {
            one(plan, object, diagnostics);
            secret_store(plan, object, diagnostics);
        }
    }
}

fn one(plan: &Plan, object: &Object, diagnostics: &mut Diagnostics) {
    let removed = REMOVED.iter().find(|(version, kinds, ..)| {
        *version == object.api_version.value && (kinds.is_empty() || kinds.contains(&object.kind.as_str()))
    });
    let Some((version, _, of, minor, new)) = removed else { return };
    let definition = plan.definition;
    let (declared, name) = match of {
        Of::Flux => (&definition.cluster.flux.version, "Flux"),
        Of::Kubernetes => (&definition.kubernetes.version, "Kubernetes"),
    };
    let now = declared.value.minor().minor;
    let since = format!("{name} {}.{minor}", if *of == Of::Flux { 2 } else { 1 });
    let diagnostic = if now >= *minor {
        Diagnostic::error(
            CHECK.code,
            format!("{name} {declared} has no `{version}`, which {} is", object.title()),
        )
    } else if now + 1 == *minor {
        Diagnostic::warning(
            CHECK.code,
            format!("{since}, the next, has no `{version}`, which {} is", object.title()),
        )
    } else {
        return;
    };
    diagnostics.push(
        diagnostic
            .at(&object.api_version, format!("gone since {since}"))
            .because(declared, "declared here")
            .help(format!("write `{new}`")),
    );
}

/// External Secrets: its version is that of the chart which the repository holds.
fn secret_store(plan: &Plan, object: &Object, diagnostics: &mut Diagnostics) {
    if object.api_version.value != "external-secrets.io/v1beta1" {
        return;
    }
    let Some((_, release)) = plan.adopted.releases_of(plan, "external-secrets").next() else { return };
    let Some(version) = release.version else { return };
    let gone = super::at_least(version.value, &[0, 17, 0]);
    if gone {
        diagnostics.push(
            Diagnostic::error(
                CHECK.code,
                format!(
                    "External Secrets {} has no `external-secrets.io/v1beta1`, which {} is",
                    version.value,
                    object.title()
                ),
            )
            .at(&object.api_version, "gone since 0.17.0")
            .because_span(version.span, "this release")
            .help("write `external-secrets.io/v1`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report_of};
    use insta::assert_snapshot;

    const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2beta2\nkind: HelmRelease\nmetadata: { name: metallb }\nspec: {}\n";

    #[test]
    fn a_helm_release_of_a_former_flux() {
        assert_snapshot!(report_of("removed-api", SMALL, &[("k8s/gitea/release.yaml", RELEASE)]), @"
        error[removed-api]: Flux v2.9.4 has no `helm.toolkit.fluxcd.io/v2beta2`, which
          HelmRelease `metallb` is
          ┌─ k8s/gitea/release.yaml:1:13
          │
        1 │ apiVersion: helm.toolkit.fluxcd.io/v2beta2
          │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ gone since Flux 2.8
          ┌─ cluster.yaml:6:20
          │
        6 │   flux: { version: v2.9.4, source: flux-system, path: ./clusters/small/gene…
          │                    ------ declared here
          │
          = in the phases `dns` to `cleanup`
          = help: write `helm.toolkit.fluxcd.io/v2`
        ");
    }

    #[test]
    fn one_release_ahead() {
        let definition = edit(SMALL, "version: v2.9.4", "version: v2.7.3");
        assert_snapshot!(report_of("removed-api", &definition, &[("k8s/gitea/release.yaml", RELEASE)]), @"
        warning[removed-api]: Flux 2.8, the next, has no
          `helm.toolkit.fluxcd.io/v2beta2`, which HelmRelease `metallb` is
          ┌─ k8s/gitea/release.yaml:1:13
          │
        1 │ apiVersion: helm.toolkit.fluxcd.io/v2beta2
          │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ gone since Flux 2.8
          ┌─ cluster.yaml:6:20
          │
        6 │   flux: { version: v2.7.3, source: flux-system, path: ./clusters/small/gene…
          │                    ------ declared here
          │
          = in the phases `dns` to `cleanup`
          = help: write `helm.toolkit.fluxcd.io/v2`
        ");
    }

    #[test]
    fn the_version_of_today() {
        let release = RELEASE.replace("v2beta2", "v2");
        assert_snapshot!(report_of("removed-api", SMALL, &[("k8s/gitea/release.yaml", &release)]), @"");
    }
}
