//! Documents of Kubernetes and of discovery, all of 1.14.

use super::{Kind, KubeletSettings, Subnets, empty};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KubeClusterConfig {
    pub cluster_name: String,
    pub endpoint: String,
}

impl Kind for KubeClusterConfig {
    const KIND: &'static str = "KubeClusterConfig";
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KubeNetworkConfig {
    pub pod_subnets: Vec<String>,
    pub service_subnets: Vec<String>,
}

impl Kind for KubeNetworkConfig {
    const KIND: &'static str = "KubeNetworkConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct KubeNodeConfig {
    #[serde(rename = "nodeIP", skip_serializing_if = "empty")]
    pub node_ip: Subnets,
    #[serde(skip_serializing_if = "empty")]
    pub labels: BTreeMap<String, String>,
    /// Text, or an object that takes a taint of the generated base away.
    #[serde(skip_serializing_if = "empty")]
    pub taints: BTreeMap<String, Value>,
}

impl Kind for KubeNodeConfig {
    const KIND: &'static str = "KubeNodeConfig";
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KubeletConfig {
    #[serde(skip_serializing_if = "empty")]
    pub config: KubeletSettings,
    #[serde(skip_serializing_if = "empty")]
    pub extra_args: BTreeMap<String, String>,
}

impl Kind for KubeletConfig {
    const KIND: &'static str = "KubeletConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct KubePrismConfig {
    pub port: u16,
}

impl Kind for KubePrismConfig {
    const KIND: &'static str = "KubePrismConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct KubeProxyConfig {
    pub enabled: bool,
}

impl Kind for KubeProxyConfig {
    const KIND: &'static str = "KubeProxyConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct KubeApiServerConfig {
    #[serde(rename = "certExtraSANs")]
    pub cert_extra_sans: Vec<String>,
}

impl Kind for KubeApiServerConfig {
    const KIND: &'static str = "KubeAPIServerConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct DiscoveryServiceConfig {
    pub name: &'static str,
    pub endpoint: String,
}

impl Kind for DiscoveryServiceConfig {
    const KIND: &'static str = "DiscoveryServiceConfig";
}
