//! `talos/network/*.yaml`: the network of a machine that nobody tells its addresses, as META holds it (key 0xa).
//!
//! Talos reads it on platform `metal` alone, before it has any configuration, so that its maintenance API can be
//! reached where there is no DHCP. Once the node has its patch, what that says wins over this.
//! Source: https://docs.siderolabs.com/talos/v1.13/networking/metal-network-configuration

use super::facts::{NodeFacts, RouteFact};
use ipnet::IpNet;
use model::definition::Platform;
use std::fmt::Write;

/// The document of a public node on platform `metal` without DHCP.
pub fn document(facts: &NodeFacts) -> Option<String> {
    let told = facts.image.platform != Platform::Metal || facts.machine.dhcp() || !facts.site.public();
    if told || facts.addresses.is_empty() {
        return None;
    }
    let link = facts.machine.link();
    let mut text = String::from("addresses:\n");
    for address in &facts.addresses {
        let family = family(address);
        write!(
            text,
            "  - address: {address}\n    linkName: {link}\n    family: {family}\n    scope: global\n    flags: permanent\n    layer: platform\n"
        )
        .expect("writing to a string");
    }
    write!(text, "links:\n  - name: {link}\n    logical: false\n    up: true\n    layer: platform\n")
        .expect("writing to a string");
    if !facts.routes.is_empty() {
        text.push_str("routes:\n");
    }
    for route in &facts.routes {
        text.push_str(&route_entry(route, link));
    }
    write!(text, "hostnames:\n  - hostname: {}\n    layer: platform\n", facts.name)
        .expect("writing to a string");
    if !facts.site.resolvers.is_empty() {
        text.push_str("resolvers:\n  - dnsServers:\n");
        for resolver in &facts.site.resolvers {
            writeln!(text, "      - {resolver}").expect("writing to a string");
        }
        text.push_str("    layer: platform\n");
    }
    Some(text)
}

fn route_entry(route: &RouteFact, link: &str) -> String {
    // Talos writes the default route as no destination at all.
    let destination =
        if route.destination.prefix_len() == 0 { "\"\"".to_owned() } else { route.destination.to_string() };
    let (gateway, scope) = match route.gateway {
        Some(gateway) => (gateway.to_string(), "global"),
        None => ("\"\"".into(), "link"),
    };
    format!(
        "  - family: {}\n    dst: {destination}\n    gateway: {gateway}\n    outLinkName: {link}\n    table: main\n    priority: 1024\n    scope: {scope}\n    type: unicast\n    protocol: static\n    layer: platform\n",
        family(&route.destination)
    )
}

fn family(network: &IpNet) -> &'static str {
    if network.addr().is_ipv4() { "inet4" } else { "inet6" }
}
