//! What is true of one node, whichever contract it is written for.

use super::{
    firewall::{self, Rule},
    image::Image,
    reach,
};
use crate::{Plan, Protocol, zone};
use ipnet::IpNet;
use model::{
    Phase,
    definition::{Exposure, FirewallDefault, Holder, Machine, Node, Platform, Role, Site, TaintEffect},
    scalar::SubnetFilter,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Talos' own port for WireGuard.
pub const KUBESPAN_PORT: u16 = 51820;
/// Where KubePrism answers on each node.
pub const KUBEPRISM_PORT: u16 = 7445;
/// The addresses that Tailscale hands out (RFC 6598).
pub const TAILSCALE: &str = "100.64.0.0/10";
/// The folder that holds PowerDNS' records where no storage class does: `/var/mnt/powerdns`.
pub const POWERDNS_VOLUME: &str = "powerdns";

/// A node, worked out.
#[derive(Clone, Debug)]
pub struct NodeFacts<'a> {
    pub name: &'a str,
    pub node: &'a Node,
    pub site: &'a Site,
    pub machine: Machine,
    pub image: Image,
    /// Names and addresses that Talos' own certificate is valid for, beside the node's own.
    pub cert_sans: Vec<String>,
    /// The same for the Kubernetes API; on control planes.
    pub api_cert_sans: Vec<String>,
    /// The addresses that we set; what DHCP gives is left out.
    pub addresses: Vec<IpNet>,
    pub routes: Vec<RouteFact>,
    /// On control planes: addresses that one of them holds at a time.
    pub vips: Vec<IpAddr>,
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<TaintFact>,
    pub node_ip_subnets: Vec<String>,
    pub sysctls: BTreeMap<String, String>,
    pub discovery: DiscoveryFact,
    pub kubespan: Option<KubeSpanFact>,
    /// Rules of a firewall that blocks the rest, Talos' own or the provider's; none where all is let in.
    pub firewall: Option<Vec<Rule>>,
    /// Folders of the node that hold data.
    pub volumes: Vec<&'static str>,
}

/// A route; without a gateway, its destination is on the link itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RouteFact {
    pub destination: IpNet,
    pub gateway: Option<IpAddr>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TaintFact {
    pub key: String,
    pub value: String,
    pub effect: TaintEffect,
}

/// How nodes find each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DiscoveryFact {
    /// What the base configuration says stands.
    Unsaid,
    Off,
    On {
        service: bool,
        kubernetes: bool,
        endpoint: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub struct KubeSpanFact {
    pub advertise_pod_networks: bool,
    pub allow_down_peer_bypass: bool,
    pub mtu: u16,
    pub endpoints: Vec<String>,
    pub exclude_advertised_networks: Vec<String>,
    /// Addresses with port that the node has no link for.
    pub announced: Vec<String>,
}

impl<'a> NodeFacts<'a> {
    /// The facts of a member; nothing where its site is unknown, which a check has refused by then.
    pub fn of(plan: &Plan<'a>, name: &'a str, node: &'a Node) -> Option<Self> {
        let site = plan.site_of(node)?;
        let machine = node.machine.over(&site.machine);
        let controlplane = node.role.value == Role::Controlplane;
        let vips = if controlplane { vips(plan, node, site) } else { Vec::new() };
        let block = site.firewall() != FirewallDefault::Accept;
        Some(Self {
            name,
            node,
            site,
            image: Image::of(&machine),
            cert_sans: cert_sans(plan, node),
            api_cert_sans: if controlplane { api_cert_sans(plan) } else { Vec::new() },
            addresses: set_addresses(node, &machine),
            routes: routes(node, &machine),
            vips,
            labels: labels(plan, node, site),
            taints: taints(node),
            node_ip_subnets: node_ip_subnets(plan, node, site),
            sysctls: sysctls(plan, node, &machine),
            discovery: discovery(plan),
            kubespan: plan.kubespan().then(|| kubespan(plan, node, site)).flatten(),
            firewall: block.then(|| firewall::rules(plan, name, node)),
            volumes: volumes(plan, name),
            machine,
        })
    }

    pub fn is_controlplane(&self) -> bool {
        self.node.role.value == Role::Controlplane
    }

    /// The mode that `talosctl validate` knows the platform by.
    pub fn mode(&self) -> &'static str {
        if self.image.platform == Platform::Metal { "metal" } else { "cloud" }
    }
}

