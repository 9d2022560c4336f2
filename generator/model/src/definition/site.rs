//! A site: where nodes stand.

use super::Machine;
use crate::{
    Spanned,
    scalar::{Address, Cidr, LabelValue, Mtu},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A place with a network of its own, at home or at a provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Site {
    /// The site's own networks, which no other site has.
    #[serde(default)]
    pub networks: Vec<Spanned<Cidr>>,
    /// Whether the internet reaches the nodes at their own addresses. No where absent.
    pub public: Option<Spanned<bool>>,
    /// Whether the nodes go out through a router that hides their addresses. No where absent.
    pub nat: Option<Spanned<bool>>,
    /// The largest packet that the site's way to the others takes. 1500 where absent.
    pub underlay_mtu: Option<Spanned<Mtu>>,
    /// What CSI drivers and clouds call this place; not the site's own label.
    #[serde(default)]
    pub topology: Topology,
    /// The label `node.kubernetes.io/instance-type` of its nodes.
    pub instance_type: Option<Spanned<LabelValue>>,
    /// Name servers that the nodes ask.
    #[serde(default)]
    pub resolvers: Vec<Spanned<Address>>,
    /// Time servers that the nodes ask, by name or address.
    #[serde(default)]
    pub time_servers: Vec<Spanned<String>>,
    /// What the firewall of Talos does with traffic that no rule lets in. `block` at a public site, `accept` elsewhere.
    pub firewall: Option<Spanned<FirewallDefault>>,
    /// The machines of this site, as far as they are alike.
    #[serde(default)]
    pub machine: Machine,
}

/// Region and zone, which storage drivers read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Topology {
    /// `topology.kubernetes.io/region`; for Proxmox CSI the name of the Proxmox cluster.
    pub region: Option<Spanned<LabelValue>>,
    /// `topology.kubernetes.io/zone`; for Proxmox CSI the name of the Proxmox node.
    pub zone: Option<Spanned<LabelValue>>,
}

/// What happens to traffic that no rule lets in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum FirewallDefault {
    /// It comes in.
    Accept,
    /// It is dropped.
    Block,
    /// It comes in, and a firewall of the provider's stands before the nodes. The rules for it are in `talos/README.md`.
    Provider,
}

impl Site {
    pub fn public(&self) -> bool {
        self.public.as_ref().is_some_and(|it| it.value)
    }

    pub fn nat(&self) -> bool {
        self.nat.as_ref().is_some_and(|it| it.value)
    }

    pub fn underlay_mtu(&self) -> u16 {
        self.underlay_mtu.as_ref().map_or(1500, |mtu| mtu.value.0)
    }

    pub fn firewall(&self) -> FirewallDefault {
        let default = if self.public() { FirewallDefault::Block } else { FirewallDefault::Accept };
        self.firewall.as_ref().map_or(default, |it| it.value)
    }
}
