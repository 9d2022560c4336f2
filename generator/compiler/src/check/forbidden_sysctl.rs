//! A pod sets a kernel parameter that it cannot set.
//!
//! Those of the network belong to the node where a pod is on the node's network: Kubernetes refuses the pod.
//! Others are allowed only where the kubelet names them; elsewhere the pod ends with `SysctlForbidden` before it starts.
//!
//! Fix: set a parameter of the node at the node (`machine.sysctls`); allow one of the pod at every node that it may run
//! on: `kubeletArgs: { allowed-unsafe-sysctls: … }`.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: { name: server, namespace: kube-system }
//! spec: { securityContext: { sysctls: [{ name: net.ipv4.tcp_mtu_probing, value: "1" }] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home:
//!     machine: { kubeletArgs: { allowed-unsafe-sysctls: net.ipv4.tcp_mtu_probing } }
//! ```
//!
//! ```yaml k8s/gitea/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: { name: server, namespace: kube-system }
//! spec: { securityContext: { sysctls: [{ name: net.ipv4.tcp_mtu_probing, value: "1" }] } }
//! ```
//!
//! Source: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/

use components::{Plan, adopted::Member};
use model::{Diagnostic, Diagnostics};

super::check!("forbidden-sysctl", Edge, "forbidden_sysctl.rs");

/// What every pod may set (Kubernetes 1.32).
const SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, pods) in plan.adopted.pods(plan) {
        for sysctl in pods.spec.items_at("securityContext.sysctls") {
            let Some(name) = sysctl.at("name") else { continue };
            let Some(text) = name.str() else { continue };
            let title = pods.object.title();
            if let Some(network) = pods.host_network().filter(|_| text.starts_with("net.")) {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("{title} sets `{text}` of its node, which no pod may"),
                    )
                    .at_span(name.span, "a parameter of the network")
                    .because_span(network, "the network is the node's")
                    .help(format!(
                        "take it out, and write `sysctls: {{ {text}: … }}` at the node's `machine`"
                    )),
                );
                continue;
            }
            let nodes = pods.nodes(plan, bundle);
            let Some((node, _)) = nodes.iter().find(|it| !SAFE.contains(&text) && !allows(plan, it, text))
            else {
                continue;
            };
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("{title} may land on `{node}`, whose kubelet refuses `{text}`"))
                    .at_span(name.span, "the pod ends with `SysctlForbidden` there")
                    .because(*node, "does not allow it")
                    .help(format!("write `kubeletArgs: {{ allowed-unsafe-sysctls: {text} }}` at this node's or site's `machine`; or keep the pod at a site that allows it")),
            );
        }
    }
}

fn allows(plan: &Plan, (_, node): &Member, sysctl: &str) -> bool {
    let machine = plan.site_of(node).map(|site| node.machine.over(&site.machine));
    let allowed = machine.and_then(|machine| machine.kubelet_args.get("allowed-unsafe-sysctls").cloned());
    let fits = |it: &str| it == sysctl || it.strip_suffix('*').is_some_and(|start| sysctl.starts_with(start));
    allowed.is_some_and(|it| it.split(',').any(|it| fits(it.trim())))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report_of};
    use insta::assert_snapshot;

    fn report(definition: &str, network: &str) -> String {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: powerdns\nspec:\n  template:\n    spec:\n{network}      securityContext:\n        sysctls:\n          - name: net.ipv4.tcp_mtu_probing\n            value: \"1\"\n"
        );
        report_of("forbidden-sysctl", definition, &[("k8s/gitea/deployment.yaml", &text)])
    }

    #[test]
    fn a_parameter_of_the_node() {
        assert_snapshot!(report(SMALL, "      hostNetwork: true\n"), @"
        error[forbidden-sysctl]: Deployment `powerdns` sets `net.ipv4.tcp_mtu_probing`
          of its node, which no pod may
           ┌─ k8s/gitea/deployment.yaml:11:19
           │
         8 │       hostNetwork: true
           │       ----------- the network is the node's
           ·
        11 │           - name: net.ipv4.tcp_mtu_probing
           │                   ^^^^^^^^^^^^^^^^^^^^^^^^ a parameter of the network
           │
           = in the phases `dns` to `cleanup`
           = help: take it out, and write `sysctls: { net.ipv4.tcp_mtu_probing: … }` at
             the node's `machine`
        ");
    }

    #[test]
    fn a_parameter_that_the_kubelet_refuses() {
        assert_snapshot!(report(SMALL, ""), @"
        error[forbidden-sysctl]: Deployment `powerdns` may land on `worker0`, whose
          kubelet refuses `net.ipv4.tcp_mtu_probing`
           ┌─ k8s/gitea/deployment.yaml:10:19
           │
        10 │           - name: net.ipv4.tcp_mtu_probing
           │                   ^^^^^^^^^^^^^^^^^^^^^^^^
           │                   the pod ends with `SysctlForbidden` there
           ┌─ cluster.yaml:26:3
           │
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
           │   ------- does not allow it
           │
           = in the phases `dns` to `cleanup`
           = help: write `kubeletArgs: { allowed-unsafe-sysctls:
             net.ipv4.tcp_mtu_probing }` at this node's or site's `machine`; or keep the
             pod at a site that allows it
        ");
    }

    #[test]
    fn a_parameter_that_the_kubelet_allows() {
        let definition = edit(
            SMALL,
            "machine: { gateways: [10.2.0.1] }",
            "machine: { gateways: [10.2.0.1], kubeletArgs: { allowed-unsafe-sysctls: \"kernel.msg*,net.ipv4.tcp_mtu_probing\" } }",
        );
        assert_snapshot!(report(&definition, ""), @"");
    }
}
