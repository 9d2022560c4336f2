//! The cluster as a whole, and its Kubernetes.

use crate::{
    Spanned,
    scalar::{ApiEndpoint, Cidr, Hostname, Name, RelativePath, Version},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The cluster as a whole.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClusterSettings {
    /// The name that Talos and Cilium give the cluster.
    pub name: Spanned<Name>,
    /// A domain of yours; our own labels begin with it, as in `example.org/site`.
    pub domain: Spanned<Hostname>,
    /// Where nodes and people find the Kubernetes API. A virtual address that the control planes share outlives any of them.
    pub endpoint: Spanned<ApiEndpoint>,
    /// More names and addresses that the API's certificate is to be valid for.
    #[serde(default)]
    pub cert_sans: Vec<Spanned<String>>,
    /// How Flux finds the tree.
    pub flux: Flux,
}

/// Where in Git the tree lies, as Flux sees it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Flux {
    /// The Flux version that runs, which says what APIs it serves.
    pub version: Spanned<Version>,
    /// The GitRepository in `flux-system` that holds the tree.
    pub source: Spanned<Name>,
    /// The path of `generated/` within that repository.
    pub path: Spanned<RelativePath>,
    /// The Secret in `flux-system` with the age keys, where `extra/` holds files that SOPS encrypted.
    pub sops_secret: Option<Spanned<Name>>,
}

/// Kubernetes: its version and networks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Kubernetes {
    /// The version that the nodes run.
    pub version: Spanned<Version>,
    /// The networks that pods have their addresses from; one of IPv4, one of IPv6, or both.
    pub pod_subnets: Vec<Spanned<Cidr>>,
    /// The networks that Services have their addresses from.
    pub service_subnets: Vec<Spanned<Cidr>>,
}
