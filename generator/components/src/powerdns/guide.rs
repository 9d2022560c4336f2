//! `docs/dns.md`: what a person has to do outside of the tree for the zones to be found.

use super::{config::render, zones};
use crate::{Plan, zone};
use minijinja::{Value, context};
use model::{
    Spanned,
    definition::{Dns, SecretKey, Tsig, TsigAlgorithm, Zone},
    scalar::Hostname,
};

pub(super) fn text(plan: &Plan, dns: &Dns) -> String {
    let powerdns = &dns.powerdns;
    let key = |what: &str, namespace: &str, key: &SecretKey| {
        context! { what, namespace, secret => key.secret.to_string(), key => key.key.to_string() }
    };
    let tsig = |tsig: &Tsig| {
        let bytes = match tsig.algorithm() {
            TsigAlgorithm::HmacSha256 => 32,
            TsigAlgorithm::HmacSha384 => 48,
            TsigAlgorithm::HmacSha512 => 64,
        };
        context! { name => tsig.name.to_string(), algorithm => tsig.algorithm().name(), bytes }
    };
    let mut api_keys = vec![key("PowerDNS", "dns-system", &powerdns.api_key)];
    if dns.external_dns.is_some() {
        api_keys.push(key("external-dns", "external-dns", &powerdns.api_key));
    }
    let certificates = plan.definition.certificates.as_ref();
    if certificates.is_some() && !zones::updates(plan) {
        api_keys.push(key("cert-manager", "cert-manager", &powerdns.api_key));
    }
    let transfer = powerdns
        .tsig
        .as_ref()
        .map(|it| context! { key => tsig(it), places => [key("PowerDNS", "dns-system", &it.key)] });
    let update = powerdns.update_key().filter(|_| zones::updates(plan)).map(|it| {
        let theirs = certificates.and_then(|it| it.update_key.as_ref());
        let places: Vec<Value> = std::iter::once(key("PowerDNS", "dns-system", &it.key))
            .chain(theirs.map(|theirs| key("cert-manager", "cert-manager", theirs)))
            .collect();
        context! { key => tsig(it), places }
    });
    let outside: Vec<Value> = powerdns
        .outside_secondaries
        .iter()
        .filter(|(_, it)| it.there_in(plan.phase))
        .map(|(name, it)| {
            let ips = plan.resolve(&it.address).iter().map(ToString::to_string).collect::<Vec<_>>();
            context! { name => name.to_string(), ips }
        })
        .collect();
    let primary: Vec<String> = zone::server_node(plan, &powerdns.site)
        .map(|(_, node)| node.public_ips().iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    render(
        include_str!("dns.md.j2"),
        context! {
            zones => dns.zones.iter().map(|(name, zone)| self::zone(plan, dns, name, zone)).collect::<Vec<_>>(),
            api_keys,
            // A key that serves both is made once.
            transfer => transfer.filter(|_| powerdns.update_key.is_some() || update.is_none()),
            update,
            signs => powerdns.tsig.as_ref().map(tsig),
            outside,
            primary,
        },
    )
}

fn zone(plan: &Plan, dns: &Dns, name: &Spanned<Hostname>, zone: &Zone) -> Value {
    let glue: Vec<String> = zone
        .nameservers
        .iter()
        .filter(|(host, _)| host.is_within(name))
        .flat_map(|(host, addresses)| {
            addresses.iter().flat_map(|it| plan.resolve(it)).map(move |ip| (host, ip))
        })
        .map(|(host, ip)| format!("{host}. {} {ip}", if ip.is_ipv4() { "A" } else { "AAAA" }))
        .collect();
    context! {
        name => name.to_string(),
        kept_at => zone.parent.as_ref().map(|it| it.kept_at.to_string()),
        above => zone::parent(dns, name).map(|(above, _)| above.to_string()),
        nameservers => zone.nameservers.keys().map(ToString::to_string).collect::<Vec<_>>(),
        glue,
    }
}
