//! Flux Kustomizations: one a unit, and the root that brings them.

use components::{Plan, Unit};
use serde_json::json;
use tree::{
    Object,
    k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    resources::flux::{
        Decryption, DecryptionProvider, Dependency, Kustomization, KustomizationSpec, LocalRef, Patch,
        PatchTarget, SourceKind, SourceRef,
    },
};

const NAMESPACE: &str = "flux-system";

/// The one Kustomization that a person adds to what Flux syncs already.
pub(super) fn root(plan: &Plan) -> Object {
    let flux = &plan.definition.cluster.flux;
    object(
        plan.cluster,
        KustomizationSpec {
            interval: "1h".into(),
            retry_interval: Some("2m".into()),
            timeout: Some("5m".into()),
            source_ref: source(&flux.source),
            path: below(plan, "apps"),
            prune: true,
            ..Default::default()
        },
    )
}

/// The Kustomization of one unit.
pub(super) fn kustomization(plan: &Plan, unit: &Unit, encrypted: bool) -> Object {
    let flux = &plan.definition.cluster.flux;
    let (path, repository) = match &unit.adopted {
        Some((path, repository)) => (path.clone(), repository.clone()),
        None => (below(plan, &format!("apps/{}/{}/app", unit.namespace, unit.name)), flux.source.to_string()),
    };
    let decryption = flux.sops_secret.as_ref().filter(|_| encrypted).map(|secret| Decryption {
        provider: DecryptionProvider::Sops,
        secret_ref: Some(LocalRef { name: secret.to_string() }),
    });
    let site = unit.site.as_ref().filter(|_| unit.adopted.is_some());
    object(
        &unit.name,
        KustomizationSpec {
            depends_on: unit
                .depends_on
                .iter()
                .map(|name| Dependency { name: name.clone(), ..Default::default() })
                .collect(),
            interval: "1h".into(),
            retry_interval: Some("2m".into()),
            timeout: Some(unit.timeout.clone()),
            source_ref: source(&repository),
            path,
            prune: !unit.holds_data,
            wait: unit.awaited.then_some(true),
            patches: site.map(|site| placement(plan, site)).unwrap_or_default(),
            decryption,
            ..Default::default()
        },
    )
}

/// Keeps what an adopted directory runs at its site.
///
/// A node selector and not an affinity: it joins the one that a manifest has, where an affinity's list would
/// replace it. Charts get the same patch after Helm has rendered them.
fn placement(plan: &Plan, site: &str) -> Vec<Patch> {
    let selector = json!({ "nodeSelector": { plan.definition.site_label(): site } });
    let template = |kind: &str, api_version: &str| {
        json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": { "name": "any" },
            "spec": { "template": { "spec": selector } },
        })
    };
    let cron = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": "any" },
        "spec": { "jobTemplate": { "spec": { "template": { "spec": selector } } } },
    });
    let workloads = [
        ("Deployment", template("Deployment", "apps/v1")),
        ("StatefulSet", template("StatefulSet", "apps/v1")),
        ("CronJob", cron),
    ];
    let patches: Vec<Patch> = workloads.iter().map(|(kind, patch)| self::patch(kind, patch)).collect();
    let release = json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": { "name": "any" },
        "spec": { "postRenderers": [{ "kustomize": { "patches": patches } }] },
    });
    patches.into_iter().chain([patch("HelmRelease", &release)]).collect()
}

fn patch(kind: &str, patch: &serde_json::Value) -> Patch {
    Patch { target: PatchTarget { kind: kind.into() }, patch: tree::print_fragment(patch) }
}

fn below(plan: &Plan, rest: &str) -> String {
    format!("{}/{rest}", plan.definition.cluster.flux.path.trim_end_matches('/'))
}

fn source(name: &str) -> SourceRef {
    SourceRef { kind: SourceKind::GitRepository, name: name.into(), namespace: None }
}

fn object(name: &str, spec: KustomizationSpec) -> Object {
    Object::new(&Kustomization {
        metadata: ObjectMeta {
            name: Some(name.into()),
            namespace: Some(NAMESPACE.into()),
            ..Default::default()
        },
        spec,
    })
}
