//! The definition: what a person writes in `clusters/<name>/cluster.yaml`.
//!
//! These types are the model: defaults are applied where a value is read, by the methods here.
//! No type uses `flatten`, `untagged` or `tag`, which lose the place of a value.

mod address;
mod app;
mod arrival;
mod backup;
mod certificates;
mod checks;
mod cluster;
mod cni;
mod dns;
mod existing;
mod ingress;
mod load_balancer;
mod machine;
mod mesh;
mod migration;
mod nix_cache;
mod node;
mod secret;
mod site;
mod storage;
mod talos;
mod website;

pub use address::{AddressRef, HeldAddress, Holder};
pub use app::{App, Source};
pub use backup::{Backup, Schedule, TerraformState};
pub use certificates::{AcmeEnvironment, Certificates, Solver};
pub use checks::{Allow, Checks};
pub use cluster::{ClusterSettings, Flux, Kubernetes};
pub use cni::{Acceleration, Cilium, Cni, Ipam, ManagedBy, Masquerade, Routing};
pub use dns::{
    Backend, ClusterForward, Dns, Exposure, ExternalDns, OutsideSecondary, Parent, PowerDns, PreviousDns,
    RecordSet, RecordsPolicy, Soa, Tsig, TsigAlgorithm, Zone,
};
pub use existing::Existing;
pub use ingress::{Controller, Ingress};
pub use load_balancer::{LoadBalancer, MetalLb, Pool};
pub use machine::{Architecture, Machine, Platform, Route};
pub use mesh::{KubeSpan, Mesh};
pub use migration::Migration;
pub use nix_cache::NixCache;
pub use node::{Node, Role, Taint, TaintEffect};
pub use secret::SecretKey;
pub use site::{FirewallDefault, Site, Topology};
pub use storage::{AccessMode, Storage, StorageClass};
pub use talos::{Discovery, Talos};
pub use website::Website;

use crate::{
    Phase, Spanned,
    scalar::{Hostname, Name},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::OnceLock};

/// One cluster: its sites and nodes, what runs where, and how far its migration has come.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Definition {
    /// The cluster as a whole: its name, domain, API endpoint and place in Git.
    pub cluster: ClusterSettings,
    /// Talos Linux: which version runs and which form its configuration has.
    pub talos: Talos,
    /// Kubernetes: its version and networks.
    pub kubernetes: Kubernetes,
    /// Where nodes stand: one network each, with or without a way in from the internet.
    pub sites: BTreeMap<Spanned<Name>, Site>,
    /// The machines, by host name.
    pub nodes: BTreeMap<Spanned<Name>, Node>,
    /// Who holds which address; every other place refers to these by name.
    #[serde(default)]
    pub addresses: BTreeMap<Spanned<Name>, HeldAddress>,
    /// The encrypted network between all nodes.
    #[serde(default)]
    pub mesh: Mesh,
    /// The pod network.
    pub cni: Cni,
    /// Addresses for Services of type `LoadBalancer`, on a site's own network.
    pub load_balancer: Option<LoadBalancer>,
    /// Where volumes can be.
    #[serde(default)]
    pub storage: Storage,
    /// The way in for web traffic.
    pub ingress: Option<Ingress>,
    /// Authoritative DNS, and what writes records into it.
    pub dns: Option<Dns>,
    /// Certificates by ACME.
    pub certificates: Option<Certificates>,
    /// A website that the cluster serves.
    pub website: Option<Website>,
    /// Git repositories that hold apps, where this is not the one that holds this file.
    #[serde(default)]
    pub sources: BTreeMap<Spanned<Name>, Source>,
    /// Directories that exist already: tombolo writes their Flux Kustomization, order and placement.
    #[serde(default)]
    pub apps: BTreeMap<Spanned<Name>, App>,
    /// What the repository holds already, beside apps: the checks read it, and nothing writes to it.
    #[serde(default)]
    pub existing: Existing,
    /// What a host outside the cluster keeps copies of.
    #[serde(default)]
    pub backup: Backup,
    /// The binary cache of Nix that the cluster serves.
    pub nix_cache: Option<NixCache>,
    /// How far the migration has come.
    #[serde(default)]
    pub migration: Migration,
    /// Which warnings are accepted, and why.
    #[serde(default)]
    pub checks: Checks,
    /// The first phase of each app, once it has been asked for.
    #[serde(skip)]
    arrivals: OnceLock<BTreeMap<String, Phase>>,
}

impl Definition {
    /// The label that says at which site a node stands. Our own: CSI drivers own the zone label.
    pub fn site_label(&self) -> String {
        format!("{}/site", self.cluster.domain.value)
    }

    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(name)
    }

    /// The nodes of a site, in name order.
    pub fn nodes_at<'a>(&'a self, site: &'a str) -> impl Iterator<Item = (&'a Spanned<Name>, &'a Node)> {
        self.nodes.iter().filter(move |(_, node)| &*node.site.value == site)
    }

    pub fn control_planes(&self) -> impl Iterator<Item = (&Spanned<Name>, &Node)> {
        self.nodes.iter().filter(|(_, node)| node.role.value == Role::Controlplane)
    }

    /// The zone that serves `host`: the longest that it lies in.
    pub fn zone_of(&self, host: &str) -> Option<(&Spanned<Hostname>, &Zone)> {
        let zones = self.dns.as_ref()?.zones.iter();
        let serves =
            |zone: &str| host == zone || host.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
        zones.filter(|(zone, _)| serves(zone)).max_by_key(|(zone, _)| zone.len())
    }
}
