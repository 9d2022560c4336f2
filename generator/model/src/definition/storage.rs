//! Where volumes can be.

use crate::{Spanned, scalar::Name};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where volumes can be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Storage {
    /// Storage classes, by name, and the site that each serves.
    #[serde(default)]
    pub classes: BTreeMap<Spanned<Name>, StorageClass>,
}

/// A storage class and the site that it serves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StorageClass {
    /// The site where its volumes are.
    pub site: Spanned<Name>,
    /// The CSI driver that makes its volumes: `csi.proxmox.sinextra.dev`. Where absent, volumes are folders of a node: we write the class, and a person the PersistentVolume of each folder, as nothing makes one.
    pub driver: Option<Spanned<String>>,
    /// How many nodes may mount a volume at once.
    pub access: Spanned<AccessMode>,
}

/// How many nodes may mount a volume at once.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
pub enum AccessMode {
    /// One.
    ReadWriteOnce,
    /// Many.
    ReadWriteMany,
}
