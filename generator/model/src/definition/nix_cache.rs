//! The binary cache of Nix that the cluster serves.

use crate::{
    Spanned,
    scalar::{Hostname, NixPublicKey},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The binary cache of Nix that the cluster serves, as its clients see it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NixCache {
    /// Its host, one of those that an app serves.
    pub host: Spanned<Hostname>,
    /// The public half of the key that it signs with. Clients must be told it elsewhere where absent.
    pub public_key: Option<Spanned<NixPublicKey>>,
    /// Which cache Nix asks first: a lower number goes before a higher one. 50 where absent, after cache.nixos.org with its 40.
    pub priority: Option<Spanned<u16>>,
}

impl NixCache {
    pub fn priority(&self) -> u16 {
        self.priority.as_ref().map_or(50, |it| it.value)
    }
}
