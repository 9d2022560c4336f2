//! Something is placed at a site that is not declared.
//!
//! Nodes, ingress, DNS, the website, apps, storage classes and load balancers name a site of `sites`.
//!
//! Fix: correct the name, or declare the site.
//!
//! Wrong:
//!
//! ```yaml
//! sites: { home: {}, vps: {} }
//! nodes:
//!   worker0: { site: hmoe }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites: { home: {}, vps: {} }
//! nodes:
//!   worker0: { site: home }
//! ```
//!
//! Source: docs/definition.md

use components::Plan;
use model::{Diagnostic, Diagnostics, Spanned, scalar::Name};

super::check!("node-at-unknown-site", Placement, "node_at_unknown_site.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let mut named: Vec<(String, &Spanned<Name>)> = Vec::new();
    named.extend(definition.nodes.iter().map(|(name, node)| (format!("the node `{name}`"), &node.site)));
    let classes = definition.storage.classes.iter();
    named.extend(classes.map(|(name, class)| (format!("the storage class `{name}`"), &class.site)));
    named.extend(definition.ingress.iter().map(|it| ("the ingress".into(), &it.site)));
    if let Some(dns) = &definition.dns {
        named.extend(dns.powerdns.sites().map(|site| ("PowerDNS".to_owned(), site)));
    }
    named.extend(definition.website.iter().map(|it| ("the website".into(), &it.site)));
    if let Some(balancer) = &definition.load_balancer {
        let pools = balancer.metallb.iter().chain(&balancer.cilium);
        named.extend(pools.map(|it| ("the load balancer".to_owned(), &it.site)));
    }
    for (name, app) in &definition.apps {
        named.extend(app.site.iter().map(|site| (format!("the app `{name}`"), site)));
    }
    for (what, site) in named {
        if definition.site(site).is_some() {
            continue;
        }
        let sites = definition.sites.keys().map(|name| &***name);
        let diagnostic = Diagnostic::error(CHECK.code, format!("{what} is at `{site}`, which is no site"))
            .at(site, "not declared below `sites`");
        diagnostics.push(
            crate::meant(diagnostic, site.span, site, sites)
                .unwrap_or_else(|it| it.help("declare it below `sites`, or name one of those")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_slip_of_the_pen() {
        assert_snapshot!(report("node-at-unknown-site", &edit(SMALL, "vps0: { site: vps,", "vps0: { site: vsp,")), @"
        error[node-at-unknown-site]: the node `vps0` is at `vsp`, which is no site
           ┌─ cluster.yaml:27:17
           │
        27 │   vps0: { site: vsp, role: worker, addresses: [198.51.99.10/24] }
           │                 ^^^ not declared below `sites`
           │
           = help: did you mean `vps`?
        ");
    }

    #[test]
    fn an_app_somewhere_else() {
        let text = edit(SMALL, "namespace: gitea, site: home", "namespace: gitea, site: office");
        assert_snapshot!(report("node-at-unknown-site", &text), @"
        error[node-at-unknown-site]: the app `gitea` is at `office`, which is no site
           ┌─ cluster.yaml:67:55
           │
        67 │ …th: ./k8s/gitea, namespace: gitea, site: office, storage: [proxmox-csi], …
           │                                           ^^^^^^ not declared below `sites`
           │
           = help: declare it below `sites`, or name one of those
        ");
    }

    #[test]
    fn every_site_is_declared() {
        assert_snapshot!(report("node-at-unknown-site", SMALL), @"");
    }
}
