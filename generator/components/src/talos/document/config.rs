//! The main document, which has no kind: `machine` and `cluster`.

use super::empty;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct Config {
    #[serde(skip_serializing_if = "empty")]
    pub machine: Machine,
    #[serde(skip_serializing_if = "empty")]
    pub cluster: Cluster,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Machine {
    #[serde(rename = "certSANs", skip_serializing_if = "empty")]
    pub cert_sans: Vec<String>,
    #[serde(skip_serializing_if = "empty")]
    pub kubelet: Kubelet,
    #[serde(skip_serializing_if = "empty")]
    pub network: Network,
    #[serde(skip_serializing_if = "empty")]
    pub install: Install,
    #[serde(skip_serializing_if = "empty")]
    pub time: Time,
    #[serde(skip_serializing_if = "empty")]
    pub sysctls: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "empty")]
    pub registries: Registries,
    #[serde(skip_serializing_if = "empty")]
    pub features: Features,
    #[serde(skip_serializing_if = "empty")]
    pub node_labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "empty")]
    pub node_taints: BTreeMap<String, String>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Kubelet {
    #[serde(skip_serializing_if = "empty")]
    pub extra_args: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "empty")]
    pub extra_mounts: Vec<ExtraMount>,
    #[serde(skip_serializing_if = "empty")]
    pub extra_config: KubeletSettings,
    #[serde(rename = "nodeIP", skip_serializing_if = "empty")]
    pub node_ip: Subnets,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Subnets {
    #[serde(skip_serializing_if = "empty")]
    pub valid_subnets: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct ExtraMount {
    pub destination: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub source: String,
    pub options: [&'static str; 3],
}

/// The kubelet's own configuration file, as far as Talos lets a person write it.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KubeletSettings {
    #[serde(skip_serializing_if = "empty")]
    pub register_with_taints: Vec<NodeTaint>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in super::super) struct NodeTaint {
    pub key: String,
    #[serde(skip_serializing_if = "empty")]
    pub value: String,
    pub effect: &'static str,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Network {
    #[serde(skip_serializing_if = "empty")]
    pub hostname: String,
    #[serde(skip_serializing_if = "empty")]
    pub interfaces: Vec<Interface>,
    #[serde(skip_serializing_if = "empty")]
    pub nameservers: Vec<String>,
    #[serde(skip_serializing_if = "empty")]
    pub kubespan: Option<super::KubeSpanConfig>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct Interface {
    #[serde(rename = "interface")]
    pub name: String,
    pub dhcp: bool,
    #[serde(skip_serializing_if = "empty")]
    pub addresses: Vec<String>,
    #[serde(skip_serializing_if = "empty")]
    pub routes: Vec<InterfaceRoute>,
    #[serde(skip_serializing_if = "empty")]
    pub vip: Option<Vip>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct InterfaceRoute {
    pub network: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct Vip {
    pub ip: String,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct Install {
    pub disk: String,
    pub image: String,
    pub wipe: bool,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct Time {
    pub servers: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct Registries {
    pub mirrors: BTreeMap<String, Mirror>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Mirror {
    pub endpoints: Vec<String>,
    #[serde(skip_serializing_if = "empty")]
    pub override_path: bool,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Features {
    #[serde(skip_serializing_if = "empty")]
    pub kube_prism: Option<KubePrism>,
    #[serde(rename = "hostDNS", skip_serializing_if = "empty")]
    pub host_dns: Option<HostDns>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct KubePrism {
    pub enabled: bool,
    pub port: u16,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct HostDns {
    pub enabled: bool,
    #[serde(rename = "forwardKubeDNSToHost")]
    pub forward_kube_dns_to_host: bool,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Cluster {
    #[serde(rename = "clusterName", skip_serializing_if = "empty")]
    pub name: String,
    #[serde(skip_serializing_if = "empty")]
    pub control_plane: ControlPlane,
    #[serde(skip_serializing_if = "empty")]
    pub network: ClusterNetwork,
    #[serde(skip_serializing_if = "empty")]
    pub api_server: ApiServer,
    #[serde(skip_serializing_if = "empty")]
    pub proxy: Option<Disabled>,
    #[serde(skip_serializing_if = "empty")]
    pub discovery: Option<ClusterDiscovery>,
    #[serde(skip_serializing_if = "empty")]
    pub etcd: Etcd,
    #[serde(skip_serializing_if = "empty")]
    pub allow_scheduling_on_control_planes: bool,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct ControlPlane {
    pub endpoint: String,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ClusterNetwork {
    #[serde(skip_serializing_if = "empty")]
    pub cni: Option<CniName>,
    pub pod_subnets: Vec<String>,
    pub service_subnets: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct CniName {
    pub name: &'static str,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in super::super) struct ApiServer {
    #[serde(rename = "certSANs")]
    pub cert_sans: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct Disabled {
    pub disabled: bool,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct ClusterDiscovery {
    pub enabled: bool,
    pub registries: DiscoveryRegistries,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct DiscoveryRegistries {
    pub kubernetes: Disabled,
    pub service: ServiceRegistry,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct ServiceRegistry {
    pub disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Etcd {
    #[serde(skip_serializing_if = "empty")]
    pub advertised_subnets: Vec<String>,
}
