//! Addresses for Services of type `LoadBalancer`: MetalLB, or Cilium's own announcements.
//!
//! Whoever answers for an address must stand on the network that it belongs to, so both are held to one site.

use crate::{
    Component, Context, Declaration, File, From, NodePort, Plan, PodSecurity, Protocol, Unit, catalogue,
    helm::{self, UNIT_TIMEOUT},
    placement,
};
use model::{
    Phase,
    definition::{MetalLb, Pool, Role},
    scalar::AddressRange,
};
use serde_json::json;
use std::collections::BTreeMap;
use tree::{
    Object,
    k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
    resources::{
        cilium::{
            CiliumL2AnnouncementPolicy, CiliumL2AnnouncementPolicySpec, CiliumLoadBalancerIpPool,
            CiliumLoadBalancerIpPoolSpec, IpBlock, YesNo,
        },
        metallb::{IpAddressPool, IpAddressPoolSpec, L2Advertisement, L2AdvertisementSpec},
    },
};

pub const METALLB: Component = Component { declare: declare_metallb, emit: emit_metallb };
pub const CILIUM_POOLS: Component = Component { declare: declare_cilium, emit: emit_cilium };

const METALLB_NAMESPACE: &str = "metallb-system";

fn declare_metallb(context: &Context) -> Vec<Declaration> {
    let key = "loadBalancer.metallb";
    let Some(metallb) = context.definition.load_balancer.as_ref().and_then(|it| it.metallb.as_ref()) else {
        return Vec::new();
    };
    // The speakers are on the node's own network.
    let mut controller =
        Declaration::new("metallb", METALLB_NAMESPACE, key).at(&metallb.site).needs("network");
    controller.pod_security = Some(PodSecurity::Privileged);
    controller.timeout = UNIT_TIMEOUT.into();
    // By memberlist, the speakers know who of them is there; one that hears nobody announces every address itself.
    controller.ports = [Protocol::Tcp, Protocol::Udp]
        .map(|protocol| NodePort {
            protocol,
            port: 7946,
            from: From::Nodes,
            purpose: "metallb-members",
            wildcard: true,
        })
        .into();
    if pools(metallb, context.phase).next().is_none() {
        return vec![controller];
    }
    let pools =
        Declaration::new("metallb-pools", METALLB_NAMESPACE, key).needs("metallb").provides("load-balancer");
    vec![controller, Declaration { pod_security: None, ..pools }]
}

fn declare_cilium(context: &Context) -> Vec<Declaration> {
    let Some(cilium) = context.definition.load_balancer.as_ref().and_then(|it| it.cilium.as_ref()) else {
        return Vec::new();
    };
    if pools(cilium, context.phase).next().is_none() {
        return Vec::new();
    }
    let pools = Declaration::new("cilium-pools", "kube-system", "loadBalancer.cilium")
        .needs("network")
        .provides("load-balancer");
    vec![Declaration { pod_security: None, ..pools }]
}

/// The pools of a phase.
fn pools(settings: &MetalLb, phase: Phase) -> impl Iterator<Item = (&str, &Pool)> {
    settings
        .pools
        .iter()
        .filter(move |(_, pool)| pool.until.as_ref().is_none_or(|until| phase <= until.value))
        .map(|(name, pool)| (&***name, pool))
}

fn emit_metallb(plan: &Plan, unit: &Unit) -> Vec<File> {
    let Some(metallb) = plan.definition.load_balancer.as_ref().and_then(|it| it.metallb.as_ref()) else {
        return Vec::new();
    };
    if unit.name == "metallb" {
        return helm::release(plan, unit, &catalogue::METALLB, values(plan, metallb));
    }
    let meta = |name: &str| metadata(name, Some(METALLB_NAMESPACE));
    let mut files: Vec<File> = pools(metallb, plan.phase)
        .map(|(name, pool)| {
            Object::new(&IpAddressPool {
                metadata: meta(name),
                spec: IpAddressPoolSpec {
                    addresses: pool.addresses.iter().map(ToString::to_string).collect(),
                    auto_assign: pool.auto_assign.as_ref().map(|it| it.value),
                    ..Default::default()
                },
            })
            .into()
        })
        .collect();
    let advertisement = L2Advertisement {
        metadata: meta(&metallb.site),
        spec: L2AdvertisementSpec {
            ip_address_pools: pools(metallb, plan.phase).map(|(name, _)| name.to_owned()).collect(),
            node_selectors: selector(plan, metallb).into_iter().collect(),
            interfaces: metallb.interfaces.iter().map(ToString::to_string).collect(),
        },
    };
    files.push(Object::new(&advertisement).into());
    files
}

fn values(plan: &Plan, metallb: &MetalLb) -> serde_json::Value {
    let site: &str = &metallb.site;
    // Talos labels control planes so that speakers there keep quiet; where no other node is, they must speak.
    let only_control_planes = plan.nodes_at(site).all(|(_, node)| node.role.value == Role::Controlplane);
    let resources =
        json!({ "requests": { "cpu": "20m", "memory": "64Mi" }, "limits": { "memory": "192Mi" } });
    let mut values = json!({
        "controller": {
            "affinity": placement::at_site_value(plan, site),
            "tolerations": placement::tolerations(plan, site),
            "resources": resources,
        },
        "speaker": {
            "tolerations": placement::tolerations(plan, site),
            "ignoreExcludeLB": only_control_planes,
            // Routes by BGP are none of ours.
            "frr": { "enabled": false },
            "resources": resources,
        },
        "frrk8s": { "enabled": false },
    });
    if !metallb.every_node() {
        values["speaker"]["nodeSelector"] = json!({ plan.definition.site_label(): site });
    }
    values
}

