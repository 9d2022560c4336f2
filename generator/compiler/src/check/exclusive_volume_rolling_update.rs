//! A Deployment replaces its one pod before it lets go of a volume that one node alone may have.
//!
//! With `RollingUpdate`, which a Deployment has unless it says otherwise, the new pod starts while the old one runs.
//! A `ReadWriteOnce` volume is attached to the old pod's node: on any other node the new pod waits for it for ever
//! (`Multi-Attach error`), and the old pod is not stopped before the new one is ready.
//!
//! Fix: `strategy: { type: Recreate }`; the app is away for the moment between the two.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: { name: gitea, namespace: gitea }
//! spec: { template: { spec: { volumes: [{ name: data, persistentVolumeClaim: { claimName: gitea } }] } } }
//! ```
//!
//! ```yaml k8s/gitea/claim.yaml
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata: { name: gitea, namespace: gitea }
//! spec: { storageClassName: proxmox-csi, accessModes: [ReadWriteOnce] }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: { name: gitea, namespace: gitea }
//! spec:
//!   strategy: { type: Recreate }
//!   template: { spec: { volumes: [{ name: data, persistentVolumeClaim: { claimName: gitea } }] } }
//! ```
//!
//! ```yaml k8s/gitea/claim.yaml
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata: { name: gitea, namespace: gitea }
//! spec: { storageClassName: proxmox-csi, accessModes: [ReadWriteOnce] }
//! ```
//!
//! Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes

use components::{
    Plan,
    adopted::{Bundle, Object, Strategy},
};
use model::{Diagnostic, Diagnostics, Node};

super::check!("exclusive-volume-rolling-update", Placement, "exclusive_volume_rolling_update.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, pods) in plan.adopted.pods(plan) {
        if pods.strategy() != Some(Strategy::RollingUpdate)
            || pods.replicas() == Some(0)
            || lets_go_first(pods.object)
        {
            continue;
        }
        for (name, span) in pods.claims() {
            let Some((claim, mode)) = exclusive(plan, bundle, pods.object, name) else { continue };
            let object = pods.object;
            let mut diagnostic = Diagnostic::warning(
                CHECK.code,
                format!("{} starts a new pod while the old one holds the volume of `{name}`", object.title()),
            );
            diagnostic = match object.node.at("spec.strategy.type") {
                Some(strategy) => {
                    diagnostic.at_span(strategy.span, "both run at once").because_span(span, "mounted here")
                }
                None => diagnostic
                    .at_span(span, "mounted by both at once")
                    .because_span(object.span(), "says no `strategy`, which means `RollingUpdate`"),
            };
            diagnostics.push(
                diagnostic
                    .because_span(mode.map_or(claim.span(), |it| it.span), "one node at a time may have it")
                    .help("write `strategy: { type: Recreate }` below `spec`"),
            );
        }
    }
    charts(plan, diagnostics);
}

/// Charts that make a Deployment with a claim, and name its strategy in their values: the chart, the key that turns the
/// volume on and whether it is on by default, the key of the strategy, and the claim's access modes.
const CHARTS: &[(&str, &str, bool, &str, &str)] = &[
    ("gitea", "persistence.enabled", true, "strategy.type", "persistence.accessModes"),
    (
        "kube-prometheus-stack",
        "grafana.persistence.enabled",
        false,
        "grafana.deploymentStrategy.type",
        "grafana.persistence.accessModes",
    ),
    (
        "harbor",
        "persistence.enabled",
        true,
        "updateStrategy.type",
        "persistence.persistentVolumeClaim.registry.accessMode",
    ),
];

