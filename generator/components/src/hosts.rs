//! Which names the certificates of the ingress cover, worked out from what is served.

use model::{Definition, Phase};
use std::collections::BTreeSet;

/// The names of the default certificate in a phase: every served host in a zone of ours, or a wildcard a zone
/// and the hosts that it does not cover.
pub fn certificate_names(definition: &Definition, phase: Phase) -> Vec<String> {
    let wildcard = definition.certificates.as_ref().is_some_and(model::definition::Certificates::wildcard);
    let mut names = BTreeSet::new();
    for host in definition.served_hosts(phase) {
        let Some((zone, _)) = definition.zone_of(host) else { continue };
        let child = host.strip_suffix(&***zone).and_then(|rest| rest.strip_suffix('.'));
        // A wildcard stands for exactly one label (RFC 6125, section 6.4.3).
        if wildcard && child.is_none_or(|label| !label.contains('.')) {
            names.extend([zone.to_string(), format!("*.{zone}")]);
        } else {
            names.insert(host.to_string());
        }
    }
    names.into_iter().collect()
}

/// The name among those of a certificate that covers a host.
pub fn covering<'a>(names: &'a [String], host: &str) -> Option<&'a String> {
    let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
    names
        .iter()
        .find(|name| **name == host)
        .or_else(|| names.iter().find(|name| Some(*name) == wildcard.as_ref()))
}

/// The Gateway's listener for a name.
pub fn listener(name: &str) -> String {
    // A listener's name may have dots, and no star.
    match name.strip_prefix("*.") {
        Some(zone) => format!("https-any.{zone}"),
        None => format!("https.{name}"),
    }
}
