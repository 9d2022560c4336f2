//! A node: a machine that runs Talos.

use super::{Machine, SecretKey};
use crate::{
    Phase, Spanned,
    scalar::{Address, InterfaceAddress, LabelKey, LabelValue, Name, SubnetFilter},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt, net::IpAddr};

/// A machine that runs Talos and is a member of the cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Node {
    /// The site where it stands.
    pub site: Spanned<Name>,
    /// Whether it runs the control plane.
    pub role: Spanned<Role>,
    /// Its addresses with their prefix lengths; the first is the one that other nodes know it by.
    pub addresses: Vec<Spanned<InterfaceAddress>>,
    /// The address that the internet knows it by, where a provider translates it one to one.
    pub public_address: Option<Spanned<Address>>,
    /// What this machine is, where it differs from its site's others.
    #[serde(default)]
    pub machine: Machine,
    /// Labels beside those that the site gives.
    #[serde(default)]
    pub labels: BTreeMap<Spanned<LabelKey>, Spanned<LabelValue>>,
    /// Taints, which keep pods away that do not tolerate them.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// Networks that the node's address is taken from. Worked out from its addresses where absent.
    pub node_ip_subnets: Option<Vec<Spanned<SubnetFilter>>>,
    /// The phase in which it joins. Where absent: `node` at a public site without control planes, else it is there from the start.
    pub since: Option<Spanned<Phase>>,
    /// The machine that is wiped to become this node: an entry of `addresses` that is held outside the cluster.
    pub replaces: Option<Spanned<Name>>,
    /// A Tailscale auth key, where the node has the extension.
    pub tailscale_auth_key: Option<SecretKey>,
}

/// What a node runs beside pods.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// etcd, the API server, the scheduler and the controllers.
    Controlplane,
    /// Pods alone.
    Worker,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Controlplane => "controlplane",
            Self::Worker => "worker",
        })
    }
}

/// Keeps pods away that do not tolerate it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Taint {
    /// The key, in the form of a label's: `example.org/edge`.
    pub key: Spanned<LabelKey>,
    /// The value, where the key alone does not say enough.
    pub value: Option<Spanned<LabelValue>>,
    /// What it does to pods that do not tolerate it.
    pub effect: Spanned<TaintEffect>,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
pub enum TaintEffect {
    /// No new ones come.
    NoSchedule,
    /// New ones come only where there is no other place.
    PreferNoSchedule,
    /// No new ones come, and those that are there leave.
    NoExecute,
}

impl TaintEffect {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

impl Node {
    /// The address that other nodes know it by.
    pub fn address(&self) -> Option<IpAddr> {
        self.addresses.first().map(|address| address.ip())
    }

    pub fn ips(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(|address| address.ip())
    }

    /// The addresses at which the internet finds it, where its site is public.
    pub fn public_ips(&self) -> Vec<IpAddr> {
        match &self.public_address {
            Some(public) => std::iter::once(public.0).chain(self.ips().filter(IpAddr::is_ipv6)).collect(),
            None => self.ips().collect(),
        }
    }
}
