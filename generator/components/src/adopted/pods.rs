//! What makes pods: Deployments, DaemonSets, StatefulSets, Jobs, and pods themselves.

use super::Object;
use crate::Protocol;
use model::{Node, Span};

/// A template of pods, and the object that makes them.
#[derive(Clone, Copy, Debug)]
pub struct Pods<'a> {
    pub object: &'a Object,
    pub metadata: Option<&'a Node>,
    pub spec: &'a Node,
}

/// How pods are replaced when their template changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strategy {
    Recreate,
    RollingUpdate,
}

impl<'a> Pods<'a> {
    pub fn of(object: &'a Object) -> Option<Self> {
        let node = &object.node;
        let template = match (object.group(), object.kind.value.as_str()) {
            ("apps", "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet") | ("batch", "Job") => {
                node.at("spec.template")?
            }
            ("batch", "CronJob") => node.at("spec.jobTemplate.spec.template")?,
            ("", "Pod") => node,
            _ => return None,
        };
        Some(Self { object, metadata: template.get("metadata"), spec: template.get("spec")? })
    }

    /// Every container, those that run first too.
    pub fn containers(&self) -> impl Iterator<Item = &'a Node> {
        let spec = self.spec;
        ["initContainers", "containers"].into_iter().flat_map(move |key| spec.items_at(key))
    }

    /// Whether its pods are on the network of their node, and where that is said.
    pub fn host_network(&self) -> Option<Span> {
        let (key, value) = self.spec.entry("hostNetwork")?;
        value.bool().unwrap_or_default().then_some(key.span)
    }

    /// The ports of the node that it takes, and where each is said.
    pub fn host_ports(&self) -> Vec<(Protocol, u16, Span)> {
        let host_network = self.host_network().is_some();
        let mut ports = Vec::new();
        for port in self.containers().flat_map(|it| it.items_at("ports")) {
            let given = port.get("hostPort").or_else(|| port.get("containerPort").filter(|_| host_network));
            let Some((number, span)) = given.and_then(|it| Some((u16::try_from(it.int()?).ok()?, it.span)))
            else {
                continue;
            };
            let udp = port.str_at("protocol") == Some("UDP");
            ports.push((if udp { Protocol::Udp } else { Protocol::Tcp }, number, span));
        }
        ports
    }

    /// The names of the claims that its pods mount, and where each is said.
    pub fn claims(&self) -> impl Iterator<Item = (&'a str, Span)> {
        self.spec.items_at("volumes").iter().filter_map(|volume| {
            let name = volume.at("persistentVolumeClaim.claimName")?;
            Some((name.str()?, name.span))
        })
    }

    /// How many pods it makes; nothing where that depends on nodes or is not said in numbers.
    pub fn replicas(&self) -> Option<i64> {
        match self.object.kind.value.as_str() {
            "DaemonSet" => None,
            _ => match self.object.node.at("spec.replicas") {
                Some(replicas) => replicas.int(),
                None => Some(1),
            },
        }
    }

    /// How a Deployment replaces its pods.
    pub fn strategy(&self) -> Option<Strategy> {
        if self.object.kind.value != "Deployment" {
            return None;
        }
        match self.object.node.str_at("spec.strategy.type") {
            Some("Recreate") => Some(Strategy::Recreate),
            Some("RollingUpdate") | None => Some(Strategy::RollingUpdate),
            Some(_) => None,
        }
    }

    /// Whether it says something of where its pods go: a selector, an affinity, or the node itself.
    pub fn chooses_nodes(&self) -> bool {
        self.spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution").is_some()
            || self.spec.get("nodeSelector").is_some_and(|it| !it.entries().is_empty())
            || self.spec.get("nodeName").is_some()
    }
}
