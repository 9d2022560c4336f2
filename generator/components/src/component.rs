//! The contract between the compiler and a component.

use crate::{Adopted, Plan, plan::Unit};
use model::{
    Definition, Phase, Phases, Spanned,
    scalar::{Hostname, Name},
};
use std::collections::BTreeMap;
use tree::Object;

/// A component: how it presents itself, and what files it has.
#[derive(Clone, Copy)]
pub struct Component {
    /// What it would run on this cluster: nothing, one unit, or several.
    pub declare: fn(&Context) -> Vec<Declaration>,
    /// The files of one unit. Cannot fail: whatever could go wrong is a check.
    pub emit: fn(&Plan, &Unit) -> Vec<File>,
}

/// What a declaration may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub definition: &'a Definition,
    pub phase: Phase,
    /// The folder below `clusters/`, which is also how the tree names the definition.
    pub cluster: &'a str,
    pub files: &'a Files,
    /// What the repository holds already, and the definition adopts.
    pub adopted: &'a Adopted,
}

/// What a person keeps beside the definition: path relative to it, and bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a unit states before anything is emitted. A unit becomes one Flux Kustomization.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name, which is that of its Kustomization and its folder.
    pub name: String,
    pub namespace: String,
    /// The key of the definition that it comes from, for headers: `dns.powerdns`.
    pub key: String,
    /// When it is there.
    pub phases: Phases,
    /// Where its pods run; anywhere where absent.
    pub site: Option<String>,
    /// What others may need of it, beside its own name.
    pub provides: Vec<String>,
    /// What must be ready before it.
    pub needs: Vec<Spanned<Name>>,
    /// What its pods need of their namespace. Nothing where it has none.
    pub pod_security: Option<PodSecurity>,
    /// Whether what it holds would be lost with it: Flux then never deletes it.
    pub holds_data: bool,
    /// Hosts that it serves through the ingress.
    pub routes: Vec<Route>,
    /// Ports that its pods take of their nodes.
    pub ports: Vec<NodePort>,
    /// Whether something else than Flux applies it, before Flux runs: it meets needs, and nothing waits for it.
    pub outside: bool,
    /// A directory that exists already, instead of files that we emit: its path, and the GitRepository.
    pub adopted: Option<(String, String)>,
    /// How long it may take to become ready.
    pub timeout: String,
}

impl Declaration {
    pub fn new(name: &str, namespace: &str, key: &str) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            key: key.into(),
            phases: Phases::ALL,
            site: None,
            provides: Vec::new(),
            needs: Vec::new(),
            pod_security: Some(PodSecurity::Restricted),
            holds_data: false,
            routes: Vec::new(),
            ports: Vec::new(),
            outside: false,
            adopted: None,
            timeout: "5m".into(),
        }
    }

    /// Adds a need of the generator's own, which no file says.
    #[must_use]
    pub fn needs(mut self, what: &'static str) -> Self {
        self.needs.push(Spanned::nowhere(Name::fixed(what)));
        self
    }

    #[must_use]
    pub fn provides(mut self, what: &str) -> Self {
        self.provides.push(what.into());
        self
    }

    #[must_use]
    pub fn since(mut self, phase: Phase) -> Self {
        self.phases.since = phase;
        self
    }

    #[must_use]
    pub fn at(mut self, site: &str) -> Self {
        self.site = Some(site.into());
        self
    }
}

/// What pods need of their namespace (the Pod Security Standards of Kubernetes); a later one allows more.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PodSecurity {
    Restricted,
    Baseline,
    Privileged,
}

impl PodSecurity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }
}

/// A host that a Service of the unit answers for. Becomes a record, a certificate and an Ingress or HTTPRoute.
#[derive(Clone, Debug)]
pub struct Route {
    pub host: Spanned<Hostname>,
    /// The host that requests are sent on to, instead of being answered.
    pub redirect_to: Option<String>,
    /// The Service and its port.
    pub service: String,
    pub port: u16,
    /// Whether we write the Ingress or HTTPRoute; an app brings its own.
    pub ours: bool,
}

/// A port of the nodes that a unit's pods take. Becomes a rule of the firewall.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NodePort {
    pub protocol: Protocol,
    pub port: u16,
    pub from: From,
    /// What it is for, in the name of the rule: `web`, `dns`.
    pub purpose: &'static str,
    /// Whether it binds every address of the node, as far as the definition says.
    pub wildcard: bool,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// Who is to reach a port of a node.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum From {
    /// Everybody.
    Internet,
    /// Pods, whose packets come by the node's own links and not by the mesh.
    Pods,
    /// Other nodes, by the mesh: no rule is needed, as Talos trusts the mesh's link.
    Nodes,
}

/// A file of the tree.
#[derive(Clone, Debug)]
pub enum File {
    /// An object of the unit: `app/<kind>.yaml`, listed in its kustomization.
    Object(Object),
    /// A file that a ConfigMap of the unit is made of: written to `app/<path>`, drawn in by a generator.
    Data { config_map: String, key: String, path: String, bytes: Vec<u8> },
    /// A file elsewhere in the tree, which Flux does not apply.
    Outside { path: String, bytes: Vec<u8> },
}

impl File {
    pub fn data(config_map: &str, key: &str, text: impl Into<Vec<u8>>) -> Self {
        Self::Data { config_map: config_map.into(), key: key.into(), path: key.into(), bytes: text.into() }
    }
}

impl std::convert::From<Object> for File {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}
