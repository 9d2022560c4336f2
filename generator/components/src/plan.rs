//! The plan: everything that the components declared, joined. Emitters and checks read it.

use crate::{Adopted, Component, Context, Declaration, Files, NodePort};
use model::{
    Definition, Phase, Spanned,
    definition::{AddressRef, Exposure, HeldAddress, Node, Routing, Site},
    scalar::{Hostname, Name},
};
use std::{collections::BTreeMap, net::IpAddr};

/// The plan of one cluster in one phase.
#[derive(Debug)]
pub struct Plan<'a> {
    pub definition: &'a Definition,
    pub phase: Phase,
    /// The folder below `clusters/`.
    pub cluster: &'a str,
    /// What a person keeps beside the definition.
    pub files: &'a Files,
    /// What the repository holds already, and the definition adopts.
    pub adopted: &'a Adopted,
    /// What runs in this phase, by name.
    pub units: BTreeMap<String, Unit>,
    /// Names that two declarations claim in this phase; the first of them runs.
    pub claimed_twice: Vec<String>,
    /// Needs that nothing provides in this phase.
    pub unmet: Vec<Need>,
    /// A cycle of needs, if there is one: each needs the next, the last the first.
    pub cycle: Vec<String>,
}

/// A declaration that holds in this phase, with its place in the order.
#[derive(Clone)]
pub struct Unit {
    pub declaration: Declaration,
    pub component: &'static Component,
    /// The units that must be ready before it: direct ones only, in name order.
    pub depends_on: Vec<String>,
    /// Whether something depends on it.
    pub awaited: bool,
}

impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unit")
            .field("declaration", &self.declaration)
            .field("depends_on", &self.depends_on)
            .field("awaited", &self.awaited)
            .finish_non_exhaustive()
    }
}

impl std::ops::Deref for Unit {
    type Target = Declaration;
    fn deref(&self) -> &Declaration {
        &self.declaration
    }
}

/// A need that nothing provides in this phase.
#[derive(Clone, Debug)]
pub struct Need {
    pub unit: String,
    pub what: Spanned<Name>,
}

impl<'a> Plan<'a> {
    pub fn context(&self) -> Context<'a> {
        Context {
            definition: self.definition,
            phase: self.phase,
            cluster: self.cluster,
            files: self.files,
            adopted: self.adopted,
        }
    }

    /// The nodes that are members in this phase, in name order.
    pub fn nodes(&self) -> impl Iterator<Item = (&'a Spanned<Name>, &'a Node)> + use<'a> {
        let (definition, phase) = (self.definition, self.phase);
        definition.nodes.iter().filter(move |(_, node)| joins(definition, node) <= phase)
    }

    pub fn nodes_at(&self, site: &str) -> impl Iterator<Item = (&'a Spanned<Name>, &'a Node)> {
        self.nodes().filter(move |(_, node)| **node.site == *site)
    }

    pub fn site_of(&self, node: &Node) -> Option<&'a Site> {
        self.definition.sites.get(&**node.site)
    }

    /// Whether a unit of this name, or one that provides it, runs in this phase.
    pub fn provides(&self, what: &str) -> bool {
        self.units.values().any(|unit| unit.name == what || unit.provides.iter().any(|it| it == what))
    }

    /// The public addresses of a site's nodes in this phase, IPv4 first.
    pub fn public_ips(&self, site: &str) -> Vec<IpAddr> {
        let mut ips: Vec<IpAddr> = self.nodes_at(site).flat_map(|(_, node)| node.public_ips()).collect();
        ips.sort();
        ips.dedup();
        ips
    }

    /// What an address by name stands for: a node's public addresses, or a held address.
    pub fn resolve(&self, reference: &AddressRef) -> Vec<IpAddr> {
        match reference {
            AddressRef::Literal(address) => vec![address.0],
            AddressRef::Name(name) => match self.definition.nodes.get(&**name) {
                Some(node) => node.public_ips(),
                None => {
                    self.definition.addresses.get(&**name).map(|held| held.address.0).into_iter().collect()
                }
            },
        }
    }

    /// The held addresses of this phase.
    pub fn held(&self) -> impl Iterator<Item = (&'a Spanned<Name>, &'a HeldAddress)> + use<'a> {
        let phase = self.phase;
        self.definition.addresses.iter().filter(move |(_, it)| it.phases().contains(phase))
    }

    /// The addresses that served hosts resolve to.
    pub fn ingress_ips(&self) -> Vec<IpAddr> {
        let Some(ingress) = &self.definition.ingress else { return Vec::new() };
        if ingress.targets.is_empty() {
            return self.public_ips(&ingress.site);
        }
        let mut ips: Vec<IpAddr> = ingress.targets.iter().flat_map(|target| self.resolve(target)).collect();
        ips.sort();
        ips.dedup();
        ips
    }

    /// Every host that is served in this phase, and the unit that serves it.
    pub fn served(&self) -> impl Iterator<Item = (&Spanned<Hostname>, &Unit)> {
        self.units.values().flat_map(|unit| unit.routes.iter().map(move |route| (&route.host, unit)))
    }

    /// Every port that a unit takes of this node.
    pub fn ports_on(&self, node: &Node) -> impl Iterator<Item = (&Unit, &NodePort)> {
        let site = node.site.value.to_string();
        self.units
            .values()
            .filter(move |unit| unit.site.as_ref().is_none_or(|it| *it == site))
            .flat_map(|unit| unit.ports.iter().map(move |port| (unit, port)))
    }

    /// The size of KubeSpan's packets: the least of all sites, less WireGuard's 80 bytes over IPv6.
    pub fn kubespan_mtu(&self) -> u16 {
        let stated = self.definition.mesh.kubespan().and_then(|kubespan| kubespan.mtu.as_ref());
        stated.map_or_else(|| self.path_mtu() - 80, |mtu| mtu.value.0)
    }

    /// The largest packet that gets from any site to any other.
    pub fn path_mtu(&self) -> u16 {
        self.definition.sites.values().map(Site::underlay_mtu).min().unwrap_or(1500)
    }

    /// Whether KubeSpan is on in this phase.
    pub fn kubespan(&self) -> bool {
        self.definition.mesh.kubespan().is_some() && self.phase >= Phase::Mesh
    }

    /// Whether pod networks are routed through the mesh.
    pub fn advertises_pod_networks(&self) -> bool {
        let stated = self.definition.mesh.kubespan().and_then(|it| it.advertise_kubernetes_networks.as_ref());
        stated.map_or(self.definition.cni.cilium.routing.value == Routing::Native, |it| it.value)
    }

    /// Whether pods of this exposure need the node's own network.
    pub fn host_network(exposure: Exposure) -> bool {
        exposure == Exposure::HostNetwork
    }
}

/// The phase in which a node joins: at the start where the control plane stands or no way in is, else in `node`.
pub fn joins(definition: &Definition, node: &Node) -> Phase {
    if let Some(since) = &node.since {
        return since.value;
    }
    let public = definition.site(&node.site).is_some_and(Site::public);
    let home = || definition.control_planes().any(|(_, other)| other.site == node.site);
    if public && !home() { Phase::Node } else { Phase::Prerequisites }
}
