//! Who can send the first packet to whom: the reachability of every pair of nodes, without the mesh.

use crate::Plan;
use ipnet::IpNet;
use model::{
    Spanned,
    definition::{Node, Site},
    scalar::Name,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

/// The way by which a first packet arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Over a network that both are on.
    Shared(IpAddr),
    /// Through routers that know the way, without translation.
    Routed(IpAddr),
    /// Over the internet.
    Internet(IpAddr),
}

impl Way {
    pub fn address(self) -> IpAddr {
        match self {
            Self::Shared(ip) | Self::Routed(ip) | Self::Internet(ip) => ip,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared(ip) => write!(f, "`{ip}`, on the same network"),
            Self::Routed(ip) => write!(f, "`{ip}`, routed"),
            Self::Internet(ip) => write!(f, "`{ip}`, over the internet"),
        }
    }
}

/// How `from` reaches `to` without having been asked first, if it can.
pub fn way(plan: &Plan, from: &Node, to: &Node) -> Option<Way> {
    let (here, there) = (plan.site_of(from)?, plan.site_of(to)?);
    if let Some(ip) = to.ips().find(|ip| shares_network(from, here, to, *ip)) {
        return Some(Way::Shared(ip));
    }
    let outward = |ip: &IpAddr| is_public(*ip) && speaks(from, here, *ip);
    if let Some(ip) = announced(to, there).into_iter().find(outward) {
        return Some(Way::Internet(ip));
    }
    let routes = || from.machine.routes.iter().chain(&here.machine.routes);
    let known = |ip: &IpAddr| routes().any(|route| route.network.contains(*ip));
    // A router that translates addresses hides its own side from first packets of the other.
    to.ips().find(|ip| !there.nat() && known(ip)).map(Way::Routed)
}

/// Whether one end of a pair can send the first packet, which is all that WireGuard needs.
pub fn meets(plan: &Plan, a: &Node, b: &Node) -> bool {
    way(plan, a, b).is_some() || way(plan, b, a).is_some()
}

/// Nodes that are alike in what they reach and how they are reached: of one site, families and routes.
#[derive(Debug)]
pub struct Group<'a> {
    pub site: &'a str,
    /// At least one, in name order.
    pub nodes: Vec<(&'a Spanned<Name>, &'a Node)>,
}

impl<'a> Group<'a> {
    pub fn first(&self) -> &'a Node {
        self.nodes[0].1
    }

    /// `home (cp0, cp1, worker0)`, the names cut short where they are many.
    pub fn title(&self) -> String {
        let names: Vec<&str> = self.nodes.iter().take(6).map(|(name, _)| &****name).collect();
        let rest = self.nodes.len() - names.len();
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        format!("{} ({}{more})", self.site, names.join(", "))
    }
}

/// The members in groups: every pair of nodes is a pair of groups, or of two nodes of one.
pub fn groups<'a>(plan: &Plan<'a>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<_, Group<'a>> = BTreeMap::new();
    for (name, node) in plan.nodes() {
        let Some(site) = plan.site_of(node) else { continue };
        let families =
            |ips: Vec<IpAddr>| ips.iter().map(|ip| (ip.is_ipv4(), is_public(*ip))).collect::<BTreeSet<_>>();
        let networks: BTreeSet<IpNet> = node
            .addresses
            .iter()
            .map(|it| {
                site.networks
                    .iter()
                    .map(|net| net.0)
                    .find(|net| net.contains(&it.ip()))
                    .unwrap_or(it.network())
            })
            .filter(|_| !site.public())
            .collect();
        let routes: Vec<IpNet> = node.machine.routes.iter().map(|route| route.network.0).collect();
        let key =
            (&**node.site, families(node.ips().collect()), families(announced(node, site)), networks, routes);
        let group = Group { site: &node.site, nodes: Vec::new() };
        groups.entry(key).or_insert(group).nodes.push((name, node));
    }
    groups.into_values().collect()
}

/// The addresses at which the internet finds a node.
pub fn announced(node: &Node, site: &Site) -> Vec<IpAddr> {
    if site.public() {
        node.public_ips().into_iter().filter(|ip| is_public(*ip)).collect()
    } else {
        node.public_address.iter().map(|it| it.0).collect()
    }
}

fn shares_network(from: &Node, here: &Site, to: &Node, ip: IpAddr) -> bool {
    let same_link =
        from.addresses.iter().any(|own| own.network().contains(&ip) && own.0.prefix_len() < host(ip));
    // Public addresses of one provider may lie in one network and yet be told apart by its router: the
    // internet's way is as good, so only a private network is taken for a shared one.
    if from.site == to.site {
        (same_link && !is_public(ip)) || (!here.public() && here.networks.iter().any(|it| it.contains(ip)))
    } else {
        false
    }
}

/// Whether a node has a way out for the family of an address.
fn speaks(node: &Node, site: &Site, ip: IpAddr) -> bool {
    let dhcp = node.machine.over(&site.machine).dhcp();
    match ip {
        IpAddr::V4(_) => dhcp || node.ips().any(|own| own.is_ipv4()),
        IpAddr::V6(_) => node.ips().any(|own| own.is_ipv6() && is_public(own)),
    }
}

const fn host(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// Whether the internet routes an address. Those of documentation count: examples are written with them.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let carrier = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || carrier)
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
    }
}

/// An address as a network of its own.
pub fn alone(ip: IpAddr) -> IpNet {
    IpNet::new(ip, host(ip)).expect("the length fits the family")
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        let public = |ip: &str| is_public(ip.parse().expect("an address"));
        assert!(["192.0.2.1", "172.32.0.1", "100.128.0.1", "2001:db8::1"].iter().all(|it| public(it)));
        assert!(!["10.2.1.1", "172.31.0.1", "100.64.0.1", "fd00::1", "fe80::1"].iter().any(|it| public(it)));
    }
}
