//! Talos Linux: versions, and what all nodes have alike.

use crate::{
    Spanned,
    scalar::{Contract, SubnetFilter, Url, Version},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Talos Linux on all nodes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Talos {
    /// The version that the nodes are to run.
    pub version: Spanned<Version>,
    /// The form of the machine configuration: the minor version whose documents are written. At most that of `version`; where absent, just that.
    pub contract: Option<Spanned<Contract>>,
    /// The version that the nodes run today, where an upgrade is part of the plan.
    pub current: Option<Spanned<Version>>,
    /// How nodes find each other.
    #[serde(default)]
    pub discovery: Discovery,
    /// Whether each node answers for the Kubernetes API on `localhost:7445` (KubePrism). Yes where absent.
    pub kube_prism: Option<Spanned<bool>>,
    /// Whether pods ask the node's own resolver instead of CoreDNS' upstream. Yes where absent.
    pub forward_kube_dns_to_host: Option<Spanned<bool>>,
    /// Upstream registries and the mirrors to ask before them.
    #[serde(default)]
    pub registry_mirrors: BTreeMap<Spanned<String>, Vec<Spanned<Url>>>,
    /// Which networks may reach Talos' own API on public nodes, beside the mesh; the break-glass way in.
    #[serde(default)]
    pub admin_networks: Vec<Spanned<crate::scalar::Cidr>>,
    /// Networks that node addresses are taken from, for all nodes alike. Worked out for each node where absent.
    pub node_ip_subnets: Option<Vec<Spanned<SubnetFilter>>>,
    /// Whether pods may run on control planes. No where absent.
    #[serde(default)]
    pub schedule_on_control_planes: bool,
}

/// How nodes find each other.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Discovery {
    /// Whether discovery is on; KubeSpan needs it. Yes where absent.
    pub enabled: Option<Spanned<bool>>,
    /// Whether the service registry is used, by default the one at discovery.talos.dev. Yes where absent.
    pub service_registry: Option<Spanned<bool>>,
    /// Whether the Kubernetes registry is used. It cannot work from Kubernetes 1.32 on. No where absent.
    pub kubernetes_registry: Option<Spanned<bool>>,
    /// Another discovery service than Sidero Labs' own.
    pub endpoint: Option<Spanned<Url>>,
}

impl Talos {
    pub fn contract(&self) -> Contract {
        self.contract.as_ref().map_or_else(|| self.version.minor(), |contract| contract.value)
    }

    pub fn kube_prism(&self) -> bool {
        self.kube_prism.as_ref().is_none_or(|it| it.value)
    }

    pub fn forward_kube_dns_to_host(&self) -> bool {
        self.forward_kube_dns_to_host.as_ref().is_none_or(|it| it.value)
    }
}

impl Discovery {
    pub fn enabled(&self) -> bool {
        self.enabled.as_ref().is_none_or(|it| it.value)
    }

    pub fn service_registry(&self) -> bool {
        self.service_registry.as_ref().is_none_or(|it| it.value)
    }

    pub fn kubernetes_registry(&self) -> bool {
        self.kubernetes_registry.as_ref().is_some_and(|it| it.value)
    }
}