/// The facts of all members, in name order.
pub fn all<'a>(plan: &Plan<'a>) -> Vec<NodeFacts<'a>> {
    plan.nodes().filter_map(|(name, node)| NodeFacts::of(plan, name, node)).collect()
}

/// The virtual addresses on a network that the node is on.
fn vips(plan: &Plan, node: &Node, site: &Site) -> Vec<IpAddr> {
    plan.held()
        .filter(|(_, held)| held.holder.value == Holder::TalosVip)
        .map(|(_, held)| held.address.0)
        .filter(|vip| {
            site.networks.iter().any(|it| it.contains(*vip))
                || node.addresses.iter().any(|it| it.network().contains(vip))
        })
        .collect()
}

/// Every virtual address of this phase.
fn all_vips(plan: &Plan) -> Vec<IpAddr> {
    let talos = plan.held().filter(|(_, held)| held.holder.value == Holder::TalosVip);
    talos.map(|(_, held)| held.address.0).collect()
}

fn cert_sans(plan: &Plan, node: &Node) -> Vec<String> {
    let mut sans = vec![plan.definition.cluster.endpoint.host.clone()];
    sans.extend(all_vips(plan).iter().map(ToString::to_string));
    sans.extend(node.public_address.iter().map(ToString::to_string));
    distinct(sans)
}

fn api_cert_sans(plan: &Plan) -> Vec<String> {
    let cluster = &plan.definition.cluster;
    let cilium = &plan.definition.cni.cilium;
    let mut sans = vec![cluster.endpoint.host.clone()];
    sans.extend(all_vips(plan).iter().map(ToString::to_string));
    sans.extend(cluster.cert_sans.iter().map(|it| it.value.clone()));
    sans.extend(cilium.api_host.iter().map(|it| it.value.clone()).filter(|it| it != "localhost"));
    sans.extend(cilium.api_fallback.iter().map(ToString::to_string));
    for (_, node) in plan.definition.control_planes() {
        sans.extend(node.public_address.iter().map(ToString::to_string));
    }
    distinct(sans)
}

fn distinct(mut names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// DHCP of IPv4 gives the link its IPv4 addresses; those of IPv6 are set in any case.
fn set_addresses(node: &Node, machine: &Machine) -> Vec<IpNet> {
    let set = |address: &IpNet| address.addr().is_ipv6() || !machine.dhcp();
    node.addresses.iter().map(|it| it.0).filter(set).collect()
}

fn routes(node: &Node, machine: &Machine) -> Vec<RouteFact> {
    let mut routes: Vec<RouteFact> = Vec::new();
    let on_link = |gateway: IpAddr| {
        let link_local = matches!(gateway, IpAddr::V6(ip) if ip.is_unicast_link_local());
        link_local || node.addresses.iter().any(|it| it.network().contains(&gateway))
    };
    for gateway in machine.gateways.iter().map(|it| it.0) {
        if gateway.is_ipv4() && machine.dhcp() {
            continue;
        }
        // A provider that gives a lone address (/32) has its gateway outside of it: the link must be named first.
        if !on_link(gateway) {
            routes.push(RouteFact { destination: reach::alone(gateway), gateway: None });
        }
        routes.push(RouteFact { destination: everything(gateway), gateway: Some(gateway) });
    }
    for route in &machine.routes {
        routes.push(RouteFact { destination: route.network.0, gateway: Some(route.gateway.0) });
    }
    let mut distinct = Vec::new();
    for route in routes {
        if !distinct.contains(&route) {
            distinct.push(route);
        }
    }
    distinct
}

/// All addresses of a family.
pub fn everything(ip: IpAddr) -> IpNet {
    if ip.is_ipv4() { "0.0.0.0/0" } else { "::/0" }.parse().expect("a network")
}

fn labels(plan: &Plan, node: &Node, site: &Site) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from([(plan.definition.site_label(), node.site.to_string())]);
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            labels.insert(key.into(), value);
        }
    };
    add("topology.kubernetes.io/region", site.topology.region.as_ref().map(ToString::to_string));
    add("topology.kubernetes.io/zone", site.topology.zone.as_ref().map(ToString::to_string));
    add("node.kubernetes.io/instance-type", site.instance_type.as_ref().map(ToString::to_string));
    for (key, value) in &node.labels {
        add(key, Some(value.to_string()));
    }
    labels
}

