//! Pods that hold ports of their node cannot be replaced as they are told to be.
//!
//! Two pods that want one port of a node never run there together. A Deployment with more of them than nodes keeps
//! some pending for ever; one that starts the new pod before the old one stops never gets the new one started, as
//! 25 % of fewer than four rounds to nothing that may be missing. A disruption budget that allows none to be missing
//! keeps a node from ever being drained.
//! A pod on the node's network with the default `dnsPolicy` asks the node's resolver, which knows no Services.
//!
//! Fix: `maxSurge: 0` and `maxUnavailable: 1`, at most one replica a node, and `dnsPolicy: ClusterFirstWithHostNet`.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: { name: proxy, namespace: kube-system }
//! spec:
//!   template: { spec: { containers: [{ name: proxy, ports: [{ containerPort: 8443, hostPort: 8443 }] }] } }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: { name: proxy, namespace: kube-system }
//! spec:
//!   strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }
//!   template: { spec: { containers: [{ name: proxy, ports: [{ containerPort: 8443, hostPort: 8443 }] }] } }
//! ```
//!
//! Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-surge

use components::{
    Plan,
    adopted::{Bundle, Pods, Strategy},
};
use model::{Diagnostic, Diagnostics, Node, Span};

super::check!("host-network-rollout-stuck", Edge, "host_network_rollout_stuck.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, pods) in plan.adopted.pods(plan) {
        name_servers(&pods, diagnostics);
        let ports = pods.host_ports();
        let Some((_, port, place)) = ports.first().copied() else { continue };
        if pods.strategy().is_none() {
            continue;
        }
        let nodes = pods.nodes(plan, bundle);
        let (replicas, title) = (pods.replicas(), pods.object.title());
        if let Some(replicas) = replicas.filter(|it| usize::try_from(*it).is_ok_and(|it| it > nodes.len()))
            && !nodes.is_empty()
        {
            let at = pods.object.node.at("spec.replicas").map_or(pods.object.span(), |it| it.span);
            let names: Vec<String> = nodes.iter().map(|(name, _)| format!("`{name}`")).collect();
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!(
                        "{title} wants {replicas} pods, and {} nodes have room for one each",
                        nodes.len()
                    ),
                )
                .at_span(at, "the rest stay pending for ever")
                .because_span(place, format!("each takes port {port} of its node"))
                .note(format!("they may run on {}", names.join(", ")))
                .help(format!("write `replicas: {}`, or make it a DaemonSet", nodes.len())),
            );
        }
        // With more nodes than pods the new one finds a free node.
        let room = replicas.is_some_and(|it| usize::try_from(it).is_ok_and(|it| it < nodes.len()));
        if pods.strategy() == Some(Strategy::RollingUpdate) && !room && surges(&pods) {
            let strategy = pods.object.node.at("spec").and_then(|spec| spec.entry("strategy"));
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!("{title} starts a new pod while the old one has port {port}"),
                )
                .at_span(
                    strategy.map_or(pods.object.span(), |(key, _)| key.span),
                    "the new pod never gets the port",
                )
                .because_span(place, "one pod a node can have it")
                .help("write `strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }` below `spec`"),
            );
        }
        budget(plan, bundle, &pods, replicas, diagnostics);
    }
}

/// Whether a pod may start before one stops, and none may be missing.
fn surges(pods: &Pods) -> bool {
    let update = |key: &str| pods.object.node.at("spec.strategy.rollingUpdate")?.get(key)?.printed();
    let none = |text: &str| matches!(text, "0" | "0%");
    !update("maxSurge").is_some_and(|it| none(&it))
}

fn name_servers(pods: &Pods, diagnostics: &mut Diagnostics) {
    let Some(place) = pods.host_network() else { return };
    let policy = pods.spec.at("dnsPolicy");
    if pods.object.kind.value == "DaemonSet" || policy.is_some_and(|it| it.str() != Some("ClusterFirst")) {
        return;
    }
    let diagnostic = Diagnostic::warning(
        CHECK.code,
        format!("{} asks its node for names, which knows no Services", pods.object.title()),
    );
    let diagnostic = match policy {
        Some(policy) => diagnostic
            .at_span(policy.span, "has no effect on the node's network")
            .because_span(place, "its network"),
        None => diagnostic.at_span(place, "on the node's network, and without a `dnsPolicy`"),
    };
    diagnostics.push(diagnostic.help("write `dnsPolicy: ClusterFirstWithHostNet` beside it"));
}