fn emit_cilium(plan: &Plan, _: &Unit) -> Vec<File> {
    let Some(cilium) = plan.definition.load_balancer.as_ref().and_then(|it| it.cilium.as_ref()) else {
        return Vec::new();
    };
    let mut files: Vec<File> = pools(cilium, plan.phase)
        .map(|(name, pool)| {
            let manual = pool.auto_assign.as_ref().is_some_and(|it| !it.value);
            Object::new(&CiliumLoadBalancerIpPool {
                metadata: metadata(name, None),
                spec: CiliumLoadBalancerIpPoolSpec {
                    blocks: pool.addresses.iter().map(|range| block(range)).collect(),
                    // A pool that no Service gets unasked: one with this label asks.
                    service_selector: manual
                        .then(|| labelled(&format!("{}/pool", plan.definition.cluster.domain), name)),
                    allow_first_last_ips: Some(YesNo::Yes),
                    ..Default::default()
                },
            })
            .into()
        })
        .collect();
    let policy = CiliumL2AnnouncementPolicy {
        metadata: metadata(&cilium.site, None),
        spec: CiliumL2AnnouncementPolicySpec {
            node_selector: selector(plan, cilium),
            // Cilium reads regular expressions.
            interfaces: cilium
                .interfaces
                .iter()
                .map(|link| format!("^{}$", link.replace('.', "\\.")))
                .collect(),
            load_balancer_ips: Some(true),
            ..Default::default()
        },
    };
    files.push(Object::new(&policy).into());
    files
}

fn block(range: &AddressRange) -> IpBlock {
    match range {
        AddressRange::Network(network) => IpBlock { cidr: Some(network.to_string()), ..Default::default() },
        range @ AddressRange::Between(..) => {
            let (start, stop) = range.ends();
            IpBlock { start: Some(start.to_string()), stop: Some(stop.to_string()), ..Default::default() }
        }
    }
}

fn selector(plan: &Plan, settings: &MetalLb) -> Option<LabelSelector> {
    (!settings.every_node()).then(|| labelled(&plan.definition.site_label(), &settings.site))
}

fn labelled(key: &str, value: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(BTreeMap::from([(key.to_owned(), value.to_owned())])),
        ..Default::default()
    }
}

fn metadata(name: &str, namespace: Option<&str>) -> ObjectMeta {
    ObjectMeta { name: Some(name.into()), namespace: namespace.map(str::to_owned), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    #[test]
    fn speakers_and_announcements_stay_at_home() {
        let values = file(SMALL, Phase::Cleanup, "apps/metallb-system/metallb/app/helmrelease.yaml");
        let (_, values) = values.split_once("  values:\n").expect("a release has values");
        assert_snapshot!(values, @"
        controller:
          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                  - matchExpressions:
                      - key: example.org/site
                        operator: In
                        values:
                          - home
          tolerations: []
          resources:
            requests:
              cpu: 20m
              memory: 64Mi
            limits:
              memory: 192Mi
        speaker:
          tolerations: []
          ignoreExcludeLB: false
          frr:
            enabled: false
          resources:
            requests:
              cpu: 20m
              memory: 64Mi
            limits:
              memory: 192Mi
          nodeSelector:
            example.org/site: home
        frrk8s:
          enabled: false
        ");
        assert_snapshot!(file(SMALL, Phase::Cleanup, "apps/metallb-system/metallb-pools/app/l2advertisement-home.yaml"), @"
        # Generated from clusters/small/cluster.yaml (loadBalancer.metallb); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: metallb.io/v1beta1
        kind: L2Advertisement
        metadata:
          name: home
          namespace: metallb-system
        spec:
          ipAddressPools:
            - services
          nodeSelectors:
            - matchLabels:
                example.org/site: home
          interfaces:
            - eth0
        ");
    }

    #[test]
    fn a_pool_leaves_after_its_phase() {
        let pools = "services: { addresses: [10.2.3.4-10.2.3.20] }";
        let definition = edit(
            SMALL,
            pools,
            &format!("{pools}\n      old: {{ addresses: [10.2.3.2/32], until: ingress }}"),
        );
        let path = "apps/metallb-system/metallb-pools/app/ipaddresspool-old.yaml";
        assert!(file(&definition, Phase::Ingress, path).contains("10.2.3.2/32"));
        assert!(file(&definition, Phase::Dns, path).starts_with("no apps/"));
    }

    #[test]
    fn cilium_announces_on_one_link() {
        let definition = edit(SMALL, "  metallb:", "  cilium:");
        assert_snapshot!(file(&definition, Phase::Cleanup, "apps/kube-system/cilium-pools/app/ciliuml2announcementpolicy-home.yaml"), @"
        # Generated from clusters/small/cluster.yaml (loadBalancer.cilium); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: cilium.io/v2alpha1
        kind: CiliumL2AnnouncementPolicy
        metadata:
          name: home
        spec:
          nodeSelector:
            matchLabels:
              example.org/site: home
          interfaces:
            - ^eth0$
          loadBalancerIPs: true
        ");
        assert_snapshot!(file(&definition, Phase::Cleanup, "apps/kube-system/cilium-pools/app/ciliumloadbalancerippool-services.yaml"), @r#"
        # Generated from clusters/small/cluster.yaml (loadBalancer.cilium); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: cilium.io/v2
        kind: CiliumLoadBalancerIPPool
        metadata:
          name: services
        spec:
          blocks:
            - start: "10.2.3.4"
              stop: "10.2.3.20"
          allowFirstLastIPs: "Yes"
        "#);
    }
}
