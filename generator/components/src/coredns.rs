//! CoreDNS, as far as it knows our zones: pods ask our own servers for them, past the public resolvers.
//!
//! CoreDNS forwards to addresses only. The nodes' own are taken, at whose port 53 our servers answer: a Service's
//! address would have to be fixed by hand, within a range that Kubernetes hands out by itself.
//! Talos makes this ConfigMap too, when the cluster is born and at `talosctl upgrade-k8s`. The latter puts its own
//! in place of ours until Flux comes by again, at most an hour later; names are then asked of the public resolvers.

use crate::{Component, Context, Declaration, File, Plan, Unit, zone};
use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig};
use model::{
    Phase,
    definition::{ClusterForward, Dns},
};
use std::{collections::BTreeMap, net::IpAddr};
use tree::{
    Object,
    k8s_openapi::{api::core::v1::ConfigMap, apimachinery::pkg::apis::meta::v1::ObjectMeta},
};

pub const COMPONENT: Component = Component { declare, emit };

const TEMPLATE: &str = include_str!("coredns.Corefile.j2");

fn declare(context: &Context) -> Vec<Declaration> {
    let Some(dns) = &context.definition.dns else { return Vec::new() };
    if dns.cluster_forward.as_ref().is_none_or(|it| it.value != ClusterForward::Servers) {
        return Vec::new();
    }
    let since = if dns.previous.is_some() { Phase::Prerequisites } else { Phase::Dns };
    let mut unit = Declaration::new("coredns", "kube-system", "dns.clusterForward").since(since);
    if context.phase >= Phase::Dns {
        // Before that, it would send pods to where nothing answers.
        unit = unit.needs("dns");
    }
    unit.pod_security = None;
    // Without its configuration CoreDNS resolves nothing at all.
    unit.holds_data = true;
    vec![unit]
}

fn emit(plan: &Plan, _: &Unit) -> Vec<File> {
    let Some(dns) = &plan.definition.dns else { return Vec::new() };
    let object = ConfigMap {
        metadata: ObjectMeta {
            name: Some("coredns".into()),
            namespace: Some("kube-system".into()),
            annotations: Some(BTreeMap::from([(
                "kustomize.toolkit.fluxcd.io/prune".to_owned(),
                "disabled".to_owned(),
            )])),
            ..Default::default()
        },
        data: Some(BTreeMap::from([("Corefile".to_owned(), corefile(plan, dns))])),
        ..Default::default()
    };
    vec![Object::new(&object).into()]
}

/// Whom CoreDNS asks for the zones in this phase.
fn servers(plan: &Plan, dns: &Dns) -> Vec<IpAddr> {
    let mut ips: Vec<IpAddr> = match dns.previous.as_ref().filter(|_| plan.phase < Phase::Dns) {
        Some(previous) => plan.resolve(&previous.server),
        None => dns.powerdns.sites().flat_map(|site| zone::server_ips(plan, site)).collect(),
    };
    // Pods reach only what they have an address of the same family for.
    let subnets = &plan.definition.kubernetes.pod_subnets;
    let reached = |ip: &IpAddr| subnets.iter().any(|subnet| subnet.0.addr().is_ipv4() == ip.is_ipv4());
    if ips.iter().any(reached) {
        ips.retain(reached);
    }
    ips.sort();
    ips.dedup();
    ips
}

fn corefile(plan: &Plan, dns: &Dns) -> String {
    let servers: Vec<String> = servers(plan, dns).iter().map(ToString::to_string).collect();
    // Our servers only point to whoever has a zone below ours, and a pod cannot follow: those names go the public way.
    let elsewhere: Vec<String> = dns
        .zones
        .iter()
        .flat_map(|(name, zone)| {
            let delegated = zone.records.iter().filter(|(_, set)| !set.ns.is_empty());
            delegated.map(move |(at, _)| at.within(name))
        })
        .filter(|name| !dns.zones.contains_key(name.as_str()))
        .collect();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are minijinja's own"));
    let zones = dns.zones.keys().map(ToString::to_string).collect::<Vec<_>>();
    environment
        .render_str(TEMPLATE, context! { zones, servers, elsewhere })
        .expect("the template has every value it names")
}
