//! A reference to a secret. The definition never holds one.

use crate::{
    Spanned,
    scalar::{ConfigKey, Name},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// One key of a Secret that exists in the cluster, in the namespace of what uses it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SecretKey {
    /// The Secret's name.
    pub secret: Spanned<Name>,
    /// The key within it.
    pub key: Spanned<ConfigKey>,
}
