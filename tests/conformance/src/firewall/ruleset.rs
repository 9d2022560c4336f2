//! Talos' rules as nftables, as Talos' documentation of its ingress firewall has them for the default `block`.
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/ingress-firewall. One thing differs: what a node drops
//! without a word is sent to another port here, which says so. A test need not wait to see that nothing comes.

use crate::talos::seen::Rule;
use ipnet::IpNet;
use std::fmt::Write;

/// The port that answers for all that is shut out.
pub(super) const SHUT: u16 = 7;

/// A ruleset for `nft -f`.
pub(super) fn text(rules: &[Rule]) -> String {
    let mut text = String::from(
        "table inet talos {\n  chain ingress {\n    type nat hook prerouting priority dstnat; policy accept;\n    \
         iifname { \"lo\", \"siderolink\", \"kubespan\" } accept\n",
    );
    for rule in rules {
        let ports = if rule.first == rule.last {
            rule.first.to_string()
        } else {
            format!("{}-{}", rule.first, rule.last)
        };
        for source in &rule.sources {
            // A source that does not parse lets nobody in, which the test then sees.
            let Ok(network) = source.parse::<IpNet>() else { continue };
            let family = if network.addr().is_ipv4() { "ip" } else { "ip6" };
            let protocol = &rule.protocol;
            writeln!(text, "    {family} saddr {network} {protocol} dport {ports} accept")
                .expect("writing to a string");
        }
    }
    writeln!(text, "    meta l4proto {{ tcp, udp }} redirect to :{SHUT}\n  }}\n}}")
        .expect("writing to a string");
    text
}
