//! Something is to run at a site that has no node for it.
//!
//! Pods wait for ever when no node matches: because the site has none yet in this phase, because those that it
//! has run the control plane, or because of their taints.
//! What we write ourselves tolerates the taints of its site; an app must do so in its own manifests, which is
//! why taints alone give a warning there.
//!
//! Fix: place it elsewhere, add a node, or let it come in a later phase.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   vps0: { site: vps, since: node }
//! website: { site: vps, since: mesh }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   vps0: { site: vps, since: node }
//! website: { site: vps, since: ingress }
//! ```
//!
//! Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/

use components::{Plan, Unit};
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::{Node, Role, TaintEffect},
    scalar::Name,
};
use std::collections::{BTreeMap, BTreeSet};

super::check!("workload-without-eligible-node", Placement, "workload_without_eligible_node.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut nodes: BTreeMap<&str, Vec<(&Spanned<Name>, &Node)>> = BTreeMap::new();
    for (name, node) in plan.nodes() {
        nodes.entry(&**node.site).or_default().push((name, node));
    }
    // Sites with a node that takes every pod: nothing is to be said of what runs there.
    let open = |nodes: &[(&Spanned<Name>, &Node)]| {
        nodes.iter().any(|(_, node)| !control(plan, node) && !repels(node))
    };
    let open: BTreeSet<&str> = nodes.iter().filter(|(_, nodes)| open(nodes)).map(|(site, _)| *site).collect();
    for unit in plan.units.values().filter(|unit| unit.site.as_deref().is_none_or(|it| !open.contains(it))) {
        let Some(site) = place(plan, unit) else { continue };
        // A site that does not exist is another check's.
        if plan.definition.sites.contains_key(&***site) {
            one(plan, unit, site, nodes.get(&***site).map_or(&[], Vec::as_slice), diagnostics);
        }
    }
}

/// So many nodes and taints are shown of what keeps a pod away; of the rest there is their number.
const SHOWN: usize = 4;

/// Where the definition says at which site a unit runs.
fn place<'a>(plan: &Plan<'a>, unit: &Unit) -> Option<&'a Spanned<Name>> {
    let definition = plan.definition;
    let site = unit.site.as_deref()?;
    let app = definition.apps.get(unit.name.as_str()).and_then(|app| app.site.as_ref());
    let balancer = definition.load_balancer.as_ref();
    let candidates = [
        app.filter(|_| unit.adopted.is_some()),
        definition.website.as_ref().filter(|_| unit.key == "website").map(|it| &it.site),
        definition.ingress.as_ref().filter(|_| unit.key == "ingress").map(|it| &it.site),
        balancer
            .and_then(|it| it.metallb.as_ref())
            .filter(|_| unit.key == "loadBalancer.metallb")
            .map(|it| &it.site),
    ];
    let dns =
        definition.dns.iter().filter(|_| unit.key.starts_with("dns")).flat_map(|dns| dns.powerdns.sites());
    candidates.into_iter().flatten().chain(dns).find(|it| ****it == *site)
}

/// Whether it runs the control plane, and no other pods.
fn control(plan: &Plan, node: &Node) -> bool {
    node.role.value == Role::Controlplane && !plan.definition.talos.schedule_on_control_planes
}

/// Whether it keeps pods away that do not tolerate it.
fn repels(node: &Node) -> bool {
    node.taints.iter().any(|taint| taint.effect.value != TaintEffect::PreferNoSchedule)
}

