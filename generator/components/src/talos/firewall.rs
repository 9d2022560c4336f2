//! The rules of a node's firewall, worked out from what is placed there. All else is dropped.
//!
//! Talos itself lets in what comes by `lo` and `kubespan`, what belongs to a connection that was let in, and
//! traffic between pods and Services. What a port of Cilium's (NodePort, hostPort) gets is taken before the
//! firewall sees it; rules for such ports are written all the same, so that the file says what is open.

use super::{
    facts::{KUBESPAN_PORT, bypasses, everything},
    reach::{self, alone, is_public},
};
use crate::{From, Plan, Protocol};
use ipnet::IpNet;
use model::definition::{Node, Role, Routing, Site};
use std::collections::{BTreeMap, BTreeSet};

/// Ports of a node that some networks may reach.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Unique on the node, and the same whatever else is open.
    pub name: String,
    pub protocol: Protocol,
    /// First and last of each span, in order.
    pub ports: Vec<(u16, u16)>,
    /// In order, none within another.
    pub sources: Vec<IpNet>,
}

/// What opens ports on a node, before equal ones are joined.
struct Opening {
    purpose: &'static str,
    protocol: Protocol,
    ports: (u16, u16),
    sources: Vec<IpNet>,
}

/// The rules of one node, in name order.
pub fn rules(plan: &Plan, name: &str, node: &Node) -> Vec<Rule> {
    let Some(site) = plan.site_of(node) else { return Vec::new() };
    let scene = Scene { plan, name, node, site };
    let mut openings = scene.placed();
    openings.extend(scene.talos());
    openings.extend(scene.kubernetes());
    openings.extend(scene.cni());
    joined(openings)
}

struct Scene<'a> {
    plan: &'a Plan<'a>,
    name: &'a str,
    node: &'a Node,
    site: &'a Site,
}

impl Scene<'_> {
    /// What the components placed here open.
    fn placed(&self) -> Vec<Opening> {
        let ports = self.plan.ports_on(self.node);
        ports
            .map(|(_, port)| Opening {
                purpose: port.purpose,
                protocol: port.protocol,
                ports: (port.port, port.port),
                sources: match port.from {
                    From::Internet => self.internet(),
                    From::Pods => self.pods(),
                    From::Nodes => self.nodes_in_the_clear(),
                },
            })
            .collect()
    }

    /// The mesh, and Talos' own API.
    fn talos(&self) -> Vec<Opening> {
        let mut openings = Vec::new();
        if self.plan.kubespan() {
            openings.push(Opening {
                purpose: "kubespan",
                protocol: Protocol::Udp,
                ports: (KUBESPAN_PORT, KUBESPAN_PORT),
                sources: if self.site.public() { self.internet() } else { self.every_other_node() },
            });
        }
        let mut apid = self.admins();
        apid.extend(self.nodes_in_the_clear());
        openings.push(tcp("apid", (50000, 50000), apid));
        openings
    }

    fn kubernetes(&self) -> Vec<Opening> {
        let mut openings = Vec::new();
        // A pod that reads metrics of its own node comes by the pod's link, and not by `lo`.
        let mut kubelet = self.nodes_in_the_clear();
        kubelet.extend(self.pods());
        openings.push(tcp("kubelet", (10250, 10250), kubelet));
        if self.node.role.value == Role::Controlplane {
            let mut api = self.every_other_node();
            api.extend(self.admins());
            api.extend(self.pods());
            openings.push(tcp("kubernetes-api", (6443, 6443), api));
            openings.push(tcp("trustd", (50001, 50001), self.every_other_node()));
            // Talos 1.14 moves the metrics of etcd to 2383.
            let last = if self.plan.definition.talos.version.minor().minor >= 14 { 2383 } else { 2380 };
            openings.push(tcp("etcd", (2379, last), self.control_planes_in_the_clear()));
        }
        openings
    }

    /// The ports of the pod network, as far as its packets come outside of the mesh.
    fn cni(&self) -> Vec<Opening> {
        let nodes = self.nodes_in_the_clear();
        let mut openings = vec![tcp("cilium-health", (4240, 4240), nodes.clone())];
        if self.plan.definition.cni.cilium.routing.value == Routing::Tunnel {
            openings.push(Opening {
                purpose: "cilium-vxlan",
                protocol: Protocol::Udp,
                ports: (8472, 8472),
                sources: nodes.clone(),
            });
        }
        if self.plan.definition.cni.cilium.hubble.as_ref().is_none_or(|it| it.value) {
            // Hubble's relay is a pod, which asks the agent of its own node too.
            let mut relay = nodes;
            relay.extend(self.pods());
            openings.push(tcp("hubble", (4244, 4244), relay));
        }
        openings
    }

    /// Everybody, of the families that the node has addresses of.
    fn internet(&self) -> Vec<IpNet> {
        let own = self.node.ips().chain(self.node.public_address.iter().map(|it| it.0));
        own.map(everything).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn pods(&self) -> Vec<IpNet> {
        self.plan.definition.kubernetes.pod_subnets.iter().map(|it| it.0).collect()
    }

    fn admins(&self) -> Vec<IpNet> {
        self.plan.definition.talos.admin_networks.iter().map(|it| it.0).collect()
    }

    /// Nodes whose traffic may come outside of the mesh: all of them without KubeSpan, the site's own where
    /// they bypass a tunnel that is down, else none.
    fn nodes_in_the_clear(&self) -> Vec<IpNet> {
        if !self.plan.kubespan() {
            self.every_other_node()
        } else if bypasses(self.plan, self.site) {
            self.neighbours()
        } else {
            Vec::new()
        }
    }

    fn control_planes_in_the_clear(&self) -> Vec<IpNet> {
        let near = self.nodes_in_the_clear();
        self.others()
            .filter(|(_, other)| other.role.value == Role::Controlplane)
            .flat_map(|(_, other)| self.seen(other))
            .filter(|ip| near.iter().any(|it| it.contains(ip)))
            .collect()
    }

    /// The site's networks, or at a public site, where strangers share them, the other nodes there.
    fn neighbours(&self) -> Vec<IpNet> {
        if !self.site.public() && !self.site.networks.is_empty() {
            return self.site.networks.iter().map(|it| it.0).collect();
        }
        let here = self.others().filter(|(_, other)| other.site == self.node.site);
        here.flat_map(|(_, other)| other.ips().map(alone)).collect()
    }

    fn every_other_node(&self) -> Vec<IpNet> {
        let mut all = self.neighbours();
        let away = self.others().filter(|(_, other)| other.site != self.node.site);
        all.extend(away.flat_map(|(_, other)| self.seen(other)));
        all
    }

    fn others(&self) -> impl Iterator<Item = (&str, &Node)> {
        let all = self.plan.nodes().map(|(name, node)| (name as &str, node));
        all.filter(|(name, _)| *name != self.name)
    }

    /// The addresses that another node's packets come from, as far as they are known: a router that translates
    /// hides them.
    fn seen(&self, other: &Node) -> Vec<IpNet> {
        let Some(there) = self.plan.site_of(other) else { return Vec::new() };
        let own = other.ips().filter(|ip| other.site == self.node.site || !there.nat() || is_public(*ip));
        own.chain(reach::announced(other, there)).map(alone).collect()
    }
}

