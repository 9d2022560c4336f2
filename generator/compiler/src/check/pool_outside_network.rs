//! A pool of addresses is not the site's to give, or another pool gives the same.
//!
//! An announced address must lie in the network of its site, or the router never asks for it there.
//! MetalLB refuses pools that share an address, all of them.
//!
//! Fix: choose addresses of the site's network that nothing else holds, outside of its DHCP range.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { networks: [10.2.0.0/16] }
//! loadBalancer:
//!   metallb: { site: home, pools: { services: { addresses: [10.0.3.4-10.0.3.20] } } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { networks: [10.2.0.0/16] }
//! loadBalancer:
//!   metallb: { site: home, pools: { services: { addresses: [10.2.3.4-10.2.3.20] } } }
//! ```
//!
//! Source: https://metallb.io/concepts/layer2/

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::MetalLb,
    scalar::{AddressRange, Name},
};
use std::net::IpAddr;

super::check!("pool-outside-network", Edge, "pool_outside_network.rs");

type Range<'a> = (&'a Spanned<Name>, &'a Spanned<AddressRange>);

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(balancer) = &plan.definition.load_balancer else { return };
    let settings = || balancer.metallb.iter().chain(&balancer.cilium);
    let ranges: Vec<Range> = settings().flat_map(|settings| ranges(plan, settings)).collect();
    for settings in settings() {
        outside(plan, settings, diagnostics);
    }
    for (at, (pool, range)) in ranges.iter().enumerate() {
        for (other, earlier) in &ranges[..at] {
            if overlap(range, earlier) {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("the pools `{other}` and `{pool}` share addresses"),
                    )
                    .at(*range, "these addresses")
                    .because(*earlier, "are also these")
                    .help("let each address be in one pool"),
                );
            }
        }
    }
}

/// The ranges of the pools of this phase.
fn ranges<'a>(plan: &Plan, settings: &'a MetalLb) -> impl Iterator<Item = Range<'a>> + use<'a> {
    let phase = plan.phase;
    let pools = settings
        .pools
        .iter()
        .filter(move |(_, pool)| pool.until.as_ref().is_none_or(|until| phase <= until.value));
    pools.flat_map(|(name, pool)| pool.addresses.iter().map(move |range| (name, range)))
}

fn outside(plan: &Plan, settings: &MetalLb, diagnostics: &mut Diagnostics) {
    let Some(site) = plan.definition.site(&settings.site).filter(|site| !site.networks.is_empty()) else {
        return;
    };
    for (pool, range) in ranges(plan, settings) {
        let (first, last) = range.ends();
        if site.networks.iter().any(|network| network.contains(first) && network.contains(last)) {
            continue;
        }
        let mut diagnostic = Diagnostic::error(
            CHECK.code,
            format!("the pool `{pool}` has addresses outside of the network of `{}`", settings.site),
        )
        .at(range, "not within one network of the site");
        for network in &site.networks {
            diagnostic = diagnostic.because(network, "the site's network");
        }
        diagnostics.push(diagnostic.help("the site's router must know the addresses to be on its own link"));
    }
}

fn overlap(one: &AddressRange, other: &AddressRange) -> bool {
    let ((first, last), (start, end)) = (one.ends(), other.ends());
    let same = |a: IpAddr, b: IpAddr| a.is_ipv4() == b.is_ipv4();
    same(first, start) && first <= end && start <= last
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn with(addresses: &str) -> String {
        let definition = edit(SMALL, "services: { addresses: [10.2.3.4-10.2.3.20] }", addresses);
        report("pool-outside-network", &definition)
    }

    #[test]
    fn a_pool_of_the_former_network() {
        assert_snapshot!(with("services: { addresses: [10.0.3.4-10.0.3.20] }"), @"
        error[pool-outside-network]: the pool `services` has addresses outside of the
          network of `home`
           ┌─ cluster.yaml:40:31
           │
        16 │     networks: [10.2.0.0/16]
           │                ----------- the site's network
           ·
        40 │       services: { addresses: [10.0.3.4-10.0.3.20] }
           │                               ^^^^^^^^^^^^^^^^^^
           │                               not within one network of the site
           │
           = help: the site's router must know the addresses to be on its own link
        ");
    }

    #[test]
    fn two_pools_share_addresses() {
        assert_snapshot!(with("services: { addresses: [10.2.3.0/28] }\n      more: { addresses: [10.2.3.15-10.2.3.30] }"), @"
        error[pool-outside-network]: the pools `more` and `services` share addresses
           ┌─ cluster.yaml:40:31
           │
        40 │       services: { addresses: [10.2.3.0/28] }
           │                               ^^^^^^^^^^^ these addresses
        41 │       more: { addresses: [10.2.3.15-10.2.3.30] }
           │                           ------------------- are also these
           │
           = help: let each address be in one pool
        ");
    }

    #[test]
    fn a_pool_with_room_of_its_own() {
        assert_snapshot!(report("pool-outside-network", SMALL), @"");
    }
}
