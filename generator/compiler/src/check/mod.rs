//! Semantic checks: one file a check, named as its code. Its `//!` is the page that `explain` prints, and that stands
//! in `docs/checks.md`.
//!
//! # How a page is written
//!
//! These parts in this order, each after an empty line:
//!
//! - one sentence that says what is wrong, as a title;
//! - what it means and why it matters: what breaks, and how one notices;
//! - `Fix: …`, which may have several lines;
//! - `Wrong:` and `Right:`, each with one or more fenced examples;
//! - `Source: …`, where upstream documents it.
//!
//! An example is fenced with `yaml`, and is a part of a definition: it is laid over the smallest definition
//! (`tests/fixtures/small/cluster.yaml`), mappings joined key by key, anything else replaced, and `key: ~` takes a key
//! away. Say all that a reader needs to see the mistake, also what the smallest definition says already.
//! A file beside the definition is fenced with `yaml` and its path: `yaml extra/dns-system/powerdns/key.yaml`; so is one
//! that the repository holds already: `yaml k8s/gitea/deployment.yaml`, of the app that the smallest definition has. One too
//! long to show has its length behind it: `yaml website/film.webm: 3145728 bytes`. In a list `a{1..3}` stands for `a1`,
//! `a2`, `a3`.
//! All of this runs as a test (`examples.rs`): a wrong example gives its own code and no other, a right one nothing.

use crate::Cluster;
use components::Plan;
use model::{Code, Definition, Diagnostic, Diagnostics, Label, Phase};
use std::collections::BTreeMap;

pub(crate) mod allow;
mod annotation_prefix_ignored;
mod announcer_off_its_segment;
mod api_host_unreachable_from_site;
mod bootstrap_cycle;
mod bpf_masquerade_with_kubespan;
mod caa_excludes_issuer;
mod consequence;
mod cutover_before_ttl;
mod dangling_address;
mod delegation_mismatch;
mod dependency_cycle;
mod direct_routes_across_sites;
mod dns_api_exposed;
mod document_unknown_to_contract;
mod driver_off_its_site;
mod duplicate_node_address;
mod endpoint_not_on_interface;
mod endpoint_unreachable_before_join;
#[cfg(test)]
mod examples;
mod exclusive_volume_rolling_update;
mod extra_without_unit;
mod flux_root_twice;
mod fold;
mod forbidden_node_label;
mod forbidden_sysctl;
mod fragile_control_plane;
mod host_dns_behind_bpf_masquerade;
mod host_network_rollout_stuck;
mod host_network_service_exposed;
mod host_outside_zones;
mod host_port_taken;
mod host_still_serving;
mod ingress_controller_retired;
mod invalid_cname;
mod invalid_record;
mod issuer_misnamed;
mod kubernetes_discovery_registry;
mod kubespan_with_native_routing;
mod kubespan_without_discovery;
mod mtu_exceeds_path;
mod name_without_solver;
mod namespace_not_privileged;
mod native_acceleration_with_kubespan;
mod nested_overlay;
mod nix_cache_unserved;
mod node_at_unknown_site;
mod node_ip_outside_subnets;
mod node_port_bypasses_firewall;
mod node_without_address;
mod node_without_gateway;
mod object_owned_twice;
mod order_missing;
mod overlapping_networks;
pub(crate) mod page;
mod path_not_found;
mod phase_out_of_order;
mod plaintext_secret;
mod pod_networks_advertised_with_foreign_ipam;
mod pool_outside_network;
mod private_address_in_public_zone;
mod public_node_unfirewalled;
mod readiness_deadlock;
mod readiness_not_awaited;
mod record_ownership_unclear;
mod removed_api;
mod repeated_taint;
mod resource_before_definition;
mod self_check_sees_private_dns;
mod served_host_twice;
mod setting_without_effect;
mod storage_not_at_site;
mod too_many_names;
mod topology_label_owned_by_csi;
mod transfers_without_notify;
mod unencrypted_fallback;
mod unknown_dependency;
mod unknown_extension;
mod unknown_node;
mod unknown_storage_class;
mod unpinned_image;
mod unreachable_node_pair;
mod unreadable_manifest;
mod unsigned_transfers;
mod unsupported_powerdns;
mod update_key_shared;
mod vip_outside_network;
mod website_too_large;
mod website_without_index;
mod wildcard_bind_on_port_53;
mod workload_without_eligible_node;
mod zone_without_authority;