fn charts(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (chart, volume, default, strategy, modes) in CHARTS {
        for (_, release) in plan.adopted.releases_of(plan, chart) {
            let on = release.value(volume).map_or(*default, |it| it.bool() == Some(true));
            let recreate = release.value(strategy).and_then(Node::str) == Some("Recreate");
            let many = release.value(modes).is_some_and(|modes| {
                modes.str() == Some("ReadWriteMany")
                    || modes.items().iter().any(|it| it.str() == Some("ReadWriteMany"))
            });
            if !on || recreate || many {
                continue;
            }
            let Some(at) = release.chart else { continue };
            let mut diagnostic = Diagnostic::warning(
                CHECK.code,
                format!("the chart `{chart}` starts a new pod while the old one holds its volume"),
            )
            .at_span(at.span, "its default is `RollingUpdate`");
            if let Some(volume) = release.value(volume) {
                diagnostic = diagnostic.because_span(volume.span, "the volume");
            }
            let key = strategy.replace('.', ": { ");
            let close = " }".repeat(strategy.matches('.').count());
            diagnostics.push(diagnostic.help(format!("write `{key}: Recreate{close}` below `values`")));
        }
    }
}

/// Whether the old pod is stopped before the new one starts.
fn lets_go_first(object: &Object) -> bool {
    let surge = object.node.at("spec.strategy.rollingUpdate.maxSurge").and_then(Node::printed);
    matches!(surge.as_deref(), Some("0" | "0%"))
}

/// The claim of this name, where one node alone may mount its volume, and where it says so.
fn exclusive<'a>(
    plan: &'a Plan,
    bundle: &Bundle,
    of: &Object,
    name: &str,
) -> Option<(&'a Object, Option<&'a Node>)> {
    let namespace = bundle.namespace(of);
    let (_, claim) = plan.adopted.in_phase(plan).find(|(other, it)| {
        it.is("", "PersistentVolumeClaim") && it.name == name && other.namespace(it) == namespace
    })?;
    let modes = claim.node.items_at("spec.accessModes");
    let many = modes.iter().any(|it| matches!(it.str(), Some("ReadWriteMany" | "ReadOnlyMany")));
    (!many).then_some((claim, modes.first()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, namespace: gitea }\nspec:\n  accessModes: [ReadWriteOnce]\n";

    fn deployment(spec: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: gitea\nspec:\n{spec}  template:\n    spec:\n      volumes:\n        - name: data\n          persistentVolumeClaim:\n            claimName: data\n"
        )
    }

    fn report(spec: &str, claim: &str) -> String {
        let files = [("k8s/gitea/claim.yaml", claim), ("k8s/gitea/deployment.yaml", &deployment(spec))];
        report_of("exclusive-volume-rolling-update", SMALL, &files)
    }

    #[test]
    fn a_volume_of_one_node_and_no_strategy() {
        assert_snapshot!(report("", CLAIM), @"
        warning[exclusive-volume-rolling-update]: Deployment `gitea` starts a new pod
          while the old one holds the volume of `data`
           ┌─ k8s/gitea/deployment.yaml:11:24
           │
         4 │   name: gitea
           │         ----- says no `strategy`, which means `RollingUpdate`
           ·
        11 │             claimName: data
           │                        ^^^^ mounted by both at once
           ┌─ k8s/gitea/claim.yaml:5:17
           │
         5 │   accessModes: [ReadWriteOnce]
           │                 ------------- one node at a time may have it
           │
           = in the phases `dns` to `cleanup`
           = help: write `strategy: { type: Recreate }` below `spec`
        ");
    }

    #[test]
    fn a_chart_that_rolls() {
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: gitea }\nspec:\n  chart:\n    spec:\n      chart: gitea\n  values:\n    persistence: { enabled: true }\n";
        assert_snapshot!(report_of("exclusive-volume-rolling-update", SMALL, &[("k8s/gitea/release.yaml", release)]), @"
        warning[exclusive-volume-rolling-update]: the chart `gitea` starts a new pod
          while the old one holds its volume
          ┌─ k8s/gitea/release.yaml:7:14
          │
        7 │       chart: gitea
          │              ^^^^^ its default is `RollingUpdate`
        8 │   values:
        9 │     persistence: { enabled: true }
          │                             ---- the volume
          │
          = in the phases `dns` to `cleanup`
          = help: write `strategy: { type: Recreate }` below `values`
        ");
    }

    #[test]
    fn the_old_pod_goes_first() {
        assert_snapshot!(report("  strategy: { type: Recreate }\n", CLAIM), @"");
        assert_snapshot!(report("", &CLAIM.replace("ReadWriteOnce", "ReadWriteMany")), @"");
    }
}