fn taints(node: &Node) -> Vec<TaintFact> {
    node.taints
        .iter()
        .map(|taint| TaintFact {
            key: taint.key.to_string(),
            value: taint.value.as_ref().map(ToString::to_string).unwrap_or_default(),
            effect: taint.effect.value,
        })
        .collect()
}

/// The networks that the kubelet takes the node's address from, exclusions last.
///
/// At a public site just the node's own addresses, elsewhere the site's networks: a node that is renumbered
/// within them keeps its file. The virtual address is never the node's own.
pub fn node_ip_subnets(plan: &Plan, node: &Node, site: &Site) -> Vec<String> {
    let stated = node.node_ip_subnets.as_ref().or(plan.definition.talos.node_ip_subnets.as_ref());
    if let Some(stated) = stated {
        let mut filters: Vec<SubnetFilter> = stated.iter().map(|it| it.value).collect();
        filters.sort_by_key(|it| it.exclude);
        let mut texts: Vec<String> = filters.iter().map(ToString::to_string).collect();
        exclude(&mut texts, &filters, all_vips(plan));
        return distinct(texts);
    }
    let families: BTreeSet<bool> =
        plan.definition.kubernetes.service_subnets.iter().map(|it| it.0.addr().is_ipv4()).collect();
    let mut ips: Vec<IpAddr> = node.ips().filter(|ip| families.contains(&ip.is_ipv4())).collect();
    if ips.is_empty() {
        ips = node.ips().collect();
    }
    // One address of a family is what a kubelet can have; the first is the one that others know the node by.
    let mut first = BTreeSet::new();
    ips.retain(|ip| first.insert(ip.is_ipv4()));
    let mut networks: Vec<IpNet> = ips
        .iter()
        .map(|ip| {
            let around = site.networks.iter().map(|it| it.0).find(|it| it.contains(ip));
            around.filter(|_| !site.public()).unwrap_or_else(|| reach::alone(*ip))
        })
        .collect();
    networks.dedup();
    let filters: Vec<SubnetFilter> =
        networks.into_iter().map(|network| SubnetFilter { exclude: false, network }).collect();
    let mut texts: Vec<String> = filters.iter().map(ToString::to_string).collect();
    exclude(&mut texts, &filters, all_vips(plan));
    distinct(texts)
}

fn exclude(texts: &mut Vec<String>, filters: &[SubnetFilter], vips: Vec<IpAddr>) {
    for vip in vips {
        if filters.iter().any(|it| !it.exclude && it.network.contains(&vip)) {
            texts.push(SubnetFilter { exclude: true, network: reach::alone(vip) }.to_string());
        }
    }
}

/// Kernel parameters that the definition states, and those that what is placed here needs.
fn sysctls(plan: &Plan, node: &Node, machine: &Machine) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        machine.sysctls.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect();
    let lowest = unprivileged_ports(plan, &node.site);
    if let Some(port) = lowest {
        all.entry("net.ipv4.ip_unprivileged_port_start".into()).or_insert_with(|| port.to_string());
    }
    all
}

/// The lowest port that a pod without rights binds on the nodes of a site.
pub fn unprivileged_ports(plan: &Plan, site: &str) -> Option<u16> {
    let definition = plan.definition;
    let dns = definition.dns.as_ref().map(|dns| &dns.powerdns);
    let dns =
        dns.filter(|it| it.exposure() == Exposure::HostNetwork && it.sites().any(|at| *at.value == *site));
    let ingress = definition.ingress.as_ref();
    let ingress = ingress.filter(|it| it.exposure() == Exposure::HostNetwork && *it.site.value == *site);
    dns.map(|_| 53).or(ingress.map(|_| 80))
}

