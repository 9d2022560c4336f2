//! Cilium: Helm values worked out from the mesh, for Terraform or as a HelmRelease.
//!
//! Its final mode is there from the first phase on. Lowering the packet size before the mesh exists costs a few
//! bytes a packet; the mesh before the lower size swallows every full packet between sites.

use crate::{
    Chart, Component, Context, Declaration, File, Plan, PodSecurity, Unit, catalogue,
    helm::{self, UNIT_TIMEOUT},
};
use model::definition::{Acceleration, Cilium, Controller, Ipam, ManagedBy, Masquerade, Routing};
use serde_json::{Map, Value, json};

pub const COMPONENT: Component = Component { declare, emit };

fn declare(context: &Context) -> Vec<Declaration> {
    let definition = context.definition;
    let mut cilium = Declaration::new("cilium", "kube-system", "cni.cilium").provides("network");
    cilium.pod_security = Some(PodSecurity::Privileged);
    cilium.outside = definition.cni.cilium.managed_by.value == ManagedBy::Terraform;
    cilium.timeout = UNIT_TIMEOUT.into();
    // When it leaves the tree, to Terraform say, it must not leave the cluster.
    cilium.holds_data = true;
    let gateway =
        definition.ingress.as_ref().is_some_and(|it| it.controller.value == Controller::CiliumGateway);
    // The operator looks for the Gateway API once, when it starts.
    vec![if gateway && !cilium.outside { cilium.needs("gateway-api") } else { cilium }]
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let cilium = &plan.definition.cni.cilium;
    let values = values(plan);
    let mut files =
        vec![File::Outside { path: "cilium/values.yaml".into(), bytes: text(plan, &values).into() }];
    if cilium.managed_by.value == ManagedBy::Flux {
        let version = cilium.version.0.to_string();
        let chart = Chart { name: "cilium", url: catalogue::CILIUM_URL, version: "", digest: None };
        files.extend(helm::release_of(plan, unit, &chart, &version, values));
    }
    files
}

/// The values as a file, for Terraform, and for the first install, which must come before Flux.
fn text(plan: &Plan, values: &Value) -> String {
    let cilium = &plan.definition.cni.cilium;
    format!(
        "# Generated from clusters/{}/cluster.yaml (cni.cilium); do not edit.\n\
         # For version {} of the chart {}, in the namespace kube-system.\n{}",
        plan.cluster,
        cilium.version.0,
        catalogue::CILIUM_URL,
        tree::print_fragment(values),
    )
}

fn values(plan: &Plan) -> Value {
    let definition = plan.definition;
    let cilium = &definition.cni.cilium;
    let subnets = &definition.kubernetes.pod_subnets;
    let ipv4 = subnets.iter().any(|subnet| subnet.0.addr().is_ipv4());
    let ipv6 = subnets.iter().any(|subnet| subnet.0.addr().is_ipv6());
    let masquerade = cilium.masquerade();
    let (host, port) = api(plan);
    let mut values = json!({
        "cluster": {
            "name": definition.cluster.name.to_string(),
            "id": cilium.cluster_id.as_ref().map_or(1, |id| id.value),
        },
        "k8sServiceHost": host,
        "k8sServicePort": port,
        "kubeProxyReplacement": true,
        "ipv4": { "enabled": ipv4 },
        "ipv6": { "enabled": ipv6 },
        "ipam": ipam(plan),
        "enableIPv4Masquerade": ipv4 && masquerade != Masquerade::Off,
        "enableIPv6Masquerade": ipv6 && masquerade != Masquerade::Off,
        "bpf": {
            "hostLegacyRouting": cilium.host_legacy_routing(),
            "masquerade": masquerade == Masquerade::Bpf,
        },
        // Talos mounts these itself, and lets no pod load kernel modules.
        "cgroup": { "autoMount": { "enabled": false }, "hostRoot": "/sys/fs/cgroup" },
        "securityContext": {
            "capabilities": { "ciliumAgent": AGENT_CAPABILITIES, "cleanCiliumState": CLEAN_CAPABILITIES },
        },
        "l2announcements": { "enabled": announces(plan) },
        "hubble": hubble(cilium),
        // Two would wait for a second node for ever: the operator's pods keep apart.
        "operator": { "replicas": plan.nodes().count().clamp(1, 2), "rollOutPods": true },
        "rollOutCiliumPods": true,
        "envoy": { "rollOutPods": true },
    });
    routing(plan, &mut values);
    if let Some(mtu) = mtu(plan) {
        values["MTU"] = json!(mtu);
    }
    if let Some(acceleration) = &cilium.acceleration {
        values["loadBalancer"] = json!({ "acceleration": match acceleration.value {
            Acceleration::Disabled => "disabled",
            Acceleration::BestEffort => "best-effort",
            Acceleration::Native => "native",
        } });
    }
    if let Some(gateway) = gateway(plan) {
        helm::merge(&mut values, &gateway);
    }
    if let Some(own) = &cilium.values {
        helm::merge(&mut values, own);
    }
    values
}

