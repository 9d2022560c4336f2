//! A node's facts to the documents of its patch, each in the form that the contract has.

use super::{
    contract::{Form, Forms},
    document::{
        ApiServer, ClusterDiscovery, ClusterNetwork, CniName, Config, ControlPlane, Dhcpv4Config, Disabled,
        DiscoveryRegistries, DiscoveryServiceConfig, DiskSelector, ExtraMount, HostDns, HostnameConfig,
        Install, InstallProvisioning, Installer, Interface, InterfaceRoute, Kind, KubeApiServerConfig,
        KubeClusterConfig, KubeNetworkConfig, KubeNodeConfig, KubePrism, KubePrismConfig, KubeProxyConfig,
        KubeSpanConfig, KubeSpanEndpointsConfig, KubeSpanFilters, KubeletConfig, KubeletSettings,
        Layer2VipConfig, LinkAddress, LinkConfig, LinkRoute, Mirror, NetworkDefaultActionConfig,
        NetworkRuleConfig, NodeTaint, PortSelector, Ports, RegistryEndpoint, RegistryMirrorConfig,
        ResolverConfig, ServiceRegistry, Source, Subnets, SysctlConfig, Time, TimeSyncConfig,
        UnattendedInstallConfig, UserVolumeConfig, Vip, delete,
    },
    facts::{DiscoveryFact, KUBEPRISM_PORT, KubeSpanFact, NodeFacts, TaintFact},
};
use model::definition::{Definition, FirewallDefault};
use serde_json::Value;
use std::collections::BTreeMap;
use tree::Object;

/// The address of Sidero Labs' own discovery service.
pub const DISCOVERY: &str = "https://discovery.talos.dev/";

/// The documents of one node's patch; the main one first, unless it would be empty.
pub fn documents(definition: &Definition, facts: &NodeFacts, forms: &Forms) -> Vec<Object> {
    let mut patch = Patch { definition, facts, main: Config::default(), documents: Vec::new() };
    patch.common();
    match forms.install {
        Form::Main => patch.install_main(),
        Form::Document => patch.install_document(),
    }
    match forms.network {
        Form::Main => patch.network_main(),
        Form::Document => patch.network_documents(),
    }
    patch.resolver(forms);
    match forms.sysctls {
        Form::Main => patch.main.machine.sysctls.clone_from(&facts.sysctls),
        Form::Document if facts.sysctls.is_empty() => {}
        Form::Document => patch.push(&SysctlConfig { params: facts.sysctls.clone() }),
    }
    match forms.kubernetes {
        Form::Main => patch.kubernetes_main(forms),
        Form::Document => patch.kubernetes_documents(),
    }
    match forms.discovery {
        Form::Main => patch.discovery_main(),
        Form::Document => patch.discovery_document(),
    }
    if let Some(kubespan) = &facts.kubespan {
        patch.kubespan(kubespan, forms);
    }
    patch.volumes(forms);
    patch.firewall();
    let main = (patch.main != Config::default()).then(|| Object::new(&patch.main));
    main.into_iter().chain(patch.documents).collect()
}

struct Patch<'a> {
    definition: &'a Definition,
    facts: &'a NodeFacts<'a>,
    main: Config,
    documents: Vec<Object>,
}