/// Before the phase `mesh` nothing is said: what the nodes do today stands, be it on or off.
fn discovery(plan: &Plan) -> DiscoveryFact {
    let stated = &plan.definition.talos.discovery;
    if !stated.enabled() {
        DiscoveryFact::Off
    } else if plan.phase < Phase::Mesh {
        DiscoveryFact::Unsaid
    } else {
        DiscoveryFact::On {
            service: stated.service_registry(),
            kubernetes: stated.kubernetes_registry(),
            endpoint: stated.endpoint.as_ref().map(ToString::to_string),
        }
    }
}

fn kubespan(plan: &Plan, node: &Node, site: &Site) -> Option<KubeSpanFact> {
    let stated = plan.definition.mesh.kubespan()?;
    Some(KubeSpanFact {
        advertise_pod_networks: plan.advertises_pod_networks(),
        allow_down_peer_bypass: bypasses(plan, site),
        mtu: plan.kubespan_mtu(),
        endpoints: endpoint_filters(plan, node, site),
        exclude_advertised_networks: stated
            .exclude_advertised_networks
            .iter()
            .map(ToString::to_string)
            .collect(),
        announced: node
            .public_address
            .iter()
            .map(|it| std::net::SocketAddr::new(it.0, KUBESPAN_PORT).to_string())
            .collect(),
    })
}

/// Whether the nodes of a site send to each other in the clear while a tunnel is down.
pub fn bypasses(plan: &Plan, site: &Site) -> bool {
    let stated = plan.definition.mesh.kubespan().and_then(|it| it.allow_down_peer_bypass.as_ref());
    stated.map_or(!site.public(), |it| it.value)
}

/// Whether any node also runs Tailscale, which KubeSpan must not travel within.
pub fn tailscale(plan: &Plan) -> bool {
    let mut nodes = plan.definition.nodes.values();
    nodes.any(|node| {
        let site = plan.site_of(node).map(|site| site.machine.extensions.as_slice()).unwrap_or_default();
        node.machine.extensions.iter().chain(site).any(|it| it.ends_with("tailscale"))
    })
}

/// Which of its addresses a node tells the others, exclusions last.
///
/// Nodes behind one NAT would all announce the router's address, right for one of them at most: they announce
/// what works among themselves, and open the way to public nodes from their own side.
pub fn endpoint_filters(plan: &Plan, node: &Node, site: &Site) -> Vec<String> {
    let stated = plan.definition.mesh.kubespan().and_then(|it| it.endpoint_filters.as_ref());
    if let Some(stated) = stated {
        let mut filters: Vec<SubnetFilter> = stated.iter().map(|it| it.value).collect();
        filters.sort_by_key(|it| it.exclude);
        return filters.iter().map(ToString::to_string).collect();
    }
    if site.nat() {
        let own = node.addresses.iter().map(|it| it.network());
        let networks: Vec<IpNet> = if site.networks.is_empty() {
            own.collect()
        } else {
            site.networks.iter().map(|it| it.0).collect()
        };
        return distinct(networks.iter().map(ToString::to_string).collect());
    }
    let mut filters = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
    if tailscale(plan) {
        filters.push(format!("!{TAILSCALE}"));
    }
    filters
}

fn volumes(plan: &Plan, name: &str) -> Vec<&'static str> {
    let Some(dns) = &plan.definition.dns else { return Vec::new() };
    if dns.powerdns.storage_class.is_some() {
        return Vec::new();
    }
    let mut holders =
        dns.powerdns.sites().filter_map(|site| zone::server_node(plan, site)).map(|(holder, _)| holder);
    if holders.any(|holder| &***holder == name) { vec![POWERDNS_VOLUME] } else { Vec::new() }
}

/// The ports that a rule or a table speaks of.
pub fn port_text(ports: &[(u16, u16)], protocol: Protocol) -> String {
    let spans: Vec<String> = ports
        .iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect();
    format!("{}/{}", spans.join(", "), protocol.name())
}
