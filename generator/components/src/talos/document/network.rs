//! Documents of the network: host name, links, resolvers, virtual addresses, mesh, firewall.

use super::{HostDns, Kind, empty};
use serde::Serialize;

/// The node's name. `auto` must be off beside it: the generated base has it on.
#[derive(Debug, Serialize)]
pub(in super::super) struct HostnameConfig {
    pub auto: &'static str,
    pub hostname: String,
}

impl Kind for HostnameConfig {
    const KIND: &'static str = "HostnameConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct LinkConfig {
    pub name: String,
    #[serde(skip_serializing_if = "empty")]
    pub addresses: Vec<LinkAddress>,
    #[serde(skip_serializing_if = "empty")]
    pub routes: Vec<LinkRoute>,
}

impl Kind for LinkConfig {
    const KIND: &'static str = "LinkConfig";
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct LinkAddress {
    pub address: String,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct LinkRoute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

/// Asks for an IPv4 address on a link.
#[derive(Debug, Serialize)]
pub(in super::super) struct Dhcpv4Config {
    pub name: String,
}

impl Kind for Dhcpv4Config {
    const KIND: &'static str = "DHCPv4Config";
}

/// An address that one control plane at a time holds; its name is the address.
#[derive(Debug, Serialize)]
pub(in super::super) struct Layer2VipConfig {
    pub name: String,
    pub link: String,
}

impl Kind for Layer2VipConfig {
    const KIND: &'static str = "Layer2VIPConfig";
}

#[derive(Debug, PartialEq, Serialize)]
pub(in super::super) struct ResolverConfig {
    #[serde(skip_serializing_if = "empty")]
    pub nameservers: Vec<LinkAddress>,
    #[serde(rename = "hostDNS", skip_serializing_if = "empty")]
    pub host_dns: Option<HostDns>,
}

impl Kind for ResolverConfig {
    const KIND: &'static str = "ResolverConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct TimeSyncConfig {
    pub ntp: super::Time,
}

impl Kind for TimeSyncConfig {
    const KIND: &'static str = "TimeSyncConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct RegistryMirrorConfig {
    pub name: String,
    pub endpoints: Vec<RegistryEndpoint>,
}

impl Kind for RegistryMirrorConfig {
    const KIND: &'static str = "RegistryMirrorConfig";
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct RegistryEndpoint {
    pub url: String,
    #[serde(skip_serializing_if = "empty")]
    pub override_path: bool,
}

/// KubeSpan: a document from 1.13 on, `machine.network.kubespan` with the same fields before.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "as Talos has it")]
pub(in super::super) struct KubeSpanConfig {
    pub enabled: bool,
    pub advertise_kubernetes_networks: bool,
    pub allow_down_peer_bypass: bool,
    pub harvest_extra_endpoints: bool,
    pub mtu: u16,
    #[serde(skip_serializing_if = "empty")]
    pub filters: KubeSpanFilters,
}

impl Kind for KubeSpanConfig {
    const KIND: &'static str = "KubeSpanConfig";
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KubeSpanFilters {
    #[serde(skip_serializing_if = "empty")]
    pub endpoints: Vec<String>,
    #[serde(skip_serializing_if = "empty")]
    pub exclude_advertised_networks: Vec<String>,
}

/// Addresses that peers are told of although no link has them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KubeSpanEndpointsConfig {
    pub extra_announced_endpoints: Vec<String>,
}

impl Kind for KubeSpanEndpointsConfig {
    const KIND: &'static str = "KubeSpanEndpointsConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct NetworkDefaultActionConfig {
    pub ingress: &'static str,
}

impl Kind for NetworkDefaultActionConfig {
    const KIND: &'static str = "NetworkDefaultActionConfig";
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct NetworkRuleConfig {
    pub name: String,
    pub port_selector: PortSelector,
    pub ingress: Vec<Source>,
}

impl Kind for NetworkRuleConfig {
    const KIND: &'static str = "NetworkRuleConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct PortSelector {
    pub ports: Vec<Ports>,
    pub protocol: &'static str,
}

/// One port as a number, or a span of them as text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in super::super) enum Ports {
    One(u16),
    Span(String),
}

#[derive(Debug, Serialize)]
pub(in super::super) struct Source {
    pub subnet: String,
}
