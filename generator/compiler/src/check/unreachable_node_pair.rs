//! Two nodes cannot send each other a first packet, in either direction.
//!
//! WireGuard needs one end that the other can reach: a public address, a port passed on by a router, or a network
//! that both are on. Two nodes behind different NATs never meet, though each of them meets a public third:
//! KubeSpan does not relay.
//!
//! Fix: give one of the two a `publicAddress` (with 51820/udp passed on to it), or move it to a public site.
//! An address of IPv6 alone is no way for a node that has none of its own.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { nat: true, networks: [10.2.0.0/16] }
//!   vps: { public: true }
//!   flat: { nat: true, networks: [192.168.7.0/24], machine: { dhcp: true } }   # behind a router of its own
//! nodes:
//!   flat0: { site: flat, role: worker, since: node, addresses: [192.168.7.10/24] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { nat: true, networks: [10.2.0.0/16] }
//!   vps: { public: true }
//!   flat: { nat: true, networks: [192.168.7.0/24], machine: { dhcp: true } }
//! nodes:
//!   flat0: { site: flat, role: worker, since: node, addresses: [192.168.7.10/24], publicAddress: 192.0.1.77 }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan (network requirements)

use super::node_ip_outside_subnets::passes;
use components::{
    Plan,
    talos::reach::{Group, announced, groups, meets, way},
};
use model::{Diagnostic, Diagnostics, scalar::SubnetFilter};

super::check!("unreachable-node-pair", Mesh, "unreachable_node_pair.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let groups = groups(plan);
    for (i, a) in groups.iter().enumerate() {
        for b in &groups[i + 1..] {
            // A node without an address is another check's; that nobody reaches it only follows.
            if a.first().addresses.is_empty() || b.first().addresses.is_empty() {
                continue;
            }
            // What one site is made of inside, its own routers know.
            if a.site == b.site && !plan.definition.site(a.site).is_some_and(model::definition::Site::public)
            {
                continue;
            }
            if !meets(plan, a.first(), b.first()) {
                diagnostics.push(apart(plan, a, b));
            } else if plan.kubespan() && !announces(plan, a, b) && !announces(plan, b, a) {
                diagnostics.push(silent(plan, a, b));
            }
        }
    }
}

fn apart(plan: &Plan, a: &Group, b: &Group) -> Diagnostic {
    let (first, second) = (a.nodes[0].0, b.nodes[0].0);
    let public = |group: &Group| {
        plan.site_of(group.first()).is_some_and(|it| !announced(group.first(), it).is_empty())
    };
    let message = format!("`{first}` and `{second}` cannot reach each other");
    // A node behind a router may have addresses of IPv6 that nobody wrote down.
    let diagnostic = if public(a) || public(b) {
        let diagnostic =
            Diagnostic::warning(CHECK.code, format!("{message}: they have no family of addresses in common"));
        diagnostic.help("give both an address of one family")
    } else {
        let diagnostic = Diagnostic::error(CHECK.code, message);
        diagnostic.help(format!(
            "write `publicAddress` at one of them, and pass 51820/udp on to it at the router of `{}`",
            a.site
        ))
    };
    let rest = (a.nodes.len() * b.nodes.len()).saturating_sub(1);
    let diagnostic =
        diagnostic.at(first, format!("at `{}`", a.site)).because(second, format!("at `{}`", b.site));
    match rest {
        0 => diagnostic,
        1 => diagnostic.note("and one more pair of these two sites"),
        _ => diagnostic.note(format!("and {rest} more pairs of these two sites")),
    }
}

/// Whether `to` tells the others of an address at which `from` reaches it.
fn announces(plan: &Plan, from: &Group, to: &Group) -> bool {
    let Some(way) = way(plan, from.first(), to.first()) else { return false };
    let stated = plan.definition.mesh.kubespan().and_then(|it| it.endpoint_filters.as_ref());
    let filters: Option<Vec<SubnetFilter>> = stated.map(|it| it.iter().map(|filter| filter.value).collect());
    // What is announced beside the node's own links is not filtered.
    let extra = to.first().public_address.as_ref().is_some_and(|it| it.0 == way.address());
    extra || filters.is_none_or(|filters| passes(&filters, way.address()))
}

fn silent(plan: &Plan, a: &Group, b: &Group) -> Diagnostic {
    let (first, second) = (a.nodes[0].0, b.nodes[0].0);
    let filters = plan.definition.mesh.kubespan().and_then(|it| it.endpoint_filters.as_ref());
    let diagnostic =
        Diagnostic::error(CHECK.code, format!("`{first}` and `{second}` never learn where the other is"));
    match filters.and_then(|it| it.first()) {
        Some(filter) => diagnostic
            .at(filter, "keeps every address that works from being announced")
            .because(first, format!("at `{}`", a.site))
            .because(second, format!("at `{}`", b.site)),
        None => diagnostic.at(first, format!("at `{}`", a.site)).because(second, format!("at `{}`", b.site)),
    }
    .help("delete `endpointFilters`: they are worked out for each site")
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn two_homes_behind_nat() {
        let text = edit(SMALL, "    public: true\n", "    networks: [192.168.7.0/24]\n    nat: true\n");
        let text = edit(&text, "198.51.99.10/24", "192.168.7.10/24");
        assert_snapshot!(report("unreachable-node-pair", &text), @"
        error[unreachable-node-pair]: `cp0` and `vps0` cannot reach each other
           ┌─ cluster.yaml:26:3
           │
        26 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │   ^^^ at `home`
        27 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
        28 │   vps0: { site: vps, role: worker, addresses: [192.168.7.10/24] }
           │   ---- at `vps`
           │
           = and one more pair of these two sites
           = help: write `publicAddress` at one of them, and pass 51820/udp on to it at
             the router of `home`
        ");
    }

    #[test]
    fn no_family_in_common() {
        let text = edit(SMALL, "198.51.99.10/24", "\"2001:db8::10/64\"");
        assert_snapshot!(report("unreachable-node-pair", &text), @r#"
        warning[unreachable-node-pair]: `cp0` and `vps0` cannot reach each other: they
          have no family of addresses in common
           ┌─ cluster.yaml:25:3
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │   ^^^ at `home`
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
        27 │   vps0: { site: vps, role: worker, addresses: ["2001:db8::10/64"] }
           │   ---- at `vps`
           │
           = and one more pair of these two sites
           = in the phases `node` to `cleanup`
           = help: give both an address of one family
        "#);
    }

    #[test]
    fn nothing_announced() {
        let text = edit(SMALL, "kubespan: {}", "kubespan: { endpointFilters: [10.2.0.0/16] }");
        assert_snapshot!(report("unreachable-node-pair", &text), @"
        error[unreachable-node-pair]: `cp0` and `vps0` never learn where the other is
           ┌─ cluster.yaml:32:33
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │   --- at `home`
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- at `vps`
           ·
        32 │   kubespan: { endpointFilters: [10.2.0.0/16] }
           │                                 ^^^^^^^^^^^
           │                         keeps every address that works from being announced
           │
           = in the phases `node` to `cleanup`
           = help: delete `endpointFilters`: they are worked out for each site
        ");
    }

    #[test]
    fn one_public_end() {
        assert_snapshot!(report("unreachable-node-pair", SMALL), @"");
    }
}