/// A check and the page that explains it.
pub(crate) struct Check {
    pub(crate) code: Code,
    pub(crate) area: Area,
    /// The source of the check's own file, whose `//!` is its page.
    pub(crate) page: &'static str,
    pub(crate) run: fn(&Plan, &mut Diagnostics),
}

/// What a check is about, for listing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Area {
    Mesh,
    Placement,
    Edge,
    Dns,
    Certificates,
    Flux,
    Secrets,
}

impl Area {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Mesh => "Mesh, CNI, Talos",
            Self::Placement => "Placement, storage",
            Self::Edge => "Edge",
            Self::Dns => "DNS",
            Self::Certificates => "Certificates",
            Self::Flux => "Flux",
            Self::Secrets => "Secrets, supply",
        }
    }
}

/// `check!(Area, run)`: the code and the page come from the file that says it.
macro_rules! check {
    ($code:literal, $area:ident, $file:literal) => {
        pub(super) const CHECK: super::Check =
            super::Check { code: $code, area: super::Area::$area, page: include_str!($file), run };
    };
}
pub(crate) use check;

// Keep both sorted; a module left out of the list is a dead-code warning.
pub(crate) const CHECKS: &[Check] = &[
    annotation_prefix_ignored::CHECK,
    announcer_off_its_segment::CHECK,
    api_host_unreachable_from_site::CHECK,
    bootstrap_cycle::CHECK,
    bpf_masquerade_with_kubespan::CHECK,
    caa_excludes_issuer::CHECK,
    cutover_before_ttl::CHECK,
    dangling_address::CHECK,
    delegation_mismatch::CHECK,
    dependency_cycle::CHECK,
    direct_routes_across_sites::CHECK,
    dns_api_exposed::CHECK,
    document_unknown_to_contract::CHECK,
    driver_off_its_site::CHECK,
    duplicate_node_address::CHECK,
    endpoint_not_on_interface::CHECK,
    endpoint_unreachable_before_join::CHECK,
    exclusive_volume_rolling_update::CHECK,
    extra_without_unit::CHECK,
    flux_root_twice::CHECK,
    forbidden_node_label::CHECK,
    forbidden_sysctl::CHECK,
    fragile_control_plane::CHECK,
    host_dns_behind_bpf_masquerade::CHECK,
    host_network_rollout_stuck::CHECK,
    host_network_service_exposed::CHECK,
    host_outside_zones::CHECK,
    host_port_taken::CHECK,
    host_still_serving::CHECK,
    ingress_controller_retired::CHECK,
    invalid_cname::CHECK,
    invalid_record::CHECK,
    issuer_misnamed::CHECK,
    kubernetes_discovery_registry::CHECK,
    kubespan_with_native_routing::CHECK,
    kubespan_without_discovery::CHECK,
    mtu_exceeds_path::CHECK,
    name_without_solver::CHECK,
    namespace_not_privileged::CHECK,
    native_acceleration_with_kubespan::CHECK,
    nested_overlay::CHECK,
    nix_cache_unserved::CHECK,
    node_at_unknown_site::CHECK,
    node_ip_outside_subnets::CHECK,
    node_port_bypasses_firewall::CHECK,
    node_without_address::CHECK,
    node_without_gateway::CHECK,
    object_owned_twice::CHECK,
    order_missing::CHECK,
    overlapping_networks::CHECK,
    path_not_found::CHECK,
    phase_out_of_order::CHECK,
    plaintext_secret::CHECK,
    pod_networks_advertised_with_foreign_ipam::CHECK,
    pool_outside_network::CHECK,
    private_address_in_public_zone::CHECK,
    public_node_unfirewalled::CHECK,
    readiness_deadlock::CHECK,
    readiness_not_awaited::CHECK,
    record_ownership_unclear::CHECK,
    removed_api::CHECK,
    repeated_taint::CHECK,
    resource_before_definition::CHECK,
    self_check_sees_private_dns::CHECK,
    served_host_twice::CHECK,
    setting_without_effect::CHECK,
    storage_not_at_site::CHECK,
    too_many_names::CHECK,
    topology_label_owned_by_csi::CHECK,
    transfers_without_notify::CHECK,
    unencrypted_fallback::CHECK,
    unknown_dependency::CHECK,
    unknown_extension::CHECK,
    unknown_node::CHECK,
    unknown_storage_class::CHECK,
    unpinned_image::CHECK,
    unreachable_node_pair::CHECK,
    unreadable_manifest::CHECK,
    unsigned_transfers::CHECK,
    unsupported_powerdns::CHECK,
    update_key_shared::CHECK,
    vip_outside_network::CHECK,
    website_too_large::CHECK,
    website_without_index::CHECK,
    wildcard_bind_on_port_53::CHECK,
    workload_without_eligible_node::CHECK,
    zone_without_authority::CHECK,
];

