//! Nodes of another site would announce a site's addresses.
//!
//! An address of layer 2 belongs to one network: whoever answers for it must stand on that network.
//! MetalLB and Cilium elect one announcer among all nodes that they may use.
//! Once a node of another site is among them it can win, and the address then leads nowhere.
//!
//! Fix: take out `everyNode`; speakers and announcements are then held to the nodes of `site`.
//!
//! Wrong:
//!
//! ```yaml
//! loadBalancer:
//!   metallb: { site: home, everyNode: true }   # also nodes at the VPS
//! ```
//!
//! Right:
//!
//! ```yaml
//! loadBalancer:
//!   metallb: { site: home }
//! ```
//!
//! Source: https://metallb.io/configuration/_advanced_l2_configuration/

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::MetalLb};

super::check!("announcer-off-its-segment", Placement, "announcer_off_its_segment.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    manifests(plan, diagnostics);
    let Some(balancer) = &plan.definition.load_balancer else { return };
    for (announcer, settings) in [("MetalLB", &balancer.metallb), ("Cilium", &balancer.cilium)] {
        if let Some(settings) = settings {
            one(plan, announcer, settings, diagnostics);
        }
    }
}

fn one(plan: &Plan, announcer: &str, settings: &MetalLb, diagnostics: &mut Diagnostics) {
    let Some(every_node) = settings.every_node.as_ref().filter(|it| it.value) else { return };
    let site = &settings.site;
    let Some((name, node)) = plan.nodes().find(|(_, node)| node.site != *site) else { return };
    diagnostics.push(
        Diagnostic::error(
            CHECK.code,
            format!(
                "{announcer} may announce addresses of the site `{site}` from `{name}`, at the site `{}`",
                node.site
            ),
        )
        .at(every_node, "every node may announce")
        .because(site, "the addresses belong to this site's network")
        .because(name, "this node is on another network")
        .help(format!("take out `everyNode`: only nodes of `{site}` then announce"))
        .fix_by_removing(every_node.span),
    );
}

/// Announcements of MetalLB and Cilium that the repository holds.
fn manifests(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut sites = plan
        .nodes()
        .filter(|(_, node)| !plan.definition.control_planes().any(|(_, it)| it.site == node.site));
    let Some((name, node)) = sites.next() else { return };
    for (_, object) in plan.adopted.in_phase(plan) {
        let (key, selected) = match (object.group(), object.kind.as_str()) {
            ("metallb.io", "L2Advertisement") => (
                "nodeSelectors",
                object.node.items_at("spec.nodeSelectors").iter().any(|it| !it.entries().is_empty()),
            ),
            ("cilium.io", "CiliumL2AnnouncementPolicy") => (
                "nodeSelector",
                object.node.at("spec.nodeSelector").is_some_and(|it| !it.entries().is_empty()),
            ),
            _ => continue,
        };
        if selected {
            continue;
        }
        let said = object.node.at("spec").and_then(|spec| spec.entry(key));
        let selector = format!("{{ matchLabels: {{ {}: {} }} }}", plan.definition.site_label(), home(plan));
        let value = if key == "nodeSelectors" { format!("[{selector}]") } else { selector };
        diagnostics.push(
            Diagnostic::error(
                CHECK.code,
                format!("{} may be announced from `{name}`, at the site `{}`", object.title(), node.site),
            )
            .at_span(said.map_or(object.span(), |(key, _)| key.span), "every node may announce")
            .because(name, "this node is on another network")
            .help(format!("write `{key}: {value}`")),
        );
    }
}

/// The site of the control plane, where addresses of a network at home belong.
fn home<'a>(plan: &Plan<'a>) -> &'a str {
    plan.definition.control_planes().next().map_or("home", |(_, node)| &node.site)
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
    use insta::assert_snapshot;

    #[test]
    fn every_node_announces_and_one_is_elsewhere() {
        let definition = edit(SMALL, "    interfaces: [eth0]", "    everyNode: true\n    interfaces: [eth0]");
        assert_snapshot!(report("announcer-off-its-segment", &definition), @"
        error[announcer-off-its-segment]: MetalLB may announce addresses of the site
          `home` from `vps0`, at the site `vps`
           ┌─ cluster.yaml:38:16
           │
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- this node is on another network
           ·
        37 │     site: home
           │           ---- the addresses belong to this site's network
        38 │     everyNode: true
           │                ^^^^ every node may announce
           │
           = in the phases `node` to `cleanup`
           = help: take out `everyNode`: only nodes of `home` then announce
        ");
    }

    #[test]
    fn the_nodes_of_the_site_announce() {
        assert_snapshot!(report("announcer-off-its-segment", SMALL), @"");
    }

    #[test]
    fn an_advertisement_from_every_node() {
        let text = "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: { name: all }\nspec:\n  interfaces: [eth0]\n  nodeSelectors: []\n";
        assert_snapshot!(report_of("announcer-off-its-segment", SMALL, &[("k8s/gitea/l2.yaml", text)]), @"
        error[announcer-off-its-segment]: L2Advertisement `all` may be announced from
          `vps0`, at the site `vps`
           ┌─ k8s/gitea/l2.yaml:6:3
           │
         6 │   nodeSelectors: []
           │   ^^^^^^^^^^^^^ every node may announce
           ┌─ cluster.yaml:27:3
           │
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- this node is on another network
           │
           = in the phases `dns` to `cleanup`
           = help: write `nodeSelectors: [{ matchLabels: { example.org/site: home } }]`
        ");
        let text = text.replace("[]", "[{ matchLabels: { example.org/site: home } }]");
        assert_snapshot!(report_of("announcer-off-its-segment", SMALL, &[("k8s/gitea/l2.yaml", &text)]), @"");
    }
}
