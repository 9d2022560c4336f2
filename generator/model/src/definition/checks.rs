//! Which warnings are accepted, and why.

use crate::{Spanned, scalar::Date};
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
    /// The last day on which each of these is accepted; to the end where absent. The warning is back on the next.
    #[serde(default)]
    pub until: BTreeMap<Spanned<String>, Spanned<Date>>,
}

/// Why a warning is accepted.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(transparent)]
pub struct Allow {
    /// The reason, for whoever reads the definition next.
    pub reason: String,
}
