//! How far the migration has come.

use crate::{Phase, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

/// How far the migration has come.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Migration {
    /// The phase whose tree is written. `cleanup`, the last, where absent.
    pub phase: Option<Spanned<Phase>>,
}

impl Migration {
    pub fn phase(&self) -> Phase {
        self.phase.as_ref().map_or(Phase::Cleanup, |it| it.value)
    }
}
