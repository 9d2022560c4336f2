//! Something runs at a site that its storage cannot reach.
//!
//! A storage class makes its volumes at one site: a disk of a hypervisor at home cannot be attached to a
//! machine at a provider.
//! A pod at another site with such a claim is never started.
//!
//! Fix: move it to the class's site, or give it a class of its own site, or none.
//!
//! Wrong:
//!
//! ```yaml
//! storage:
//!   classes: { proxmox-csi: { site: home } }
//! apps:
//!   gitea: { site: vps, storage: [proxmox-csi] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! storage:
//!   classes: { proxmox-csi: { site: home } }
//! apps:
//!   gitea: { site: home, storage: [proxmox-csi] }
//! ```
//!
//! Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies

use components::Plan;
use model::{Diagnostic, Diagnostics, Spanned, scalar::Name};

super::check!("storage-not-at-site", Placement, "storage_not_at_site.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    claims(plan, diagnostics);
    for (name, app) in &plan.definition.apps {
        if let Some(site) = &app.site {
            for class in &app.storage {
                one(plan, name, site, class, diagnostics);
            }
        }
    }
    let Some(powerdns) = plan.definition.dns.as_ref().map(|dns| &dns.powerdns) else { return };
    if let Some(class) = &powerdns.storage_class {
        for site in powerdns.sites() {
            one(plan, "powerdns", site, class, diagnostics);
        }
    }
}

fn one(plan: &Plan, what: &str, site: &Spanned<Name>, class: &Spanned<Name>, diagnostics: &mut Diagnostics) {
    let Some((declared, settings)) = plan.definition.storage_class(class) else { return };
    if settings.site == *site {
        return;
    }
    let mut others =
        plan.definition.storage.classes.iter().filter(|(_, it)| it.site == *site).map(|(name, _)| name);
    let mut diagnostic = Diagnostic::error(
        CHECK.code,
        format!("`{what}` runs at `{site}`, and `{class}` has volumes at `{}` only", settings.site),
    )
    .at(class, "this class does not reach the site")
    .because(site, "its pods run here")
    .because(declared, format!("the class serves `{}`", settings.site));
    diagnostic = match others.next() {
        Some(other) => diagnostic.help(format!("`{other}` is a class of `{site}`")),
        None => diagnostic.help(format!("run it at `{}`, or give `{site}` a storage class", settings.site)),
    };
    diagnostics.push(diagnostic);
}

/// Claims in the files of an app, and the classes that charts are told.
fn claims(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (bundle, object) in plan.adopted.in_phase(plan) {
        let Some(site) = bundle.site(plan) else { continue };
        let mut seen = std::collections::BTreeSet::new();
        object.node.visit(&mut |node| {
            for key in ["storageClassName", "storageClass"] {
                let Some(class) = node.get(key) else { continue };
                let Some((declared, settings)) = class.str().and_then(|it| plan.definition.storage_class(it))
                else {
                    continue;
                };
                if settings.site == *site || !seen.insert(class.str()) {
                    continue;
                }
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!(
                            "{} runs at `{site}`, and `{declared}` has volumes at `{}` only",
                            object.title(),
                            settings.site
                        ),
                    )
                    .at_span(class.span, "this class does not reach the site")
                    .because(site, "its pods run here")
                    .because(declared, format!("the class serves `{}`", settings.site))
                    .help(format!("run it at `{}`, or give it a class of `{site}`", settings.site)),
                );
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
    use insta::assert_snapshot;

    #[test]
    fn an_app_at_the_vps_with_a_disk_at_home() {
        let definition = edit(SMALL, "namespace: gitea, site: home", "namespace: gitea, site: vps");
        assert_snapshot!(report("storage-not-at-site", &definition), @"
        error[storage-not-at-site]: `gitea` runs at `vps`, and `proxmox-csi` has volumes
          at `home` only
           ┌─ cluster.yaml:67:70
           │
        43 │     proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: R…
           │     ----------- the class serves `home`
           ·
        67 │ …amespace: gitea, site: vps, storage: [proxmox-csi], needs: [ingress, cert…
           │                         ---            ^^^^^^^^^^^
           │                         │              │
           │                         │              this class does not reach the site
           │                         its pods run here
           │
           = help: run it at `home`, or give `vps` a storage class
        ");
    }

    #[test]
    fn an_app_beside_its_disk() {
        assert_snapshot!(report("storage-not-at-site", SMALL), @"");
    }

    #[test]
    fn a_claim_in_the_files_of_an_app_elsewhere() {
        let definition = edit(SMALL, "site: home, storage: [proxmox-csi], needs", "site: vps, needs");
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec:\n  storageClassName: proxmox-csi\n";
        assert_snapshot!(report_of("storage-not-at-site", &definition, &[("k8s/gitea/claim.yaml", claim)]), @"
        error[storage-not-at-site]: PersistentVolumeClaim `data` runs at `vps`, and
          `proxmox-csi` has volumes at `home` only
           ┌─ k8s/gitea/claim.yaml:5:21
           │
         5 │   storageClassName: proxmox-csi
           │                     ^^^^^^^^^^^ this class does not reach the site
           ┌─ cluster.yaml:67:55
           │
        43 │     proxmox-csi: { site: home, driver: csi.proxmox.sinextra.dev, access: R…
           │     ----------- the class serves `home`
           ·
        67 │   gitea: { path: ./k8s/gitea, namespace: gitea, site: vps, needs: [ingress…
           │                                                       --- its pods run here
           │
           = in the phases `dns` to `cleanup`
           = help: run it at `home`, or give it a class of `vps`
        ");
        assert_snapshot!(report_of("storage-not-at-site", SMALL, &[("k8s/gitea/claim.yaml", claim)]), @"");
    }
}
