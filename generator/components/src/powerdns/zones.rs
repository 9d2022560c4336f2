//! The file `zones`: what bootstrap.sh brings the zones to, one statement a line, words set apart by tabs.

use super::Server;
use crate::{Plan, zone};
use model::definition::{Dns, Solver, Tsig};
use std::{fmt::Write, net::IpAddr};

/// The variables that hold the keys; the containers have them from the Secrets.
pub(super) const TRANSFER_KEY: &str = "TRANSFER_KEY";
pub(super) const UPDATE_KEY: &str = "UPDATE_KEY";

/// The keys that this server must know, and the variable that holds each.
pub(super) fn keys<'a>(plan: &Plan, dns: &'a Dns, server: &Server) -> Vec<(&'a Tsig, &'static str)> {
    let transfer = dns.powerdns.tsig.as_ref().map(|key| (key, TRANSFER_KEY));
    let update = dns.powerdns.update_key.as_ref().map(|key| (key, UPDATE_KEY));
    transfer.into_iter().chain(update.filter(|_| updates(plan) && server.primary)).collect()
}

/// Whether the primary takes updates by DNS.
pub(super) fn updates(plan: &Plan) -> bool {
    plan.definition.certificates.as_ref().is_some_and(|it| it.solver.value == Solver::Rfc2136)
}

/// Who is told of changes and may have the zones: our own secondaries and those of others.
pub(super) fn secondaries(plan: &Plan, dns: &Dns) -> Vec<IpAddr> {
    let ours = dns.powerdns.secondary_sites.iter().flat_map(|site| zone::server_ips(plan, site));
    let others = dns
        .powerdns
        .outside_secondaries
        .values()
        .filter(|it| it.there_in(plan.phase))
        .flat_map(|it| plan.resolve(&it.address));
    let mut ips: Vec<IpAddr> = ours.chain(others).collect();
    ips.sort();
    ips.dedup();
    ips
}

pub(super) fn file(plan: &Plan, dns: &Dns, server: &Server) -> String {
    let mut out = String::from(
        "# Read by bootstrap.sh: key, name, algorithm, variable; zone, name, kind; meta, zone, kind, values;\n",
    );
    out.push_str("# rrset, zone, name, TTL, type, content. A meta without values takes the old ones away.\n");
    let mut line = |words: &[&str]| writeln!(out, "{}", words.join("\t")).expect("a string takes all");
    for (key, variable) in keys(plan, dns, server) {
        line(&["key", &key.name, key.algorithm().name(), variable]);
    }
    if let Some(external_dns) = dns.external_dns.as_ref().filter(|_| server.primary) {
        line(&["owned", external_dns.txt_prefix()]);
    }
    let transfer_key = dns.powerdns.tsig.as_ref().map(|key| key.name.to_string());
    let text = |ips: &[IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (name, zone) in &dns.zones {
        if !server.primary {
            let primaries = text(&zone::server_ips(plan, &dns.powerdns.site)).join(" ");
            line(&["zone", name, &format!("secondary {primaries}")]);
            line(&[&["meta", &***name, "AXFR-MASTER-TSIG"], transfer_key.as_deref().as_slice()].concat());
            continue;
        }
        line(&["zone", name, "primary"]);
        let secondaries = text(&secondaries(plan, dns));
        let mut meta = |kind: &str, values: &[String]| {
            let values = values.iter().map(String::as_str);
            line(&["meta", name, kind].into_iter().chain(values).collect::<Vec<_>>());
        };
        meta("SOA-EDIT-API", &["DEFAULT".into()]);
        meta("ALSO-NOTIFY", &secondaries);
        meta("TSIG-ALLOW-AXFR", transfer_key.as_slice());
        // With a key the address says nothing. Without one, pods of ours may also come with addresses of their own.
        let from = match &transfer_key {
            Some(_) => Vec::new(),
            None if dns.powerdns.secondary_sites.is_empty() => secondaries.clone(),
            None => [secondaries.clone(), zone::pod_subnets(plan)].concat(),
        };
        meta("ALLOW-AXFR-FROM", &from);
        let update_key = dns.powerdns.update_key().filter(|_| updates(plan)).map(|key| key.name.to_string());
        meta("SOA-EDIT-DNSUPDATE", &update_key.iter().map(|_| "DEFAULT".to_owned()).collect::<Vec<_>>());
        meta("TSIG-ALLOW-DNSUPDATE", update_key.as_slice());
        for record in zone::records(plan, dns, name, zone) {
            for content in &record.contents {
                line(&["rrset", name, &record.name, &record.ttl.to_string(), record.kind, content]);
            }
        }
    }
    out
}
