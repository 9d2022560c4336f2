//! Addresses for Services of type `LoadBalancer`.

use crate::{
    Phase, Spanned,
    scalar::{AddressRange, Name},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What announces addresses of Services on a site's own network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadBalancer {
    /// MetalLB in layer 2 mode.
    pub metallb: Option<MetalLb>,
    /// Cilium's own announcements.
    pub cilium: Option<MetalLb>,
}

/// Pools of addresses, and where they are announced.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MetalLb {
    /// The site whose network the addresses belong to; only its nodes announce them.
    pub site: Spanned<Name>,
    /// Announces from every node instead, which black-holes addresses once a node is off the segment.
    pub every_node: Option<Spanned<bool>>,
    /// The links that the addresses are announced on. All where absent.
    #[serde(default)]
    pub interfaces: Vec<Spanned<String>>,
    /// The addresses.
    pub pools: BTreeMap<Spanned<Name>, Pool>,
}

/// Addresses that Services are given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pool {
    /// The addresses.
    pub addresses: Vec<Spanned<AddressRange>>,
    /// Whether a Service gets one without asking for the pool. Yes where absent.
    pub auto_assign: Option<Spanned<bool>>,
    /// The last phase in which the pool is there. To the end where absent.
    pub until: Option<Spanned<Phase>>,
}

impl MetalLb {
    pub fn every_node(&self) -> bool {
        self.every_node.as_ref().is_some_and(|it| it.value)
    }
}
