//! Semantic checks: one file a check, named as its code. Its `//!` is the page that `explain` prints.

use components::{Context, Files, Plan};
use model::{Code, Definition, Diagnostic, Diagnostics, Label, Phase, Severity};
use std::collections::BTreeMap;

mod annotation_prefix_ignored;
mod announcer_off_its_segment;
mod api_host_unreachable_from_site;
mod bpf_masquerade_with_kubespan;
mod caa_excludes_issuer;
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
mod extra_without_unit;
mod forbidden_node_label;
mod fragile_control_plane;
mod host_dns_behind_bpf_masquerade;
mod host_outside_zones;
mod host_port_taken;
mod ingress_controller_retired;
mod invalid_cname;
mod invalid_record;
mod issuer_misnamed;
mod kubernetes_discovery_registry;
mod kubespan_with_native_routing;
mod kubespan_without_discovery;
mod mtu_exceeds_path;
mod name_without_solver;
mod native_acceleration_with_kubespan;
mod nested_overlay;
mod nix_cache_unserved;
mod node_at_unknown_site;
mod node_ip_outside_subnets;
mod node_without_address;
mod node_without_gateway;
mod object_owned_twice;
mod overlapping_networks;
mod plaintext_secret;
mod pod_networks_advertised_with_foreign_ipam;
mod pool_outside_network;
mod private_address_in_public_zone;
mod public_node_unfirewalled;
mod record_ownership_unclear;
mod repeated_taint;
mod self_check_sees_private_dns;
mod served_host_twice;
mod setting_without_effect;
mod storage_not_at_site;
mod too_many_names;
mod topology_label_owned_by_csi;
mod unencrypted_fallback;
mod unknown_dependency;
mod unknown_extension;
mod unknown_storage_class;
mod unreachable_node_pair;
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
    bpf_masquerade_with_kubespan::CHECK,
    caa_excludes_issuer::CHECK,
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
    extra_without_unit::CHECK,
    forbidden_node_label::CHECK,
    fragile_control_plane::CHECK,
    host_dns_behind_bpf_masquerade::CHECK,
    host_outside_zones::CHECK,
    host_port_taken::CHECK,
    ingress_controller_retired::CHECK,
    invalid_cname::CHECK,
    invalid_record::CHECK,
    issuer_misnamed::CHECK,
    kubernetes_discovery_registry::CHECK,
    kubespan_with_native_routing::CHECK,
    kubespan_without_discovery::CHECK,
    mtu_exceeds_path::CHECK,
    name_without_solver::CHECK,
    native_acceleration_with_kubespan::CHECK,
    nested_overlay::CHECK,
    nix_cache_unserved::CHECK,
    node_at_unknown_site::CHECK,
    node_ip_outside_subnets::CHECK,
    node_without_address::CHECK,
    node_without_gateway::CHECK,
    object_owned_twice::CHECK,
    overlapping_networks::CHECK,
    plaintext_secret::CHECK,
    pod_networks_advertised_with_foreign_ipam::CHECK,
    pool_outside_network::CHECK,
    private_address_in_public_zone::CHECK,
    public_node_unfirewalled::CHECK,
    record_ownership_unclear::CHECK,
    repeated_taint::CHECK,
    self_check_sees_private_dns::CHECK,
    served_host_twice::CHECK,
    setting_without_effect::CHECK,
    storage_not_at_site::CHECK,
    too_many_names::CHECK,
    topology_label_owned_by_csi::CHECK,
    unencrypted_fallback::CHECK,
    unknown_dependency::CHECK,
    unknown_extension::CHECK,
    unknown_storage_class::CHECK,
    unreachable_node_pair::CHECK,
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

/// Runs every check in every phase. What is wrong in some phases only says in which.
pub(crate) fn run(definition: &Definition, cluster: &str, files: &Files, diagnostics: &mut Diagnostics) {
    let phases = Phase::ALL;
    let mut found: Vec<(Diagnostic, Vec<Phase>)> = Vec::new();
    let mut index: BTreeMap<(Code, Option<Label>, String), usize> = BTreeMap::new();
    for phase in &phases {
        let plan = crate::resolve::resolve(Context { definition, phase: *phase, cluster, files });
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
    for (mut diagnostic, mut seen) in found {
        seen.dedup();
        if seen.len() < phases.len() {
            diagnostic.notes.push(in_phases(&seen));
        }
        diagnostics.push(diagnostic);
    }
    allow(definition, diagnostics);
}

/// `in phase mesh`, `in the phases mesh to dns`.
fn in_phases(phases: &[Phase]) -> String {
    match phases {
        [only] => format!("in the phase `{only}`"),
        [first, .., last] if *last as usize - *first as usize + 1 == phases.len() => {
            format!("in the phases `{first}` to `{last}`")
        }
        _ => {
            let names: Vec<String> = phases.iter().map(|it| format!("`{it}`")).collect();
            format!("in the phases {}", names.join(", "))
        }
    }
}

/// Takes out the warnings that the definition allows, and reports the allowances that are of no use.
fn allow(definition: &Definition, diagnostics: &mut Diagnostics) {
    for (code, reason) in &definition.checks.allow {
        let known = CHECKS.iter().find(|check| check.code == code.value);
        let Some(check) = known else {
            let codes = CHECKS.iter().map(|check| check.code);
            let mut unknown = Diagnostic::error("unknown-check", format!("there is no check `{code}`"))
                .at(code, "allowed here");
            if let Some(close) = crate::closest(code, codes) {
                unknown = unknown.help(format!("did you mean `{close}`?"));
            }
            diagnostics.push(unknown);
            continue;
        };
        if reason.reason.trim().is_empty() {
            diagnostics.push(
                Diagnostic::error("allow-without-reason", format!("`{code}` is allowed without a reason"))
                    .at(reason, "say here why it is accepted"),
            );
        }
        let silenced = |it: &Diagnostic| it.code == check.code && it.severity == Severity::Warning;
        let error =
            diagnostics.iter().find(|it| it.code == check.code && !silenced(it)).map(|it| it.message.clone());
        if diagnostics.iter().any(silenced) {
            diagnostics.retain(|it| !silenced(it));
        } else if let Some(error) = error {
            diagnostics.push(
                Diagnostic::warning(
                    "unused-allow",
                    format!("`{code}` is an error here, which cannot be allowed"),
                )
                .at(code, "has no effect")
                .note(error)
                .help("mend the error, and delete this line"),
            );
        } else {
            diagnostics.push(
                Diagnostic::warning("unused-allow", format!("`{code}` is allowed, and nothing reports it"))
                    .at(code, "silences nothing")
                    .help("delete this line"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CHECKS;

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(CHECKS.is_sorted_by(|a, b| a.code < b.code));
    }
}
