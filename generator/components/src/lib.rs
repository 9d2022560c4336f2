//! What runs on the cluster: one file (or folder) a component.
//!
//! A component never calls another. Each *declares* what it is; the compiler joins all declarations into
//! one [`Plan`]; each then *emits* its files from that plan. Adding one is a file and a line in `registry`.

pub mod adopted;
mod apps;
mod catalogue;
mod cert_manager;
mod certificates;
mod cilium;
mod component;
mod coredns;
mod external_dns;
mod helm;
mod hosts;
mod ingress;
mod issuers;
mod load_balancer;
pub mod nixos;
mod placement;
mod plan;
mod powerdns;
mod registry;
mod route;
mod storage;
pub mod talos;
mod website;
pub mod zone;

pub use adopted::Adopted;
pub use catalogue::{Chart, Image};
pub use component::{
    Component, Context, Declaration, File, Files, From, NodePort, PodSecurity, Protocol, Route,
};
pub use hosts::certificate_names;
pub use plan::{Need, Plan, Unit, joins};
pub use powerdns::SERIES as POWERDNS_SERIES;
pub use registry::COMPONENTS;
pub use talos::TalosContent;
pub use website::{Content, content as website_content};
