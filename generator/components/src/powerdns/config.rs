//! PowerDNS' own configuration, and the script that runs before it.

use super::{Server, zones};
use crate::{Image, Plan, catalogue, zone};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};
use model::{
    definition::{Backend, Dns},
    scalar::Series,
};

/// The releases that there is an image of; the last is taken where the definition says another, which a check refuses.
pub const SERIES: [(Series, Image); 3] = [
    (Series { major: 4, minor: 9 }, catalogue::POWERDNS_4_9),
    (Series { major: 5, minor: 0 }, catalogue::POWERDNS_5_0),
    (Series { major: 5, minor: 1 }, catalogue::POWERDNS_5_1),
];

pub(super) fn image(dns: &Dns) -> Image {
    let known = SERIES.iter().find(|(series, _)| *series == dns.powerdns.version.value);
    known.map_or(catalogue::POWERDNS_5_1, |(_, image)| *image)
}

pub(super) fn file(plan: &Plan, dns: &Dns, server: &Server) -> String {
    let definition = plan.definition;
    let ips = |ips: Vec<std::net::IpAddr>| ips.iter().map(ToString::to_string).collect::<Vec<_>>();
    let listen = if server.host_network {
        ips(zone::server_ips(plan, server.site))
    } else {
        // All addresses of the pod, of those families that pods have.
        let subnets = &definition.kubernetes.pod_subnets;
        [("0.0.0.0", true), ("::", false)]
            .into_iter()
            .filter(|(_, v4)| subnets.iter().any(|subnet| subnet.0.addr().is_ipv4() == *v4))
            .map(|(any, _)| any.to_owned())
            .collect()
    };
    // Pods; and nodes, whose addresses pods have on their way to a node's own network.
    let mut insiders = zone::pod_subnets(plan);
    if server.host_network || !server.primary {
        insiders.extend(plan.nodes().flat_map(|(_, node)| node.ips()).map(|ip| ip.to_string()));
    }
    let first = dns.zones.values().next().and_then(|zone| Some((zone, zone.primary()?)));
    let default_soa = first.map(|(zone, primary)| {
        let soa = &zone.soa;
        let clock =
            [soa.refresh(), soa.retry(), soa.expire(), soa.minimum()].map(|it| it.to_string()).join(" ");
        format!("{primary} hostmaster.@ 0 {clock}")
    });
    render(
        include_str!("pdns.conf.j2"),
        context! {
            version => dns.powerdns.version.to_string(),
            role => if server.primary { "primary" } else { "secondary" },
            site => server.site,
            backend => backend(dns),
            host_network => server.host_network,
            listen,
            port => server.port(),
            default_soa,
            insiders,
            api => server.primary,
            metrics => server.webserver(),
            updates => server.primary && zones::updates(plan),
            require_tsig => dns.powerdns.version.value >= Series { major: 5, minor: 0 },
        },
    )
}

pub(super) fn bootstrap(dns: &Dns) -> String {
    render(
        include_str!("bootstrap.sh.j2"),
        context! {
            backend => backend(dns),
            relative_names => dns.powerdns.version.value < Series { major: 5, minor: 0 },
        },
    )
}

fn backend(dns: &Dns) -> &'static str {
    match dns.powerdns.backend() {
        Backend::Lmdb => "lmdb",
        Backend::Gsqlite3 => "gsqlite3",
    }
}

/// A template of ours with all its values: one that is missing is a broken generator.
pub(super) fn render(template: &str, values: Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are minijinja's own"));
    environment.render_str(template, values).expect("the template has all its values")
}