/// Cilium's own defaults less `SYS_MODULE`.
const AGENT_CAPABILITIES: &[&str] = &[
    "CHOWN",
    "KILL",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "SYS_ADMIN",
    "SYS_RESOURCE",
    "DAC_OVERRIDE",
    "FOWNER",
    "SETGID",
    "SETUID",
];
const CLEAN_CAPABILITIES: &[&str] = &["NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE"];

/// Where Cilium finds the API: KubePrism outlives any one control plane, and works before Services do.
fn api(plan: &Plan) -> (String, u16) {
    let definition = plan.definition;
    let cilium = &definition.cni.cilium;
    let endpoint = &definition.cluster.endpoint;
    let (host, port) = if definition.talos.kube_prism() {
        ("localhost".to_owned(), 7445)
    } else {
        let fallback = cilium.api_fallback.as_ref().map(ToString::to_string);
        (fallback.unwrap_or_else(|| endpoint.host.clone()), endpoint.port)
    };
    (
        cilium.api_host.as_ref().map_or(host, |it| it.value.clone()),
        cilium.api_port.as_ref().map_or(port, |it| it.value.0),
    )
}

/// What Cilium takes the underlying network for: it knows the node's link, and not KubeSpan below it.
fn mtu(plan: &Plan) -> Option<u16> {
    let stated = plan.definition.cni.cilium.mtu.as_ref().map(|mtu| mtu.value.0);
    stated.or_else(|| plan.definition.mesh.kubespan().map(|_| plan.kubespan_mtu()))
}