/// Runs every check in every phase. What is wrong in some phases only says in which; what follows from something else,
/// or from what is wrong with the definition's form, is left out.
pub(crate) fn run(
    definition: &Definition,
    cluster: &Cluster,
    form: &Diagnostics,
    diagnostics: &mut Diagnostics,
) {
    let definition = &*crate::adopt::found(definition, &cluster.adopted);
    let phases = Phase::ALL;
    let mut found: Vec<(Diagnostic, Vec<Phase>)> = Vec::new();
    let mut index: BTreeMap<(Code, Option<Label>, String), usize> = BTreeMap::new();
    for phase in &phases {
        let plan = crate::resolve::resolve(cluster.context(definition, *phase));
        let mut here = Diagnostics::default();
        for check in CHECKS {
            (check.run)(&plan, &mut here);
        }
        for diagnostic in here.iter() {
            let key = (diagnostic.code, diagnostic.primary.clone(), diagnostic.message.clone());
            if let Some(at) = index.get(&key) {
                found[*at].1.push(*phase);
            } else {
                index.insert(key, found.len());
                found.push((diagnostic.clone(), vec![*phase]));
            }
        }
    }
    let (mut all, seen): (Vec<Diagnostic>, Vec<Vec<Phase>>) = found.into_iter().unzip();
    for (diagnostic, mut seen) in all.iter_mut().zip(seen) {
        seen.dedup();
        if seen.len() < phases.len() {
            diagnostic.phases = seen;
        }
    }
    say_whose_file(cluster, &mut all);
    let kept = consequence::kept(form, &all);
    let left = all.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(it, _)| it);
    for diagnostic in fold::fold(left.collect()) {
        diagnostics.push(diagnostic);
    }
}

/// Says of a file that is applied instead of ours how to get rid of what it says.
fn say_whose_file(cluster: &Cluster, diagnostics: &mut [Diagnostic]) {
    let Some(values) = &cluster.adopted.cilium else { return };
    for diagnostic in diagnostics {
        if diagnostic.primary.as_ref().is_some_and(|label| label.span.file == values.span.file) {
            diagnostic.notes.push(
                "this file is applied instead of what tombolo renders: mend it here, or apply ours and take \
                 `cni.cilium.valuesFile` out"
                    .into(),
            );
        }
    }
}

/// Whether a version of a chart or image is this one or a later: `v4.11.3` is at least 4, 11. Nothing is known of one
/// that is no number.
fn at_least(version: &str, wanted: &[u64]) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let parts: Vec<u64> = version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect();
    !parts.is_empty() && parts.as_slice() >= wanted
}

#[cfg(test)]
mod tests {
    use super::CHECKS;

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(CHECKS.is_sorted_by(|a, b| a.code < b.code));
    }
}
