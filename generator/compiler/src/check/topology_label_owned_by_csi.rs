//! Region or zone say where a node stands, and a storage driver reads them otherwise.
//!
//! To Proxmox CSI `topology.kubernetes.io/region` is the Proxmox cluster and `zone` the Proxmox node, and each volume is bound
//! to those two for ever. A site's name there makes the driver look for a Proxmox node of that name, and volumes that exist
//! find no node. A site elsewhere with the same two is offered pods whose volumes it cannot mount.
//!
//! Fix: leave the driver's names in `topology`; what stands where says our own label, `<domain>/site`.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { topology: { region: cluster, zone: home } }   # no node of Proxmox is called `home`
//! storage:
//!   classes: { proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { topology: { region: cluster, zone: atlas } }
//! storage:
//!   classes: { proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev } }
//! ```
//!
//! Source: https://github.com/sergelogvinov/proxmox-csi-plugin/blob/main/docs/architecture.md

use components::Plan;
use model::{Diagnostic, Diagnostics, Severity};

super::check!("topology-label-owned-by-csi", Placement, "topology_label_owned_by_csi.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    patches(plan, diagnostics);
    for (class_name, class) in &definition.storage.classes {
        let (Some(driver), Some(site)) = (&class.driver, definition.site(&class.site)) else { continue };
        let Some(severity) = reads_topology(driver) else { continue };
        let said = |message: String| match severity {
            Severity::Error => Diagnostic::error(CHECK.code, message),
            Severity::Warning => Diagnostic::warning(CHECK.code, message),
        };
        for (label, value) in [("region", &site.topology.region), ("zone", &site.topology.zone)] {
            let Some(value) = value.as_ref().filter(|it| *it.value == *class.site.value) else { continue };
            diagnostics.push(
                said(format!("the {label} of `{}` is the site's name", class.site))
                    .at(value, format!("`{class_name}` looks for its own {label} here"))
                    .because(driver, "this driver owns the label")
                    .help(format!(
                        "write what the driver calls it; the site has the label `{}`",
                        definition.site_label()
                    )),
            );
        }
        let both = |site: &model::definition::Site| {
            let text = |it: &Option<model::Spanned<model::scalar::LabelValue>>| {
                it.as_ref().map(|it| it.value.clone())
            };
            (text(&site.topology.region), text(&site.topology.zone))
        };
        let other = definition.sites.iter().find(|(name, other)| {
            ****name != *class.site.value && both(site).1.is_some() && both(other) == both(site)
        });
        if let Some((name, other)) = other {
            let at = other.topology.zone.as_ref().expect("it equals one that is there");
            let mut diagnostic = said(format!("`{name}` has the region and zone of `{}`", class.site))
                .at(at, format!("pods with volumes of `{class_name}` are sent here"))
                .because(&class.site, "where its volumes are");
            if let Some(zone) = &site.topology.zone {
                diagnostic = diagnostic.because(zone, "the same");
            }
            diagnostics.push(diagnostic.help("give the other site a region and a zone of its own"));
        }
    }
}

/// Labels that patches of Talos give to nodes.
fn patches(plan: &Plan, diagnostics: &mut Diagnostics) {
    let driven = || plan.definition.storage.classes.iter().filter(|(_, class)| class.driver.is_some());
    let nodes = plan.adopted.talos.iter().filter_map(|it| it.at("machine.nodeLabels"));
    for (key, value) in nodes.flat_map(model::Node::entries) {
        let Some(label) = key.strip_prefix("topology.kubernetes.io/") else { continue };
        let Some((class, settings)) = driven().find(|(_, class)| value.str() == Some(&**class.site)) else {
            continue;
        };
        diagnostics.push(
            Diagnostic::error(
                CHECK.code,
                format!("the {label} of nodes is the site's name, `{}`", settings.site),
            )
            .at_span(value.span, format!("`{class}` looks for its own {label} here"))
            .because(class, "its driver owns the label")
            .help(format!(
                "write what the driver calls it; the site has the label `{}`",
                plan.definition.site_label()
            )),
        );
    }
}

/// What it means for a driver that the two labels say something else: Proxmox' lives by them, other CSI drivers may.
fn reads_topology(driver: &str) -> Option<Severity> {
    match driver {
        _ if driver.contains("proxmox") => Some(Severity::Error),
        _ if driver.contains("csi") => Some(Severity::Warning),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn the_site_as_zone() {
        let text = edit(SMALL, "zone: atlas", "zone: home");
        assert_snapshot!(report("topology-label-owned-by-csi", &text), @"
        error[topology-label-owned-by-csi]: the zone of `home` is the site's name
           ┌─ cluster.yaml:18:40
           │
        18 │     topology: { region: cluster, zone: home }
           │                                        ^^^^
           │                                   `proxmox-csi` looks for its own zone here
           ·
        43 │ … { site: home, driver: csi.proxmox.sinextra.dev, access: ReadWriteOnce }
           │                         ------------------------ this driver owns the label
           │
           = help: write what the driver calls it; the site has the label
             `example.org/site`
        ");
    }

    #[test]
    fn the_same_zone_elsewhere() {
        let text = edit(SMALL, "{ region: vps, zone: vps }", "{ region: cluster, zone: atlas }");
        assert_snapshot!(report("topology-label-owned-by-csi", &text), @"
        error[topology-label-owned-by-csi]: `vps` has the region and zone of `home`
           ┌─ cluster.yaml:22:40
           │
        18 │     topology: { region: cluster, zone: atlas }
           │                                        ----- the same
           ·
        22 │     topology: { region: cluster, zone: atlas }
           │                                        ^^^^^
           │                            pods with volumes of `proxmox-csi` are sent here
           ·
        43 │     proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: R…
           │                          ---- where its volumes are
           │
           = help: give the other site a region and a zone of its own
        ");
    }

    #[test]
    fn the_drivers_own_names() {
        assert_snapshot!(report("topology-label-owned-by-csi", SMALL), @"");
    }

    #[test]
    fn a_patch_that_writes_the_site_into_the_zone() {
        let definition = SMALL.to_owned() + "existing: { talosPatches: [./talos] }\n";
        let patch =
            |zone: &str| format!("machine:\n  nodeLabels:\n    topology.kubernetes.io/zone: {zone}\n");
        let said = |zone: &str| {
            crate::testing::report_of(
                "topology-label-owned-by-csi",
                &definition,
                &[("talos/all.yaml", &patch(zone))],
            )
        };
        assert_snapshot!(said("home"), @"
        error[topology-label-owned-by-csi]: the zone of nodes is the site's name, `home`
           ┌─ talos/all.yaml:3:34
           │
         3 │     topology.kubernetes.io/zone: home
           │                                  ^^^^
           │                                  `proxmox-csi` looks for its own zone here
           ┌─ cluster.yaml:43:5
           │
        43 │     proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: R…
           │     ----------- its driver owns the label
           │
           = help: write what the driver calls it; the site has the label
             `example.org/site`
        ");
        assert_snapshot!(said("atlas"), @"");
    }
}
