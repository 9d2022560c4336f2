//! What a definition means for a node, worked out again and simply, against what the whole configuration says.

use super::seen::{Rule, Seen};
use ipnet::IpNet;
use model::{
    Definition, Phase,
    definition::{FirewallDefault, Holder, Node, Role, Site},
};
use std::{collections::BTreeSet, fmt::Debug, net::IpAddr};

/// Every difference between what the definition means for a node and what its configuration says.
pub(super) fn compare(definition: &Definition, phase: Phase, name: &str, config: &str) -> Result<(), String> {
    let (_, node) =
        definition.nodes.iter().find(|(it, _)| ****it == *name).ok_or("the definition has no such node")?;
    let site = definition.site(&node.site).ok_or("its site is not there")?;
    let seen = Seen::read(config)?;
    let mut differences = Differences(Vec::new());
    let meant = Meant { definition, phase, name, node, site, seen: &seen };
    meant.machine(&mut differences)?;
    meant.network(&mut differences)?;
    meant.kubernetes(&mut differences)?;
    meant.mesh(&mut differences)?;
    meant.firewall(&mut differences);
    if differences.0.is_empty() { Ok(()) } else { Err(differences.0.join("\n")) }
}

struct Differences(Vec<String>);

impl Differences {
    fn same<T: Debug + PartialEq>(&mut self, what: &str, seen: &T, meant: &T) {
        if seen != meant {
            self.0.push(format!("{what}: meant {meant:?}, seen {seen:?}"));
        }
    }

    fn holds(&mut self, what: &str, all: &[String], one: &str) {
        if !all.iter().any(|it| it == one) {
            self.0.push(format!("{what}: {one} is missing in {all:?}"));
        }
    }

    fn say(&mut self, wrong: bool, what: String) {
        if wrong {
            self.0.push(what);
        }
    }
}

struct Meant<'a> {
    definition: &'a Definition,
    phase: Phase,
    name: &'a str,
    node: &'a Node,
    site: &'a Site,
    seen: &'a Seen,
}

