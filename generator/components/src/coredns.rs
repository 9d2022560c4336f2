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
    let blocks =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are minijinja's own"));
    let zones = dns.zones.keys().map(ToString::to_string).collect::<Vec<_>>();
    environment
        .render_str(TEMPLATE, context! { zones, servers, elsewhere })
        .expect("the template has every value it names")
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    #[test]
    fn the_zones_go_to_our_servers_and_what_lies_below_to_its_own() {
        let definition =
            edit(SMALL, "  externalDns: { owner", "  clusterForward: servers\n  externalDns: { owner");
        let definition = edit(
            &definition,
            "      hostmaster: hostmaster@example.org\ncert",
            "      hostmaster: hostmaster@example.org\n      records: { lab: { NS: [ns1.example.net] } }\ncert",
        );
        assert_snapshot!(file(&definition, Phase::Cleanup, "apps/kube-system/coredns/app/configmap.yaml"), @"
        # Generated from clusters/small/cluster.yaml (dns.clusterForward); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: coredns
          namespace: kube-system
          annotations:
            kustomize.toolkit.fluxcd.io/prune: disabled
        data:
          Corefile: |
            # The zones that our own servers answer for.
            example.org:53 {
                errors
                cache 30
                forward . 198.51.99.10 {
                    max_concurrent 1000
                }
            }
            # Below them, and answered by others.
            lab.example.org:53 {
                errors
                cache 30
                forward . /etc/resolv.conf {
                    max_concurrent 1000
                }
            }
            .:53 {
                errors
                health {
                    lameduck 5s
                }
                ready
                prometheus :9153
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                    pods insecure
                    fallthrough in-addr.arpa ip6.arpa
                    ttl 30
                }
                forward . /etc/resolv.conf {
                    max_concurrent 1000
                }
                cache 30 {
                    disable success cluster.local
                    disable denial cluster.local
                }
                loop
                reload
                loadbalance
            }
        ");
    }

    #[test]
    fn the_zones_go_to_the_previous_server_until_ours_is_there() {
        let definition = edit(
            SMALL,
            "  externalDns: { owner",
            "  clusterForward: servers\n  previous: { api: \"http://old.dns:8081\", server: api-vip }\n  externalDns: { owner",
        );
        let text = file(&definition, Phase::Node, "apps/kube-system/coredns/app/configmap.yaml");
        assert_snapshot!(text.lines().find(|line| line.contains("forward . 1")).unwrap_or(&text), @"        forward . 10.2.3.1 {");
    }
}