fn subnet_lists(plan: &Plan) -> [(&'static str, Vec<String>); 2] {
    let subnets = &plan.definition.kubernetes.pod_subnets;
    let list = |v6: bool| {
        subnets.iter().filter(|it| it.0.addr().is_ipv6() == v6).map(ToString::to_string).collect::<Vec<_>>()
    };
    [("IPv4", list(false)), ("IPv6", list(true))]
}

fn ipam(plan: &Plan) -> Value {
    match plan.definition.cni.cilium.ipam() {
        Ipam::Kubernetes => json!({ "mode": "kubernetes" }),
        Ipam::ClusterPool => {
            let operator: Map<String, Value> = subnet_lists(plan)
                .into_iter()
                .filter(|(_, list)| !list.is_empty())
                .map(|(family, list)| (format!("clusterPool{family}PodCIDRList"), json!(list)))
                .collect();
            json!({ "mode": "cluster-pool", "operator": operator })
        }
    }
}

fn routing(plan: &Plan, values: &mut Value) {
    let cilium = &plan.definition.cni.cilium;
    if cilium.routing.value == Routing::Tunnel {
        values["routingMode"] = json!("tunnel");
        values["tunnelProtocol"] = json!("vxlan");
        return;
    }
    values["routingMode"] = json!("native");
    for (family, list) in subnet_lists(plan) {
        let stated = cilium
            .native_routing_cidr
            .as_ref()
            .filter(|it| it.0.addr().is_ipv4() == (family == "IPv4"))
            .map(ToString::to_string);
        if let Some(cidr) = stated.or_else(|| list.into_iter().next()) {
            values[format!("{}NativeRoutingCIDR", family.to_lowercase())] = json!(cidr);
        }
    }
    if cilium.auto_direct_node_routes() {
        values["autoDirectNodeRoutes"] = json!(true);
        values["directRoutingSkipUnreachable"] = json!(cilium.direct_routing_skip_unreachable());
    }
}

fn announces(plan: &Plan) -> bool {
    let pools = plan.definition.load_balancer.as_ref().is_some_and(|it| it.cilium.is_some());
    pools || plan.definition.cni.cilium.l2_announcements()
}

fn hubble(cilium: &Cilium) -> Value {
    if cilium.hubble.as_ref().is_none_or(|it| it.value) {
        // Certificates by a CronJob, as Helm would make new ones with every render.
        json!({ "enabled": true, "relay": { "enabled": true }, "tls": { "auto": { "method": "cronJob" } } })
    } else {
        json!({ "enabled": false })
    }
}

/// Envoy on the nodes of the ingress's site, on their own ports 80 and 443.
fn gateway(plan: &Plan) -> Option<Value> {
    let ingress = plan.definition.ingress.as_ref()?;
    if ingress.controller.value != Controller::CiliumGateway || plan.phase < ingress.since() {
        return None;
    }
    Some(json!({
        "gatewayAPI": {
            "enabled": true,
            "enableAlpn": true,
            "gatewayClass": { "create": "true" },
            "hostNetwork": {
                "enabled": true,
                "nodes": { "matchLabels": { plan.definition.site_label(): ingress.site.to_string() } },
            },
        },
        "envoy": {
            "enabled": true,
            "securityContext": {
                "capabilities": {
                    // Ports below 1024 want both.
                    "keepCapNetBindService": true,
                    "envoy": ["NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE"],
                },
            },
        },
    }))
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    #[test]
    fn a_tunnel_over_kubespan() {
        assert_snapshot!(file(SMALL, Phase::Prerequisites, "cilium/values.yaml"), @"
        # Generated from clusters/small/cluster.yaml (cni.cilium); do not edit.
        # For version 1.20.2 of the chart oci://quay.io/cilium/charts/cilium, in the namespace kube-system.
        cluster:
          name: small
          id: 1
        k8sServiceHost: localhost
        k8sServicePort: 7445
        kubeProxyReplacement: true
        ipv4:
          enabled: true
        ipv6:
          enabled: false
        ipam:
          mode: kubernetes
        enableIPv4Masquerade: true
        enableIPv6Masquerade: false
        bpf:
          hostLegacyRouting: true
          masquerade: false
        cgroup:
          autoMount:
            enabled: false
          hostRoot: /sys/fs/cgroup
        securityContext:
          capabilities:
            ciliumAgent:
              - CHOWN
              - KILL
              - NET_ADMIN
              - NET_RAW
              - IPC_LOCK
              - SYS_ADMIN
              - SYS_RESOURCE
              - DAC_OVERRIDE
              - FOWNER
              - SETGID
              - SETUID
            cleanCiliumState:
              - NET_ADMIN
              - SYS_ADMIN
              - SYS_RESOURCE
        l2announcements:
          enabled: false
        hubble:
          enabled: true
          relay:
            enabled: true
          tls:
            auto:
              method: cronJob
        operator:
          replicas: 2
          rollOutPods: true
        rollOutCiliumPods: true
        envoy:
          rollOutPods: true
        routingMode: tunnel
        tunnelProtocol: vxlan
        MTU: 1420
        ");
    }

    #[test]
    fn native_routing_and_values_of_ones_own() {
        let definition = edit(
            SMALL,
            "managedBy: flux, routing: tunnel }",
            "managedBy: terraform, routing: native, acceleration: best-effort, values: { hubble: { relay: { enabled: false } } } }",
        );
        let values = file(&definition, Phase::Cleanup, "cilium/values.yaml");
        let (_, own) = values.split_once("l2announcements").expect("what differs comes last");
        assert_snapshot!(own, @"
        :
          enabled: false
        hubble:
          enabled: true
          relay:
            enabled: false
          tls:
            auto:
              method: cronJob
        operator:
          replicas: 2
          rollOutPods: true
        rollOutCiliumPods: true
        envoy:
          rollOutPods: true
        routingMode: native
        ipv4NativeRoutingCIDR: 10.244.0.0/16
        MTU: 1420
        loadBalancer:
          acceleration: best-effort
        ");
    }

    #[test]
    fn terraform_installs_it_and_flux_does_not() {
        let definition = edit(SMALL, "managedBy: flux", "managedBy: terraform");
        let release = file(&definition, Phase::Cleanup, "apps/kube-system/cilium/app/helmrelease.yaml");
        assert!(release.starts_with("no apps/kube-system/cilium"), "{release}");
    }
}