impl Meant<'_> {
    /// Name, installation, certificates, kernel parameters, registries.
    fn machine(&self, differences: &mut Differences) -> Result<(), String> {
        let (seen, definition) = (self.seen, self.definition);
        let machine = self.node.machine.over(&self.site.machine);
        let name = seen.text("machine.network.hostname", ("HostnameConfig", "hostname"))?;
        differences.same("host name", &name.as_deref(), &Some(self.name));

        let image = seen
            .text("machine.install.image", ("UnattendedInstallConfig", "installer.image"))?
            .unwrap_or_default();
        let version = &definition.talos.version;
        let platform =
            if version.minor().minor < 10 { String::new() } else { format!("{}-", machine.platform()) };
        let schematic = components::talos::image::Image::of(&machine).id;
        let meant = format!("factory.talos.dev/{platform}installer/{schematic}:{version}");
        differences.same("installer", &image, &meant);
        let disk = seen
            .text("machine.install.disk", ("UnattendedInstallConfig", "provisioning.diskSelector.match"))?;
        let named = disk.as_ref().is_some_and(|it| it.contains(machine.disk()));
        differences.say(!named, format!("disk: {} is not in {disk:?}", machine.disk()));

        let sans = seen.list("machine.certSANs", ("", ""))?;
        differences.holds("names of Talos' certificate", &sans, &definition.cluster.endpoint.host);
        if let Some(public) = &self.node.public_address {
            differences.holds("names of Talos' certificate", &sans, &public.to_string());
        }

        let sysctls = seen.map("machine.sysctls", ("SysctlConfig", "params"))?;
        for (key, value) in &machine.sysctls {
            differences.same(&format!("sysctl {key}"), &sysctls.get(&key.value), &Some(&value.value));
        }
        let mirrors: BTreeSet<String> =
            definition.talos.registry_mirrors.keys().map(ToString::to_string).collect();
        let mut found: BTreeSet<String> =
            seen.map("machine.registries.mirrors", ("", ""))?.into_keys().collect();
        found.extend(
            seen.kinds("RegistryMirrorConfig").filter_map(|it| it["name"].as_str()).map(str::to_owned),
        );
        differences.same("registry mirrors", &found, &mirrors);
        Ok(())
    }

    fn network(&self, differences: &mut Differences) -> Result<(), String> {
        let link = self.seen.link()?;
        let machine = self.node.machine.over(&self.site.machine);
        differences.same("links", &link.names, &BTreeSet::from([machine.link().to_owned()]));
        differences.same("DHCP", &link.dhcp, &machine.dhcp());
        let set = self.node.addresses.iter().filter(|it| it.ip().is_ipv6() || !machine.dhcp());
        differences.same("addresses", &link.addresses, &set.map(ToString::to_string).collect());
        for gateway in machine.gateways.iter().filter(|it| it.0.is_ipv6() || !machine.dhcp()) {
            let all = if gateway.0.is_ipv6() { "::/0" } else { "0.0.0.0/0" };
            let route = (Some(all.to_owned()), Some(gateway.to_string()));
            differences.say(!link.routes.contains(&route), format!("no default route by {gateway}"));
        }
        for route in &machine.routes {
            let route = (Some(route.network.to_string()), Some(route.gateway.to_string()));
            differences.say(!link.routes.contains(&route), format!("no route {route:?}"));
        }
        let vips: BTreeSet<String> = if self.node.role.value == Role::Controlplane {
            let near = |ip: IpAddr| {
                self.site.networks.iter().any(|it| it.contains(ip))
                    || self.node.addresses.iter().any(|it| it.network().contains(&ip))
            };
            self.vips().into_iter().filter(|ip| near(*ip)).map(|it| it.to_string()).collect()
        } else {
            BTreeSet::new()
        };
        differences.same("virtual addresses", &link.vips, &vips);

        let resolvers = match self.seen.list("machine.network.nameservers", ("", ""))? {
            old if !old.is_empty() => old,
            _ => {
                let new = self.seen.kinds("ResolverConfig").filter_map(|it| it["nameservers"].as_array());
                let addresses = new.flatten().filter_map(|it| it["address"].as_str());
                addresses.map(str::to_owned).collect()
            }
        };
        let meant: Vec<String> = self.site.resolvers.iter().map(ToString::to_string).collect();
        differences.same("resolvers", &resolvers, &meant);
        let servers = self.seen.list("machine.time.servers", ("TimeSyncConfig", "ntp.servers"))?;
        let meant: Vec<String> = self.site.time_servers.iter().map(|it| it.value.clone()).collect();
        // The base names a server of its own, which stands where the definition names none.
        if !meant.is_empty() {
            differences.same("time servers", &servers, &meant);
        }
        Ok(())
    }

    fn kubernetes(&self, differences: &mut Differences) -> Result<(), String> {
        let (seen, definition) = (self.seen, self.definition);
        let labels = seen.map("machine.nodeLabels", ("KubeNodeConfig", "labels"))?;
        let site = labels.get(&definition.site_label());
        differences.same("label of the site", &site, &Some(&self.node.site.to_string()));
        for (key, value) in &self.node.labels {
            differences.same(&format!("label {key}"), &labels.get(&***key), &Some(&value.to_string()));
        }
        let taints = seen.taints();
        for taint in &self.node.taints {
            let value = taint.value.as_ref().map(ToString::to_string).unwrap_or_default();
            let meant = format!("{}={value}:{}", taint.key, taint.effect.name());
            differences.say(!taints.contains(&meant), format!("taint {meant} is missing in {taints:?}"));
        }

        // The networks must give the kubelet an address of the node, and never a virtual one.
        let subnets =
            seen.list("machine.kubelet.nodeIP.validSubnets", ("KubeNodeConfig", "nodeIP.validSubnets"))?;
        let own = self.node.ips().filter(|ip| admits(&subnets, *ip)).count();
        differences.say(own == 0, format!("{subnets:?} admit no address of the node"));
        for vip in self.vips() {
            differences.say(admits(&subnets, vip), format!("{subnets:?} admit the virtual address {vip}"));
        }
        if self.node.role.value == Role::Controlplane {
            let etcd = seen.list("cluster.etcd.advertisedSubnets", ("", ""))?;
            differences.say(
                !self.node.ips().any(|ip| admits(&etcd, ip)),
                format!("etcd advertises none of the node's addresses: {etcd:?}"),
            );
            let sans = seen.list("cluster.apiServer.certSANs", ("KubeAPIServerConfig", "certExtraSANs"))?;
            differences.holds("names of the API's certificate", &sans, &definition.cluster.endpoint.host);
            for name in &definition.cluster.cert_sans {
                differences.holds("names of the API's certificate", &sans, &name.value);
            }
            // Cilium brings its own; Talos must bring none.
            let cni = seen.text("cluster.network.cni.name", ("KubeFlannelCNIConfig", "kind"))?;
            let none = cni.is_none() || cni.as_deref() == Some("none");
            differences.say(!none, format!("Talos brings a CNI: {cni:?}"));
        }
        let pods = seen.list("cluster.network.podSubnets", ("KubeNetworkConfig", "podSubnets"))?;
        let meant: Vec<String> = definition.kubernetes.pod_subnets.iter().map(ToString::to_string).collect();
        differences.same("pod networks", &pods, &meant);
        let services =
            seen.list("cluster.network.serviceSubnets", ("KubeNetworkConfig", "serviceSubnets"))?;
        let meant: Vec<String> =
            definition.kubernetes.service_subnets.iter().map(ToString::to_string).collect();
        differences.same("service networks", &services, &meant);
        let prism = seen.number("machine.features.kubePrism.port", ("KubePrismConfig", "port"))?;
        let on = prism.is_some()
            && seen.text("machine.features.kubePrism.enabled", ("", ""))? != Some("false".into());
        differences.same("KubePrism", &on, &definition.talos.kube_prism());
        Ok(())
    }

    /// KubeSpan, and discovery without which it knows nobody.
    fn mesh(&self, differences: &mut Differences) -> Result<(), String> {
        let (seen, definition) = (self.seen, self.definition);
        let own = |path| ("KubeSpanConfig", path);
        let enabled = seen.flag("machine.network.kubespan.enabled", own("enabled"))?;
        let stated = definition.mesh.kubespan().filter(|_| self.phase >= Phase::Mesh);
        differences.same("KubeSpan", &enabled, &stated.is_some());
        let discovery = seen.flag("cluster.discovery.enabled", ("", ""))?
            && !seen.flag("cluster.discovery.registries.service.disabled", ("", ""))?
            || seen.kinds("DiscoveryServiceConfig").next().is_some();
        if self.phase >= Phase::Mesh {
            let meant = definition.talos.discovery.enabled() && definition.talos.discovery.service_registry();
            differences.same("discovery by the service", &discovery, &meant);
        }
        let Some(stated) = stated else { return Ok(()) };

        let least = definition.sites.values().map(Site::underlay_mtu).min().unwrap_or(1500);
        let mtu = stated.mtu.as_ref().map_or(least - 80, |it| it.value.0);
        let seen_mtu = seen.number("machine.network.kubespan.mtu", own("mtu"))?;
        differences.same("KubeSpan's MTU", &seen_mtu, &Some(mtu.into()));
        let bypass = seen.flag("machine.network.kubespan.allowDownPeerBypass", own("allowDownPeerBypass"))?;
        let meant = stated.allow_down_peer_bypass.as_ref().map_or(!self.site.public(), |it| it.value);
        differences.same("allowDownPeerBypass", &bypass, &meant);

        let filters = seen.list("machine.network.kubespan.filters.endpoints", own("filters.endpoints"))?;
        if stated.endpoint_filters.is_none() {
            if self.site.public() {
                for ip in self.node.ips() {
                    differences.say(!admits(&filters, ip), format!("{ip} is not announced: {filters:?}"));
                }
            } else if self.site.nat() {
                let outside: IpAddr = [203, 0, 113, 250].into();
                differences.say(
                    admits(&filters, outside),
                    format!("a node behind NAT announces its router: {filters:?}"),
                );
            }
            let tailscale: IpAddr = [100, 64, 0, 7].into();
            let runs = self
                .node
                .machine
                .over(&self.site.machine)
                .extensions
                .iter()
                .any(|it| it.ends_with("tailscale"));
            differences.say(
                runs && admits(&filters, tailscale),
                format!("KubeSpan would travel within Tailscale: {filters:?}"),
            );
        }
        let announced: Vec<&str> = seen
            .kinds("KubeSpanEndpointsConfig")
            .filter_map(|it| it["extraAnnouncedEndpoints"].as_array())
            .flatten()
            .filter_map(|it| it.as_str())
            .collect();
        let meant: Vec<String> = self
            .node
            .public_address
            .iter()
            .map(|it| std::net::SocketAddr::new(it.0, 51820).to_string())
            .collect();
        differences.same("announced endpoints", &announced, &meant.iter().map(String::as_str).collect());
        Ok(())
    }

    /// The default, and what must be open on any node that is a member at all. The flows have their own test.
    fn firewall(&self, differences: &mut Differences) {
        let blocks = self.site.firewall() == FirewallDefault::Block;
        differences.same("the firewall blocks", &self.seen.blocks(), &blocks);
        let rules = self.seen.rules();
        differences.say(!blocks && !rules.is_empty(), "there are rules, and nothing is blocked".into());
        let mesh = self.definition.mesh.kubespan().is_some() && self.phase >= Phase::Mesh;
        if !(blocks && mesh) {
            return;
        }
        let open = |protocol: &str, port: u16, from: IpAddr| {
            rules.iter().any(|it| lets_in(it, protocol, port, from))
        };
        let others = self.definition.nodes.iter().filter(|(name, _)| ****name != *self.name);
        for (name, other) in others {
            for ip in other.ips().filter(|_| self.site.public() || other.site == self.node.site) {
                // A translated address comes as its router's, which only a rule for everybody lets in.
                let same_family = self.node.ips().any(|own| own.is_ipv4() == ip.is_ipv4());
                differences.say(
                    same_family && !open("udp", 51820, ip),
                    format!("KubeSpan's packets of {name} from {ip} are dropped"),
                );
            }
        }
        let stranger: IpAddr = if self.node.ips().all(|ip| ip.is_ipv6()) {
            "2001:db8:ffff::1".parse().expect("an address")
        } else {
            [192, 0, 2, 1].into()
        };
        let admin = self.definition.talos.admin_networks.iter().any(|it| it.contains(stranger));
        for (what, port) in [("apid", 50000), ("trustd", 50001), ("etcd", 2379), ("the kubelet", 10250)] {
            let reached = !admin && open("tcp", port, stranger);
            differences.say(reached, format!("a stranger reaches {what} on {port}"));
        }
    }

    /// The virtual addresses of this phase that Talos holds.
    fn vips(&self) -> Vec<IpAddr> {
        let held = self.definition.addresses.values();
        held.filter(|it| it.holder.value == Holder::TalosVip && it.phases().contains(self.phase))
            .map(|it| it.address.0)
            .collect()
    }
}

/// Whether a list of networks, some of them excluded by `!`, lets an address in, as Talos reads it: the last word
/// is that of the exclusions.
fn admits(filters: &[String], ip: IpAddr) -> bool {
    let net = |text: &str| text.parse::<IpNet>().is_ok_and(|net| net.contains(&ip));
    let (excluded, included): (Vec<&String>, Vec<&String>) =
        filters.iter().partition(|it| it.starts_with('!'));
    let shut_out = excluded.iter().any(|it| net(&it[1..]));
    !shut_out && included.iter().any(|it| net(it))
}

fn lets_in(rule: &Rule, protocol: &str, port: u16, from: IpAddr) -> bool {
    let source = |text: &String| text.parse::<IpNet>().is_ok_and(|net| net.contains(&from));
    rule.protocol == protocol && (rule.first..=rule.last).contains(&port) && rule.sources.iter().any(source)
}
