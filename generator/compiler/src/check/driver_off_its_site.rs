//! A node carries the identity of a machine in a cloud or hypervisor that is not its own.
//!
//! `provider-id` says to storage drivers and cloud controllers which machine a node is.
//! With one of Proxmox on a machine at a provider, the Proxmox driver looks there for a guest that it does not
//! have, and its controller may take the node for deleted.
//!
//! Fix: say `provider-id` at the nodes, or the site, that the driver serves; elsewhere leave it out.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   vps: { machine: { kubeletArgs: { provider-id: "proxmox://cluster/2003" } } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   worker0: { machine: { kubeletArgs: { provider-id: "proxmox://cluster/2003" } } }   # a guest of Proxmox, at home
//! ```
//!
//! Source: https://github.com/sergelogvinov/proxmox-csi-plugin/blob/main/docs/architecture.md

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("driver-off-its-site", Placement, "driver_off_its_site.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    node_plugin(plan, diagnostics);
    let classes = || plan.definition.storage.classes.values();
    for (name, node) in plan.nodes() {
        let Some(site) = plan.site_of(node) else { continue };
        let machine = node.machine.over(&site.machine);
        let Some(id) = machine.kubelet_args.get("provider-id") else { continue };
        let Some((scheme, _)) = id.split_once("://") else { continue };
        let of = |driver: &str| driver.contains(scheme);
        let driven =
            |class: &&model::definition::StorageClass| class.driver.as_ref().is_some_and(|it| of(it));
        let Some(elsewhere) = classes().find(driven) else { continue };
        if classes().filter(driven).any(|class| class.site == node.site) {
            continue;
        }
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("`{name}` is at `{}`, and calls itself a machine of `{scheme}`", node.site),
            )
            .at(id, format!("`{scheme}` has no machines at `{}`", node.site))
            .because(&elsewhere.site, "its driver serves this site alone")
            .help("leave `provider-id` out here"),
        );
    }
}

/// The chart of Proxmox CSI, whose DaemonSet goes to every node unless it is told otherwise.
fn node_plugin(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, release) in plan.adopted.releases_of(plan, "proxmox-csi-plugin") {
        let Some(chart) = release.chart else { continue };
        let class = plan
            .definition
            .storage
            .classes
            .values()
            .find(|it| it.driver.as_ref().is_some_and(|it| it.contains("proxmox")));
        let Some(class) = class else { continue };
        let nothing = model::Node::new(model::node::Value::Null, chart.span);
        let spec = release.value("node").unwrap_or(&nothing);
        let nodes = components::adopted::landing(plan, bundle, spec);
        let Some((name, node)) = nodes.iter().find(|(_, node)| node.site != class.site) else { continue };
        let label = plan.definition.site_label();
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("the node part of Proxmox CSI also runs on `{name}`, at `{}`", node.site),
            )
            .at_span(
                release.value("node.nodeSelector").map_or(chart.span, |it| it.span),
                "goes to every node",
            )
            .because(*name, "no machine of Proxmox")
            .because(&class.site, "its volumes are here")
            .help(format!("write `node: {{ nodeSelector: {{ {label}: {} }} }}` below `values`", class.site)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
    use insta::assert_snapshot;

    #[test]
    fn a_vps_calls_itself_a_guest_of_proxmox() {
        let definition = edit(
            SMALL,
            "machine: { gateways: [198.51.99.1] }",
            "machine: { gateways: [198.51.99.1], kubeletArgs: { provider-id: \"proxmox://cluster/2003\" } }",
        );
        assert_snapshot!(report("driver-off-its-site", &definition), @r#"
        warning[driver-off-its-site]: `vps0` is at `vps`, and calls itself a machine of
          `proxmox`
           ┌─ cluster.yaml:23:69
           │
        23 │ …etArgs: { provider-id: "proxmox://cluster/2003" } }
           │                         ^^^^^^^^^^^^^^^^^^^^^^^^
           │                         `proxmox` has no machines at `vps`
           ·
        43 │     proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: R…
           │                          ---- its driver serves this site alone
           │
           = in the phases `node` to `cleanup`
           = help: leave `provider-id` out here
        "#);
    }

    #[test]
    fn a_guest_of_proxmox_says_so() {
        let definition = edit(
            SMALL,
            "machine: { gateways: [10.2.0.1] }",
            "machine: { gateways: [10.2.0.1], kubeletArgs: { provider-id: \"proxmox://cluster/2003\" } }",
        );
        assert_snapshot!(report("driver-off-its-site", &definition), @"");
    }

    #[test]
    fn the_node_part_of_the_driver_on_every_node() {
        let definition =
            edit(SMALL, "namespace: gitea, site: home, storage: [proxmox-csi], ", "namespace: gitea, ");
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: csi }\nspec:\n  chart:\n    spec:\n      chart: proxmox-csi-plugin\n";
        assert_snapshot!(report_of("driver-off-its-site", &definition, &[("k8s/gitea/release.yaml", release)]), @"
        warning[driver-off-its-site]: the node part of Proxmox CSI also runs on `vps0`,
          at `vps`
           ┌─ k8s/gitea/release.yaml:7:14
           │
         7 │       chart: proxmox-csi-plugin
           │              ^^^^^^^^^^^^^^^^^^ goes to every node
           ┌─ cluster.yaml:27:3
           │
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24] }
           │   ---- no machine of Proxmox
           ·
        43 │     proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: R…
           │                          ---- its volumes are here
           │
           = in the phases `dns` to `cleanup`
           = help: write `node: { nodeSelector: { example.org/site: home } }` below
             `values`
        ");
        assert_snapshot!(report_of("driver-off-its-site", SMALL, &[("k8s/gitea/release.yaml", release)]), @"");
    }
}
