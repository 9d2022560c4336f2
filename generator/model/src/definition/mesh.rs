//! The encrypted network between all nodes.

use crate::{
    Spanned,
    scalar::{Mtu, SubnetFilter},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The encrypted network between all nodes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mesh {
    /// KubeSpan, Talos' own WireGuard mesh. Off where absent.
    pub kubespan: Option<Spanned<KubeSpan>>,
}

/// KubeSpan. What is absent is worked out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct KubeSpan {
    /// Whether it is on. Yes where absent.
    pub enabled: Option<Spanned<bool>>,
    /// Whether a node sends in the clear while a peer is down. Yes at sites behind NAT, whose nodes share a network; no at public ones.
    pub allow_down_peer_bypass: Option<Spanned<bool>>,
    /// Whether pod networks are routed through the mesh. Yes with native routing, no with a tunnel.
    pub advertise_kubernetes_networks: Option<Spanned<bool>>,
    /// The largest packet. The least of the sites' `underlayMtu`, less 80.
    pub mtu: Option<Spanned<Mtu>>,
    /// Which of its addresses a node announces to the others. At a site behind NAT those in its own networks, elsewhere all but Tailscale's.
    pub endpoint_filters: Option<Vec<Spanned<SubnetFilter>>>,
    /// Networks that nodes do not announce to each other; the same on every node.
    #[serde(default)]
    pub exclude_advertised_networks: Vec<Spanned<crate::scalar::Cidr>>,
}

impl Mesh {
    /// KubeSpan, where it is on.
    pub fn kubespan(&self) -> Option<&KubeSpan> {
        self.kubespan.as_ref().map(|it| &it.value).filter(|it| it.enabled.as_ref().is_none_or(|on| on.value))
    }
}
