//! A website that the cluster serves.

use crate::{
    Phase, Spanned,
    scalar::{Hostname, Name, RelativePath},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A website of files, served by nginx.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Website {
    /// Its host.
    pub host: Spanned<Hostname>,
    /// Further hosts, sent on to the first.
    #[serde(default)]
    pub aliases: Vec<Spanned<Hostname>>,
    /// The site where it runs.
    pub site: Spanned<Name>,
    /// The folder of its files, beside `cluster.yaml`.
    pub content: Spanned<RelativePath>,
    /// How many pods serve it. 1 where absent.
    pub replicas: Option<Spanned<u16>>,
    /// The phase in which it appears. `services` where absent.
    pub since: Option<Spanned<Phase>>,
}

impl Website {
    pub fn replicas(&self) -> u16 {
        self.replicas.as_ref().map_or(1, |it| it.value)
    }

    pub fn since(&self) -> Phase {
        self.since.as_ref().map_or(Phase::Services, |it| it.value)
    }

    /// All hosts, the main one first.
    pub fn hosts(&self) -> impl Iterator<Item = &Spanned<Hostname>> {
        std::iter::once(&self.host).chain(&self.aliases)
    }
}