impl Patch<'_> {
    fn push(&mut self, document: &impl Kind) {
        self.documents.push(document.object());
    }

    /// What every contract has in the main document.
    fn common(&mut self) {
        self.main.machine.cert_sans.clone_from(&self.facts.cert_sans);
        if self.facts.is_controlplane() {
            self.main.cluster.etcd.advertised_subnets.clone_from(&self.facts.node_ip_subnets);
        }
    }

    fn install_main(&mut self) {
        self.main.machine.install = Install {
            disk: self.facts.machine.disk().into(),
            image: self.facts.image.installer(&self.definition.talos.version),
            wipe: false,
        };
    }

    fn install_document(&mut self) {
        let disk = self.facts.machine.disk();
        let quoted = Value::from(disk).to_string();
        // A link below by-id or by-path is not the device's own path.
        let expression = if disk.starts_with("/dev/disk/") {
            format!("{quoted} in disk.symlinks")
        } else {
            format!("disk.dev_path == {quoted}")
        };
        self.push(&UnattendedInstallConfig {
            installer: Installer { image: self.facts.image.installer(&self.definition.talos.version) },
            provisioning: InstallProvisioning { disk_selector: DiskSelector { expression }, wipe: false },
        });
    }

    fn network_main(&mut self) {
        let facts = self.facts;
        let network = &mut self.main.machine.network;
        network.hostname = facts.name.into();
        network.interfaces = vec![Interface {
            name: facts.machine.link().into(),
            dhcp: facts.machine.dhcp(),
            addresses: texts(&facts.addresses),
            routes: facts
                .routes
                .iter()
                .map(|route| InterfaceRoute {
                    network: route.destination.to_string(),
                    gateway: route.gateway.as_ref().map(ToString::to_string),
                })
                .collect(),
            vip: facts.vips.first().map(|ip| Vip { ip: ip.to_string() }),
        }];
        self.main.machine.time = Time { servers: self.time_servers() };
        let mirrors = self.mirrors();
        let mirror = |mut endpoints: Vec<String>| {
            let override_path = endpoints.iter().any(|url| names_its_path(url));
            // It holds for all of them alike here: one without a path needs the usual one spelled out.
            for url in endpoints.iter_mut().filter(|url| override_path && !names_its_path(url)) {
                *url = format!("{}/v2", url.trim_end_matches('/'));
            }
            Mirror { endpoints, override_path }
        };
        self.main.machine.registries.mirrors =
            mirrors.into_iter().map(|(host, endpoints)| (host, mirror(endpoints))).collect();
    }

    fn network_documents(&mut self) {
        let facts = self.facts;
        let link = facts.machine.link();
        self.push(&HostnameConfig { auto: "off", hostname: facts.name.into() });
        if facts.machine.dhcp() {
            self.push(&Dhcpv4Config { name: link.into() });
        }
        if !facts.addresses.is_empty() || !facts.routes.is_empty() {
            self.push(&LinkConfig {
                name: link.into(),
                addresses: facts.addresses.iter().map(|it| LinkAddress { address: it.to_string() }).collect(),
                routes: facts
                    .routes
                    .iter()
                    .map(|route| LinkRoute {
                        // All addresses are said by the gateway alone.
                        destination: (route.destination.prefix_len() > 0 || route.gateway.is_none())
                            .then(|| route.destination.to_string()),
                        gateway: route.gateway.as_ref().map(ToString::to_string),
                    })
                    .collect(),
            });
        }
        for vip in &facts.vips {
            self.push(&Layer2VipConfig { name: vip.to_string(), link: link.into() });
        }
        let servers = self.time_servers();
        if !servers.is_empty() {
            self.push(&TimeSyncConfig { ntp: Time { servers } });
        }
        for (name, endpoints) in self.mirrors() {
            let endpoint = |url: String| RegistryEndpoint { override_path: names_its_path(&url), url };
            let endpoints = endpoints.into_iter().map(endpoint).collect();
            self.push(&RegistryMirrorConfig { name, endpoints });
        }
    }

    /// Name servers and host DNS, which 1.14 has in one document.
    fn resolver(&mut self, forms: &Forms) {
        let nameservers = texts(&self.facts.site.resolvers.iter().map(|it| it.0).collect::<Vec<_>>());
        let forward = self.definition.talos.forward_kube_dns_to_host();
        let mut host_dns = Some(HostDns { enabled: true, forward_kube_dns_to_host: forward });
        if forms.host_dns == Form::Main {
            self.main.machine.features.host_dns = host_dns.take();
        }
        if forms.network == Form::Main {
            self.main.machine.network.nameservers = nameservers;
            return;
        }
        let nameservers = nameservers.into_iter().map(|address| LinkAddress { address }).collect();
        let resolver = ResolverConfig { nameservers, host_dns };
        if resolver != (ResolverConfig { nameservers: Vec::new(), host_dns: None }) {
            self.push(&resolver);
        }
    }

    fn time_servers(&self) -> Vec<String> {
        self.facts.site.time_servers.iter().map(|it| it.value.clone()).collect()
    }

    fn mirrors(&self) -> BTreeMap<String, Vec<String>> {
        let mirrors = &self.definition.talos.registry_mirrors;
        mirrors.iter().map(|(host, urls)| (host.value.clone(), texts(urls))).collect()
    }

    fn kubernetes_main(&mut self, forms: &Forms) {
        let (facts, definition) = (self.facts, self.definition);
        let machine = &mut self.main.machine;
        machine.kubelet.extra_args = kubelet_args(facts);
        machine.kubelet.node_ip = Subnets { valid_subnets: facts.node_ip_subnets.clone() };
        machine.node_labels.clone_from(&facts.labels);
        // A worker may not change its own taints: they are passed as it registers, or not at all.
        if facts.is_controlplane() || forms.worker_taints {
            machine.node_taints = facts.taints.iter().map(|it| (it.key.clone(), taint_text(it))).collect();
        } else {
            machine.kubelet.extra_config = registered_taints(facts);
        }
        machine.features.kube_prism =
            Some(KubePrism { enabled: definition.talos.kube_prism(), port: KUBEPRISM_PORT });
        let cluster = &mut self.main.cluster;
        cluster.name = definition.cluster.name.to_string();
        cluster.control_plane = ControlPlane { endpoint: definition.cluster.endpoint.to_string() };
        cluster.network = ClusterNetwork {
            cni: Some(CniName { name: "none" }),
            pod_subnets: texts(&definition.kubernetes.pod_subnets),
            service_subnets: texts(&definition.kubernetes.service_subnets),
        };
        if facts.is_controlplane() {
            cluster.api_server = ApiServer { cert_sans: facts.api_cert_sans.clone() };
            cluster.proxy = Some(Disabled { disabled: true });
            cluster.allow_scheduling_on_control_planes = definition.talos.schedule_on_control_planes;
        }
    }

    fn kubernetes_documents(&mut self) {
        let (facts, definition) = (self.facts, self.definition);
        self.push(&KubeClusterConfig {
            cluster_name: definition.cluster.name.to_string(),
            endpoint: definition.cluster.endpoint.to_string(),
        });
        self.push(&KubeNetworkConfig {
            pod_subnets: texts(&definition.kubernetes.pod_subnets),
            service_subnets: texts(&definition.kubernetes.service_subnets),
        });
        let mut taints: BTreeMap<String, Value> =
            facts.taints.iter().map(|it| (it.key.clone(), taint_text(it).into())).collect();
        if facts.is_controlplane() && definition.talos.schedule_on_control_planes {
            // The base taints control planes; this takes that taint away.
            let away = serde_json::json!({ "$patch": "delete" });
            taints.insert("node-role.kubernetes.io/control-plane".into(), away);
        }
        self.push(&KubeNodeConfig {
            node_ip: Subnets { valid_subnets: facts.node_ip_subnets.clone() },
            labels: facts.labels.clone(),
            taints,
        });
        let extra_args = kubelet_args(facts);
        if !extra_args.is_empty() {
            self.push(&KubeletConfig { config: KubeletSettings::default(), extra_args });
        }
        if definition.talos.kube_prism() {
            self.push(&KubePrismConfig { port: KUBEPRISM_PORT });
        } else {
            self.documents.push(delete(KubePrismConfig::KIND, None));
        }
        if facts.is_controlplane() {
            self.push(&KubeApiServerConfig { cert_extra_sans: facts.api_cert_sans.clone() });
            self.push(&KubeProxyConfig { enabled: false });
            self.documents.push(delete("KubeFlannelCNIConfig", None));
        }
    }

    fn discovery_main(&mut self) {
        self.main.cluster.discovery = match &self.facts.discovery {
            DiscoveryFact::Unsaid => None,
            DiscoveryFact::Off => Some(registries(false, true, true, None)),
            DiscoveryFact::On { service, kubernetes, endpoint } => {
                Some(registries(true, !kubernetes, !service, endpoint.clone()))
            }
        };
    }

    fn discovery_document(&mut self) {
        match &self.facts.discovery {
            DiscoveryFact::Unsaid => {}
            DiscoveryFact::On { service: true, endpoint, .. } => {
                let endpoint = endpoint.clone().unwrap_or_else(|| DISCOVERY.into());
                self.push(&DiscoveryServiceConfig { name: "default", endpoint });
            }
            DiscoveryFact::Off | DiscoveryFact::On { .. } => {
                self.documents.push(delete(DiscoveryServiceConfig::KIND, Some("default")));
            }
        }
    }

    fn kubespan(&mut self, facts: &KubeSpanFact, forms: &Forms) {
        let exclude = if forms.exclude_advertised_networks {
            facts.exclude_advertised_networks.clone()
        } else {
            Vec::new()
        };
        let config = KubeSpanConfig {
            enabled: true,
            advertise_kubernetes_networks: facts.advertise_pod_networks,
            allow_down_peer_bypass: facts.allow_down_peer_bypass,
            harvest_extra_endpoints: false,
            mtu: facts.mtu,
            filters: KubeSpanFilters {
                endpoints: facts.endpoints.clone(),
                exclude_advertised_networks: exclude,
            },
        };
        match forms.kubespan {
            Form::Main => self.main.machine.network.kubespan = Some(config),
            Form::Document => self.push(&config),
        }
        if !facts.announced.is_empty() {
            self.push(&KubeSpanEndpointsConfig { extra_announced_endpoints: facts.announced.clone() });
        }
    }

    fn volumes(&mut self, forms: &Forms) {
        for name in &self.facts.volumes {
            if forms.directory_volumes {
                self.push(&UserVolumeConfig { name, volume_type: "directory" });
                continue;
            }
            // The kubelet runs in a container that sees little of /var: a local volume must be shown to it.
            let path = format!("/var/mnt/{name}");
            self.main.machine.kubelet.extra_mounts.push(ExtraMount {
                destination: path.clone(),
                kind: "bind",
                source: path,
                options: ["bind", "rshared", "rw"],
            });
        }
    }

    fn firewall(&mut self) {
        let Some(rules) = &self.facts.firewall else { return };
        if self.facts.site.firewall() != FirewallDefault::Block {
            return;
        }
        self.push(&NetworkDefaultActionConfig { ingress: "block" });
        for rule in rules {
            let ports = rule.ports.iter().map(|(first, last)| {
                if first == last { Ports::One(*first) } else { Ports::Span(format!("{first}-{last}")) }
            });
            self.push(&NetworkRuleConfig {
                name: rule.name.clone(),
                port_selector: PortSelector { ports: ports.collect(), protocol: rule.protocol.name() },
                ingress: rule.sources.iter().map(|it| Source { subnet: it.to_string() }).collect(),
            });
        }
    }
}

