//! The seven phases of a migration, and spans of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far the migration has come. What a phase adds stays in the later ones, unless it says until when.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Nothing has moved: backups are made, announcers are kept at home, Cilium has its final mode.
    Prerequisites,
    /// Discovery and KubeSpan are on, on every node at home.
    Mesh,
    /// The VPS is a node of the cluster.
    Node,
    /// Public traffic enters through the VPS.
    Ingress,
    /// The VPS answers for the zones.
    Dns,
    /// The website and the public services run on the VPS.
    Services,
    /// What the migration replaced is gone.
    #[default]
    Cleanup,
}

impl Phase {
    pub const ALL: [Self; 7] = [
        Self::Prerequisites,
        Self::Mesh,
        Self::Node,
        Self::Ingress,
        Self::Dns,
        Self::Services,
        Self::Cleanup,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Prerequisites => "prerequisites",
            Self::Mesh => "mesh",
            Self::Node => "node",
            Self::Ingress => "ingress",
            Self::Dns => "dns",
            Self::Services => "services",
            Self::Cleanup => "cleanup",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The phases in which a thing is there: from `since` to `until`, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Phases {
    pub since: Phase,
    pub until: Phase,
}

impl Phases {
    pub const ALL: Self = Self { since: Phase::Prerequisites, until: Phase::Cleanup };

    pub const fn since(since: Phase) -> Self {
        Self { since, until: Phase::Cleanup }
    }

    pub fn contains(self, phase: Phase) -> bool {
        self.since <= phase && phase <= self.until
    }
}