fn tcp(purpose: &'static str, ports: (u16, u16), sources: Vec<IpNet>) -> Opening {
    Opening { purpose, protocol: Protocol::Tcp, ports, sources }
}

/// One rule for all ports of a purpose that the same networks may reach; one purpose for a port.
fn joined(openings: Vec<Opening>) -> Vec<Rule> {
    type Ports = (Protocol, (u16, u16));
    let mut by_port: BTreeMap<Ports, (BTreeSet<&'static str>, Vec<IpNet>)> = BTreeMap::new();
    for opening in openings {
        let entry = by_port.entry((opening.protocol, opening.ports)).or_default();
        entry.0.insert(opening.purpose);
        entry.1.extend(opening.sources);
    }
    let mut rules: Vec<Rule> = Vec::new();
    for ((protocol, ports), (purposes, sources)) in by_port {
        let mut sources = IpNet::aggregate(&sources);
        sources.sort();
        if sources.is_empty() {
            continue;
        }
        let purpose = purposes.into_iter().collect::<Vec<_>>().join("-");
        let name = format!("{purpose}-{}", protocol.name());
        if let Some(rule) = rules.iter_mut().find(|it| it.name == name && it.sources == sources) {
            rule.ports.push(ports);
        } else {
            let taken = rules.iter().any(|it| it.name == name);
            let name = if taken { format!("{name}-{}", ports.0) } else { name };
            rules.push(Rule { name, protocol, ports: vec![ports], sources });
        }
    }
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    rules
}

#[cfg(test)]
mod tests {
    use super::{Opening, joined, tcp};
    use ipnet::IpNet;
    use std::fmt::Write;

    fn nets(text: &str) -> Vec<IpNet> {
        text.split_whitespace().map(|it| it.parse().expect("a network")).collect()
    }

    fn text(openings: Vec<Opening>) -> String {
        joined(openings).into_iter().fold(String::new(), |mut text, rule| {
            writeln!(text, "{} {:?} {:?}", rule.name, rule.ports, rule.sources).expect("writing to a string");
            text
        })
    }

    #[test]
    fn ports_of_one_purpose_share_a_rule() {
        let all = || nets("0.0.0.0/0 ::/0");
        insta::assert_snapshot!(text(vec![tcp("web", (443, 443), all()), tcp("web", (80, 80), all())]), @"web-tcp [(80, 80), (443, 443)] [0.0.0.0/0, ::/0]");
    }

    #[test]
    fn sources_of_one_port_are_joined() {
        let openings = vec![
            tcp("kubelet", (10250, 10250), nets("10.0.0.0/9")),
            tcp("kubelet", (10250, 10250), nets("10.128.0.0/9 10.2.0.1/32")),
        ];
        insta::assert_snapshot!(text(openings), @"kubelet-tcp [(10250, 10250)] [10.0.0.0/8]");
    }

    #[test]
    fn one_purpose_with_two_audiences_has_two_names() {
        let openings =
            vec![tcp("dns", (53, 53), nets("0.0.0.0/0")), tcp("dns", (8081, 8081), nets("10.244.0.0/16"))];
        insta::assert_snapshot!(text(openings), @r"
        dns-tcp [(53, 53)] [0.0.0.0/0]
        dns-tcp-8081 [(8081, 8081)] [10.244.0.0/16]
        ");
    }

    #[test]
    fn nobody_needs_no_rule() {
        assert_eq!(text(vec![tcp("etcd", (2379, 2380), Vec::new())]), "");
    }
}
