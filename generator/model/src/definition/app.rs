//! What exists already: directories that Flux applies.

use crate::{
    Phase, Spanned,
    scalar::{Duration, Hostname, Name, RelativePath, Url},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A directory of manifests that exists already. We write its Flux Kustomization, order and placement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct App {
    /// The directory, within the repository that holds it.
    pub path: Spanned<RelativePath>,
    /// An entry of `sources`, where another repository than this one holds it.
    pub source: Option<Spanned<Name>>,
    /// The namespace of its pods.
    pub namespace: Spanned<Name>,
    /// The site where its pods run. Anywhere where absent.
    pub site: Option<Spanned<Name>>,
    /// The storage classes of its volumes.
    #[serde(default)]
    pub storage: Vec<Spanned<Name>>,
    /// What must be ready before it: what a component or an app provides, or the name of one.
    #[serde(default)]
    pub needs: Vec<Spanned<Name>>,
    /// What others may need of it, beside its own name.
    #[serde(default)]
    pub provides: Vec<Spanned<Name>>,
    /// Hosts that its own Ingresses or routes serve.
    #[serde(default)]
    pub hosts: Vec<Spanned<Hostname>>,
    /// Whether Flux deletes what leaves the directory. Yes where absent, no where the app has volumes.
    pub prune: Option<Spanned<bool>>,
    /// How long it may take to become ready. `5m` where absent.
    pub timeout: Option<Spanned<Duration>>,
    /// The first phase in which it is there. The first in which all that it needs is there, where absent.
    pub since: Option<Spanned<Phase>>,
    /// The last phase in which it is there. To the end where absent.
    pub until: Option<Spanned<Phase>>,
}

/// A Git repository that Flux knows already as a GitRepository of this name in `flux-system`. One with the name that
/// `flux.source` has says that apps lie there and not beside this file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Source {
    /// Where it is.
    pub url: Spanned<Url>,
    /// A checkout of it on this machine, relative to `cluster.yaml`; its contents are unknown without one.
    pub checkout: Option<Spanned<String>>,
}

impl App {
    pub fn prune(&self) -> bool {
        self.prune.as_ref().map_or(self.storage.is_empty(), |it| it.value)
    }
}
