//! A storage class is named that nobody declared.
//!
//! Whether a volume can be where its pod runs follows from the class's site, so each class is declared under
//! `storage.classes`, also one that a driver brings by itself.
//!
//! Fix: correct the name, or declare the class with its site and driver.
//!
//! Wrong:
//!
//! ```yaml
//! storage:
//!   classes: { proxmox-csi: { site: home } }
//! apps:
//!   gitea: { site: home, storage: [proxmox] }
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
//! Source: https://kubernetes.io/docs/concepts/storage/storage-classes/

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("unknown-storage-class", Placement, "unknown_storage_class.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let apps = definition.apps.values().flat_map(|app| &app.storage);
    let dns = definition.dns.iter().filter_map(|dns| dns.powerdns.storage_class.as_ref());
    for class in apps.chain(dns).filter(|class| definition.storage_class(class).is_none()) {
        let names = definition.storage.classes.keys().map(|name| &***name);
        let diagnostic = Diagnostic::error(CHECK.code, format!("there is no storage class `{class}`"))
            .at(class, "no entry of `storage.classes` has this name");
        diagnostics.push(crate::meant(diagnostic, class.span, class, names).unwrap_or_else(|it| {
            it.help(format!("declare it: `storage: {{ classes: {{ {class}: {{ site: …, access: … }} }} }}`"))
        }));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_class_is_mistyped() {
        let definition = edit(SMALL, "storage: [proxmox-csi]", "storage: [proxmox-cs]");
        assert_snapshot!(report("unknown-storage-class", &definition), @"
        error[unknown-storage-class]: there is no storage class `proxmox-cs`
           ┌─ cluster.yaml:67:71
           │
        67 │ … site: home, storage: [proxmox-cs], needs: [ingress, certificates], hosts…
           │                         ^^^^^^^^^^
           │                         no entry of `storage.classes` has this name
           │
           = help: did you mean `proxmox-csi`?
        ");
    }

    #[test]
    fn a_class_is_declared() {
        assert_snapshot!(report("unknown-storage-class", SMALL), @"");
    }
}
