//! An address is held twice.
//!
//! Two machines with one address take turns in answering, and neither works. KubeSpan gives an address to one peer alone.
//! A load balancer that may hand out a node's address, or the control planes' virtual one, takes it away from them.
//!
//! Fix: give one of the two another address.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   cp0: { site: home, addresses: [10.2.1.1/16] }
//!   worker0: { site: home, addresses: [10.2.1.1/16] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   cp0: { site: home, addresses: [10.2.1.1/16] }
//!   worker0: { site: home, addresses: [10.2.2.1/16] }
//! ```
//!
//! Source: RFC 5227

use components::Plan;
use model::{
    Diagnostic, Diagnostics, Span,
    definition::{Holder, LoadBalancer},
};
use std::{collections::BTreeMap, net::IpAddr};

super::check!("duplicate-node-address", Mesh, "duplicate_node_address.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let mut held: BTreeMap<IpAddr, (String, Span)> = BTreeMap::new();
    let mut claim = |ip: IpAddr, holder: String, span: Span| {
        if let Some((first, place)) = held.get(&ip) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("{first} and {holder} have the address `{ip}`"))
                    .at_span(span, format!("of {holder}"))
                    .because_span(*place, format!("of {first}"))
                    .help("give one of the two another address"),
            );
        } else {
            held.insert(ip, (holder, span));
        }
    };
    for (name, node) in plan.nodes() {
        for address in &node.addresses {
            claim(address.ip(), format!("`{name}`"), address.span);
        }
        if let Some(public) = node.public_address.as_ref().filter(|it| node.ips().all(|ip| ip != it.0)) {
            claim(public.0, format!("`{name}`"), public.span);
        }
    }
    for (name, holder) in plan.held() {
        if holder.holder.value != Holder::LoadBalancer {
            claim(holder.address.0, format!("`{name}`"), holder.address.span);
        }
    }
    let Some(balancer) = &definition.load_balancer else { return };
    let LoadBalancer { metallb, cilium } = balancer;
    for pools in metallb.iter().chain(cilium).map(|it| &it.pools) {
        for (name, pool) in
            pools.iter().filter(|(_, pool)| pool.until.as_ref().is_none_or(|it| plan.phase <= it.value))
        {
            for range in &pool.addresses {
                for (ip, (holder, place)) in held.iter().filter(|(ip, _)| range.contains(**ip)) {
                    diagnostics.push(
                        Diagnostic::error(
                            CHECK.code,
                            format!("the pool `{name}` may hand out `{ip}`, which {holder} has"),
                        )
                        .at(range, "holds that address")
                        .because_span(*place, format!("of {holder}"))
                        .help("take that address out of the pool"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn two_nodes_one_address() {
        assert_snapshot!(report("duplicate-node-address", &edit(SMALL, "10.2.2.1/16", "10.2.1.1/16")), @"
        error[duplicate-node-address]: `cp0` and `worker0` have the address `10.2.1.1`
           ┌─ cluster.yaml:26:52
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │                                                      ----------- of `cp0`
        26 │   worker0: { site: home, role: worker, addresses: [10.2.1.1/16] }
           │                                                    ^^^^^^^^^^^ of `worker0`
           │
           = help: give one of the two another address
        ");
    }

    #[test]
    fn a_pool_with_the_virtual_address() {
        assert_snapshot!(report("duplicate-node-address", &edit(SMALL, "10.2.3.4-10.2.3.20", "10.2.3.0/27")), @"
        error[duplicate-node-address]: the pool `services` may hand out `10.2.3.1`,
          which `api-vip` has
           ┌─ cluster.yaml:40:31
           │
        29 │   api-vip: { address: 10.2.3.1, holder: talos-vip }
           │                       -------- of `api-vip`
           ·
        40 │       services: { addresses: [10.2.3.0/27] }
           │                               ^^^^^^^^^^^ holds that address
           │
           = help: take that address out of the pool
        ");
    }

    #[test]
    fn each_its_own() {
        assert_snapshot!(report("duplicate-node-address", SMALL), @"");
    }
}
