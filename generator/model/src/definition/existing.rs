//! What the repository holds already beside apps.

use crate::{Spanned, scalar::RelativePath};
use schemars::JsonSchema;
use serde::Deserialize;

/// What the repository holds already, beside apps: the checks read it, and nothing writes to it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Existing {
    /// Where Flux starts: the directories that its bootstrap wrote. Every Kustomization that is found from there is read, and what each applies.
    #[serde(default)]
    pub flux: Vec<Spanned<RelativePath>>,
    /// Directories or files of manifests that something else than Flux applies.
    #[serde(default)]
    pub manifests: Vec<Spanned<RelativePath>>,
    /// Patches of Talos machine configurations, one file or a directory of them each.
    #[serde(default)]
    pub talos_patches: Vec<Spanned<RelativePath>>,
}
