//! What a zone says, and where the servers that say it stand: read by PowerDNS, by CoreDNS and by the checks.

use crate::Plan;
use model::{
    Spanned,
    definition::{Dns, Exposure, Node, Role, Zone},
    scalar::{Hostname, Name},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// The port of the API, within the cluster.
pub const API_PORT: u16 = 8081;

/// Records of one name and type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Records {
    /// Relative to the zone, `@` for the zone itself.
    pub name: String,
    pub kind: &'static str,
    pub ttl: u32,
    pub contents: BTreeSet<String>,
}

/// Everything that the definition says of a zone; what external-dns adds is not known here.
pub fn records(plan: &Plan, dns: &Dns, name: &Spanned<Hostname>, zone: &Zone) -> Vec<Records> {
    let mut all: BTreeMap<(String, &'static str), Records> = BTreeMap::new();
    let mut add = |at: &str, kind: &'static str, ttl: u32, content: String| {
        let key = (at.to_owned(), kind);
        let records = all.entry(key).or_insert_with(|| Records {
            name: at.into(),
            kind,
            ttl,
            contents: BTreeSet::new(),
        });
        records.ttl = ttl;
        records.contents.insert(content);
    };
    if let Some(primary) = zone.primary() {
        let (soa, mail) = (&zone.soa, zone.hostmaster.as_record());
        let (refresh, retry, expire, minimum) = (soa.refresh(), soa.retry(), soa.expire(), soa.minimum());
        let content = format!("{primary}. {mail}. 0 {refresh} {retry} {expire} {minimum}");
        add("@", "SOA", zone.ttl(), content);
    }
    for host in zone.nameservers.keys() {
        add("@", "NS", zone.ttl(), format!("{host}."));
    }
    for (other_name, other) in &dns.zones {
        for (host, addresses) in &other.nameservers {
            if plan.definition.zone_of(host).is_some_and(|(of, _)| of == name) {
                for ip in addresses.iter().flat_map(|address| plan.resolve(address)) {
                    add(host.relative_to(name), address_kind(ip), zone.ttl(), ip.to_string());
                }
            }
            if parent(dns, other_name).is_some_and(|(of, _)| of == name) {
                add(other_name.relative_to(name), "NS", zone.ttl(), format!("{host}."));
            }
        }
    }
    for (at, set) in &zone.records {
        let ttl = set.ttl.as_ref().map_or(zone.ttl(), |ttl| ttl.value);
        for ip in set.addresses.iter().flat_map(|address| plan.resolve(address)) {
            add(at, address_kind(ip), ttl, ip.to_string());
        }
        if let Some(host) = &set.cname {
            add(at, "CNAME", ttl, format!("{host}."));
        }
        set.mx.iter().for_each(|it| add(at, "MX", ttl, it.to_string()));
        set.txt.iter().for_each(|it| add(at, "TXT", ttl, it.as_record()));
        set.srv.iter().for_each(|it| add(at, "SRV", ttl, it.to_string()));
        set.caa.iter().for_each(|it| add(at, "CAA", ttl, it.to_string()));
        set.ns.iter().for_each(|it| add(at, "NS", ttl, format!("{it}.")));
    }
    all.into_values().collect()
}

fn address_kind(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "A" } else { "AAAA" }
}

/// The zone of ours that a zone of ours lies in.
pub fn parent<'a>(dns: &'a Dns, zone: &Hostname) -> Option<(&'a Spanned<Hostname>, &'a Zone)> {
    let above = dns.zones.iter().filter(|(name, _)| name.value != *zone && zone.is_within(name));
    above.max_by_key(|(name, _)| name.len())
}

/// The node that a site's server runs on: the one that is named, else the first by name that pods may run on.
pub fn server_node<'a>(plan: &Plan<'a>, site: &str) -> Option<(&'a Spanned<Name>, &'a Node)> {
    let definition = plan.definition;
    let powerdns = &definition.dns.as_ref()?.powerdns;
    if let Some(named) = powerdns.node.as_ref().filter(|_| &**powerdns.site == site) {
        return definition.nodes.get_key_value(&***named);
    }
    let open = |node: &Node| node.role.value == Role::Worker || definition.talos.schedule_on_control_planes;
    definition.nodes.iter().find(|(_, node)| &**node.site == site && open(node))
}

/// The addresses at which the cluster itself finds a site's server.
pub fn server_ips(plan: &Plan, site: &str) -> Vec<IpAddr> {
    let Some(powerdns) = plan.definition.dns.as_ref().map(|dns| &dns.powerdns) else { return Vec::new() };
    let Some((_, node)) = server_node(plan, site) else { return Vec::new() };
    let bound: Vec<IpAddr> =
        powerdns.bind.iter().map(|it| it.0).filter(|ip| node.ips().any(|own| own == *ip)).collect();
    if powerdns.exposure() == Exposure::HostNetwork && !bound.is_empty() {
        bound
    } else {
        node.ips().collect()
    }
}

pub fn pod_subnets(plan: &Plan) -> Vec<String> {
    plan.definition.kubernetes.pod_subnets.iter().map(ToString::to_string).collect()
}
