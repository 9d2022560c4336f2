//! Two things claim one host.
//!
//! A host leads to one place. Two Ingresses or routes for it give whichever the controller read first, and
//! another after its next restart; external-dns and cert-manager each see two owners of a name.
//! A host that leaves one thing in a phase may come to another in the next.
//!
//! Fix: take the host from one of them, or say `until` and `since`.
//!
//! Wrong:
//!
//! ```yaml
//! website: { host: www.example.org }
//! apps:
//!   gitea: { hosts: [www.example.org] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! website: { host: www.example.org }
//! apps:
//!   gitea: { hosts: [git.example.org] }
//! ```
//!
//! Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec

use components::Plan;
use model::{Diagnostic, Diagnostics, Spanned, scalar::Hostname};
use std::collections::BTreeMap;

super::check!("served-host-twice", Edge, "served_host_twice.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<&Hostname, (&Spanned<Hostname>, &str)> = BTreeMap::new();
    for (host, unit) in plan.served() {
        let Some((first, owner)) = seen.get(&host.value) else {
            seen.insert(&host.value, (host, &unit.name));
            continue;
        };
        let message = if *owner == unit.name {
            format!("`{owner}` names the host `{host}` twice")
        } else {
            format!("`{owner}` and `{}` both serve `{host}`", unit.name)
        };
        diagnostics.push(
            Diagnostic::error(CHECK.code, message)
                .at(host, format!("`{}` says it here", unit.name))
                .because(first, format!("`{owner}` has it already"))
                .help("take it from one of them"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn an_app_and_the_website_serve_one_host() {
        let definition = edit(SMALL, "hosts: [git.example.org]", "hosts: [www.example.org]");
        assert_snapshot!(report("served-host-twice", &definition), @"
        error[served-host-twice]: `gitea` and `website` both serve `www.example.org`
           ┌─ cluster.yaml:65:18
           │
        65 │ website: { host: www.example.org, site: vps, content: ./website }
           │                  ^^^^^^^^^^^^^^^ `website` says it here
        66 │ apps:
        67 │ …s: [ingress, certificates], hosts: [www.example.org], since: dns }
           │                                      --------------- `gitea` has it already
           │
           = in the phases `services` to `cleanup`
           = help: take it from one of them
        ");
    }

    #[test]
    fn each_host_has_one_owner() {
        assert_snapshot!(report("served-host-twice", SMALL), @"");
    }
}