fn one(
    plan: &Plan,
    unit: &Unit,
    site: &Spanned<Name>,
    nodes: &[(&Spanned<Name>, &Node)],
    diagnostics: &mut Diagnostics,
) {
    let message = format!("no node can run `{}` at the site `{site}`", unit.name);
    if nodes.iter().all(|(_, node)| control(plan, node)) {
        let mut diagnostic = Diagnostic::error(CHECK.code, message).at(site, "it is to run here");
        for (name, _) in nodes.iter().take(SHOWN) {
            diagnostic = diagnostic.because(name, "runs the control plane, and no other pods");
        }
        if nodes.len() > SHOWN {
            diagnostic = diagnostic.note(format!("and so do {} more nodes", nodes.len() - SHOWN));
        }
        let help = if nodes.is_empty() {
            let later = plan.definition.nodes_at(site).next().is_some();
            if later {
                "let it come in the phase in which a node of the site joins, or later"
            } else {
                "add a node to the site, or place it elsewhere"
            }
        } else {
            "add a worker to the site, or set `talos.scheduleOnControlPlanes`"
        };
        let diagnostic = if nodes.is_empty() { diagnostic.note("the site has no node") } else { diagnostic };
        diagnostics.push(diagnostic.help(help));
        return;
    }
    if unit.adopted.is_some() && nodes.iter().all(|(_, node)| control(plan, node) || repels(node)) {
        let mut diagnostic =
            Diagnostic::warning(CHECK.code, format!("{message} unless it tolerates the taints there"))
                .at(site, "it is to run here");
        for (name, _) in nodes.iter().filter(|(_, node)| control(plan, node)).take(SHOWN) {
            diagnostic = diagnostic.because(*name, "runs the control plane, and no other pods");
        }
        let taints = nodes.iter().filter(|(_, node)| !control(plan, node)).flat_map(|(_, node)| &node.taints);
        for taint in taints.clone().take(SHOWN) {
            diagnostic = diagnostic.because(&taint.key, "keeps pods away");
        }
        if taints.clone().count() > SHOWN {
            diagnostic = diagnostic.note(format!("and {} more taints do", taints.count() - SHOWN));
        }
        diagnostics
            .push(diagnostic.help(format!("make sure that the manifests of `{}` tolerate this", unit.name)));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    const CODE: &str = "workload-without-eligible-node";

    #[test]
    fn the_site_has_only_a_control_plane() {
        let definition =
            edit(SMALL, "  vps0: { site: vps, role: worker,", "  vps0: { site: vps, role: controlplane,");
        assert_snapshot!(report(CODE, &definition), @"
        error[workload-without-eligible-node]: no node can run `traefik` at the site
          `vps`
           ┌─ cluster.yaml:44:39
           │
        27 │   vps0: { site: vps, role: controlplane, addresses: [198.51.99.10/24] }
           │   ---- runs the control plane, and no other pods
           ·
        44 │ ingress: { controller: traefik, site: vps }
           │                                       ^^^ it is to run here
           ·
        48 │     site: vps
           │           --- and `powerdns`
           ·
        65 │ website: { host: www.example.org, site: vps, content: ./website }
           │                                         --- and `website`
           │
           = in the phases `ingress` to `cleanup`
           = help: add a worker to the site, or set `talos.scheduleOnControlPlanes`
        ");
    }

    #[test]
    fn the_website_comes_before_its_node() {
        let definition =
            edit(SMALL, "www.example.org, site: vps,", "www.example.org, since: mesh, site: vps,");
        assert_snapshot!(report(CODE, &definition), @"
        error[workload-without-eligible-node]: no node can run `website` at the site
          `vps`
           ┌─ cluster.yaml:65:54
           │
        65 │ website: { host: www.example.org, since: mesh, site: vps, content: ./websi…
           │                                                      ^^^ it is to run here
           │
           = the site has no node
           = in the phase `mesh`
           = help: let it come in the phase in which a node of the site joins, or later
        ");
    }

    #[test]
    fn an_app_must_tolerate_the_taint_itself() {
        let definition = edit(
            SMALL,
            "addresses: [10.2.2.1/16] }",
            "addresses: [10.2.2.1/16], taints: [{ key: example.org/storage, effect: NoSchedule }] }",
        );
        assert_snapshot!(report(CODE, &definition), @"
        warning[workload-without-eligible-node]: no node can run `gitea` at the site
          `home` unless it tolerates the taints there
           ┌─ cluster.yaml:67:55
           │
        25 │   cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] }
           │   --- runs the control plane, and no other pods
        26 │ …resses: [10.2.2.1/16], taints: [{ key: example.org/storage, effect: NoSch…
           │                                         ------------------- keeps pods away
           ·
        67 │ …gitea: { path: ./k8s/gitea, namespace: gitea, site: home, storage: [proxm…
           │                                                      ^^^^ it is to run here
           │
           = in the phases `dns` to `cleanup`
           = help: make sure that the manifests of `gitea` tolerate this
        ");
    }

    #[test]
    fn each_site_has_a_worker() {
        assert_snapshot!(report(CODE, SMALL), @"");
    }
}
