//! Which warnings are accepted, and why.

use crate::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Which warnings are accepted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checks {
    /// Codes of warnings, and why each is accepted here. One that silences nothing is reported.
    #[serde(default)]
    pub allow: BTreeMap<Spanned<String>, Spanned<Allow>>,
}

/// Why a warning is accepted.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(transparent)]
pub struct Allow {
    /// The reason, for whoever reads the definition next.
    pub reason: String,
}