fn budget(plan: &Plan, bundle: &Bundle, pods: &Pods, replicas: Option<i64>, diagnostics: &mut Diagnostics) {
    let labels = pods.metadata.and_then(|it| it.get("labels"));
    for object in plan.adopted.objects_of(bundle).filter(|it| it.is("policy", "PodDisruptionBudget")) {
        let wanted = object.node.at("spec.selector.matchLabels").map_or(&[][..], Node::entries);
        let meant = !wanted.is_empty()
            && wanted.iter().all(|(key, value)| {
                labels.and_then(|it| it.get(key)).and_then(Node::printed) == value.printed()
            });
        let least = object.node.at("spec.minAvailable");
        if let (true, Some(least), Some(replicas)) = (meant, least, replicas)
            && least.int().is_some_and(|it| it >= replicas)
        {
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    format!("{} lets none of {} go", object.title(), pods.object.title()),
                )
                .at_span(least.span, "no node with one of them can be drained")
                .because_span(
                    pods.object.node.at("spec.replicas").map_or(Span::default(), |it| it.span),
                    "as many as there are",
                )
                .help(format!("write `minAvailable: {}`", replicas - 1)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn report(spec: &str, pod: &str) -> String {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: proxy\nspec:\n{spec}  template:\n    spec:\n{pod}      containers:\n        - name: proxy\n          ports:\n            - containerPort: 8443\n              hostPort: 8443\n"
        );
        report_of("host-network-rollout-stuck", SMALL, &[("k8s/gitea/deployment.yaml", &text)])
    }

    #[test]
    fn more_pods_than_nodes() {
        assert_snapshot!(report("  replicas: 2\n  strategy: { type: Recreate }\n", ""), @"
        error[host-network-rollout-stuck]: Deployment `proxy` wants 2 pods, and 1 nodes
          have room for one each
           ┌─ k8s/gitea/deployment.yaml:6:13
           │
         6 │   replicas: 2
           │             ^ the rest stay pending for ever
           ·
        14 │               hostPort: 8443
           │                         ---- each takes port 8443 of its node
           │
           = they may run on `worker0`
           = in the phases `dns` to `cleanup`
           = help: write `replicas: 1`, or make it a DaemonSet
        ");
    }

    #[test]
    fn a_new_pod_before_the_old_one_is_gone() {
        assert_snapshot!(report("", ""), @"
        error[host-network-rollout-stuck]: Deployment `proxy` starts a new pod while the
          old one has port 8443
           ┌─ k8s/gitea/deployment.yaml:4:9
           │
         4 │   name: proxy
           │         ^^^^^ the new pod never gets the port
           ·
        12 │               hostPort: 8443
           │                         ---- one pod a node can have it
           │
           = in the phases `dns` to `cleanup`
           = help: write `strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }
             }` below `spec`
        ");
    }

    #[test]
    fn the_network_of_the_node_and_no_names() {
        assert_snapshot!(report("  strategy: { type: Recreate }\n", "      hostNetwork: true\n"), @"
        warning[host-network-rollout-stuck]: Deployment `proxy` asks its node for names,
          which knows no Services
          ┌─ k8s/gitea/deployment.yaml:9:7
          │
        9 │       hostNetwork: true
          │       ^^^^^^^^^^^ on the node's network, and without a `dnsPolicy`
          │
          = in the phases `dns` to `cleanup`
          = help: write `dnsPolicy: ClusterFirstWithHostNet` beside it
        ");
    }

    #[test]
    fn one_goes_before_one_comes() {
        assert_snapshot!(report("  strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }\n", ""), @"");
    }
}
