//! The pod network.

use crate::{
    Spanned,
    scalar::{Address, Cidr, Mtu, Port, RelativePath, Version},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The pod network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Cni {
    /// Cilium, which also stands in for kube-proxy.
    pub cilium: Cilium,
}

/// Cilium. What is absent is worked out from the mesh.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Cilium {
    /// The version of the chart.
    pub version: Spanned<Version>,
    /// What installs it.
    pub managed_by: Spanned<ManagedBy>,
    /// How packets for pods travel between nodes. A tunnel works over any mesh.
    pub routing: Spanned<Routing>,
    /// Who hands out pod networks. `kubernetes` where absent.
    pub ipam: Option<Spanned<Ipam>>,
    /// The size that Cilium takes the underlying network for. KubeSpan's where absent.
    pub mtu: Option<Spanned<Mtu>>,
    /// The host at which Cilium finds the API. KubePrism's `localhost` where absent.
    pub api_host: Option<Spanned<String>>,
    /// The port at which Cilium finds the API. KubePrism's 7445 where absent.
    pub api_port: Option<Spanned<Port>>,
    /// Whether nodes on one network set routes to each other's pods. No where absent.
    pub auto_direct_node_routes: Option<Spanned<bool>>,
    /// Whether direct routes leave out nodes that are not on the same network. No where absent.
    pub direct_routing_skip_unreachable: Option<Spanned<bool>>,
    /// The pod network that is routed natively. The pod subnet where absent.
    pub native_routing_cidr: Option<Spanned<Cidr>>,
    /// What hides pod addresses from the outside. `iptables` where absent.
    pub masquerade: Option<Spanned<Masquerade>>,
    /// Whether host traffic takes the kernel's own routing. Yes where absent: Talos' host DNS needs it.
    pub host_legacy_routing: Option<Spanned<bool>>,
    /// Whether load balancing is moved into the network driver. Off where absent.
    pub acceleration: Option<Spanned<Acceleration>>,
    /// Whether Cilium announces LoadBalancer addresses. No where absent.
    pub l2_announcements: Option<Spanned<bool>>,
    /// Whether Hubble shows flows. Yes where absent.
    pub hubble: Option<Spanned<bool>>,
    /// The number of this cluster among meshed ones. 1 where absent.
    pub cluster_id: Option<Spanned<u8>>,
    /// An address that the API is also found at while KubePrism is off.
    pub api_fallback: Option<Spanned<Address>>,
    /// The file of Helm values that is in use today, which the checks read; ours is to take its place.
    pub values_file: Option<Spanned<RelativePath>>,
    /// More Helm values; they win over what is worked out.
    pub values: Option<Spanned<serde_json::Value>>,
}

/// What installs a product.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum ManagedBy {
    /// Terraform, from the values file that we write.
    Terraform,
    /// Flux, from the HelmRelease that we write.
    Flux,
}

/// How packets for pods travel between nodes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Routing {
    /// Wrapped into VXLAN; the network between need not know pods.
    Tunnel,
    /// As they are; the network between must have routes to pods.
    Native,
}

/// Who hands out pod networks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Ipam {
    /// Kubernetes, in each Node's `podCIDRs`.
    Kubernetes,
    /// Cilium's operator.
    ClusterPool,
}

/// What hides pod addresses from the outside.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Masquerade {
    /// Netfilter.
    Iptables,
    /// Cilium's own programs.
    Bpf,
    /// Nothing.
    Off,
}

/// Whether load balancing is moved into the network driver.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Acceleration {
    /// No.
    Disabled,
    /// On links that can.
    BestEffort,
    /// On all links, or not at all.
    Native,
}

impl Cilium {
    pub fn ipam(&self) -> Ipam {
        self.ipam.as_ref().map_or(Ipam::Kubernetes, |it| it.value)
    }

    pub fn masquerade(&self) -> Masquerade {
        self.masquerade.as_ref().map_or(Masquerade::Iptables, |it| it.value)
    }

    pub fn host_legacy_routing(&self) -> bool {
        self.host_legacy_routing.as_ref().is_none_or(|it| it.value)
    }

    pub fn auto_direct_node_routes(&self) -> bool {
        self.auto_direct_node_routes.as_ref().is_some_and(|it| it.value)
    }

    pub fn direct_routing_skip_unreachable(&self) -> bool {
        self.direct_routing_skip_unreachable.as_ref().is_some_and(|it| it.value)
    }

    pub fn l2_announcements(&self) -> bool {
        self.l2_announcements.as_ref().is_some_and(|it| it.value)
    }
}
