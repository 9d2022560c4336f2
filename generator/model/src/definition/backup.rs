//! What a host outside the cluster keeps copies of.

use crate::{Spanned, scalar::Remote};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// What a host outside the cluster keeps copies of.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Backup {
    /// The state of Terraform, which knows what it made and holds secrets in the clear.
    pub terraform_state: Option<TerraformState>,
}

/// Copies of Terraform's state, made by a NixOS host and encrypted before they leave it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TerraformState {
    /// Where they go: a remote of rclone of type `crypt`, and a folder on it.
    pub remote: Spanned<Remote>,
    /// How often. `daily` where absent.
    pub schedule: Option<Spanned<Schedule>>,
    /// How many copies are kept, the newest ones. 30 where absent.
    pub keep: Option<Spanned<std::num::NonZeroU16>>,
}

/// How often something is done.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Schedule {
    /// Once an hour.
    Hourly,
    /// Once a day.
    #[default]
    Daily,
    /// Once a week.
    Weekly,
}

impl TerraformState {
    pub fn schedule(&self) -> Schedule {
        self.schedule.as_ref().map_or(Schedule::default(), |it| it.value)
    }

    pub fn keep(&self) -> u16 {
        self.keep.as_ref().map_or(30, |it| it.value.get())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        })
    }
}