fn registries(
    enabled: bool,
    no_kubernetes: bool,
    no_service: bool,
    endpoint: Option<String>,
) -> ClusterDiscovery {
    ClusterDiscovery {
        enabled,
        registries: DiscoveryRegistries {
            kubernetes: Disabled { disabled: no_kubernetes },
            service: ServiceRegistry { disabled: no_service, endpoint },
        },
    }
}

/// Whether a mirror's address has the registry's `/v2` in it, which containerd must then not put after it.
fn names_its_path(url: &str) -> bool {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    path.split('/').any(|part| part == "v2")
}

fn kubelet_args(facts: &NodeFacts) -> BTreeMap<String, String> {
    let args = &facts.machine.kubelet_args;
    args.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
}

fn registered_taints(facts: &NodeFacts) -> KubeletSettings {
    let taint =
        |it: &TaintFact| NodeTaint { key: it.key.clone(), value: it.value.clone(), effect: it.effect.name() };
    KubeletSettings { register_with_taints: facts.taints.iter().map(taint).collect() }
}

/// As `nodeTaints` has it: `value:Effect`, or the effect alone.
fn taint_text(taint: &TaintFact) -> String {
    match taint.value.as_str() {
        "" => taint.effect.name().into(),
        value => format!("{value}:{}", taint.effect.name()),
    }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
