//! Every component, once. A line here is what makes one exist.

use crate::{
    Component, apps, cert_manager, certificates, cilium, coredns, external_dns, ingress, issuers,
    load_balancer, powerdns, storage, website,
};

/// In any order: what depends on what is worked out.
pub const COMPONENTS: &[&Component] = &[
    &apps::COMPONENT,
    &cert_manager::CERT_MANAGER,
    &cert_manager::CERT_MANAGER_WEBHOOK_PDNS,
    &certificates::COMPONENT,
    &cilium::COMPONENT,
    &coredns::COMPONENT,
    &external_dns::COMPONENT,
    &ingress::GATEWAY,
    &ingress::GATEWAY_API,
    &ingress::INGRESS_NGINX,
    &ingress::TRAEFIK,
    &issuers::COMPONENT,
    &load_balancer::CILIUM_POOLS,
    &load_balancer::METALLB,
    &powerdns::COMPONENT,
    &storage::COMPONENT,
    &website::COMPONENT,
];
