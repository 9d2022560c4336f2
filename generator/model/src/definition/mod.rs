//! The definition: what a person writes in `clusters/<name>/cluster.yaml`.

/// A whole definition.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Definition {}
