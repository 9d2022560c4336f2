//! A worker is to give itself a label that Kubernetes does not let it have.
//!
//! A worker sets its labels as its own kubelet, which may set those of `node.kubernetes.io`, `kubelet.kubernetes.io`, the
//! well-known ones, and any outside of `kubernetes.io` and `k8s.io`. One that is refused takes all others with it: they go
//! in one update. The site's label is worked out, and placement relies on it.
//!
//! Fix: use a prefix of your own; set a role's label with `kubectl label node`, as an administrator.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   vps0: { role: worker, labels: { node-role.kubernetes.io/edge: "" } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   vps0: { role: worker, labels: { example.com/edge: "" } }
//! ```
//!
//! Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Role, scalar::LabelKey};

super::check!("forbidden-node-label", Mesh, "forbidden_node_label.rs");

/// What a kubelet may set outside of its own two prefixes.
const WELL_KNOWN: &[&str] = &[
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let ours = plan.definition.site_label();
    for (name, node) in plan.nodes() {
        for (key, value) in &node.labels {
            if ***key == *ours && ***value != *node.site.value {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("`{name}` is labelled as of another site than its own"),
                    )
                    .at(key, "worked out of `site`, and pods are placed by it")
                    .because(&node.site, "its site")
                    .help("delete this label")
                    .fix_by_removing(key.span),
                );
            }
            if node.role.value == Role::Worker && !allowed(key) {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("the worker `{name}` may not set the label `{key}`"),
                    )
                    .at(key, "refused, and all its other labels with it")
                    .because(&node.role, "a control plane may")
                    .help(format!("delete it, and run `kubectl label node {name} {key}={value}`"))
                    .help("or use a prefix outside of kubernetes.io and k8s.io"),
                );
            }
        }
    }
}

fn allowed(key: &LabelKey) -> bool {
    let prefix = key.prefix();
    let within =
        |domain: &str| prefix == domain || prefix.strip_suffix(domain).is_some_and(|it| it.ends_with('.'));
    if within("node-restriction.kubernetes.io") {
        return false;
    }
    let reserved = within("kubernetes.io") || within("k8s.io");
    !reserved
        || within("node.kubernetes.io")
        || within("kubelet.kubernetes.io")
        || WELL_KNOWN.contains(&&**key)
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn worker_with(label: &str) -> String {
        let labels = format!("addresses: [198.51.99.10/24], labels: {{ {label} }}");
        report("forbidden-node-label", &edit(SMALL, "addresses: [198.51.99.10/24]", &labels))
    }

    #[test]
    fn a_role_on_a_worker() {
        assert_snapshot!(worker_with("node-role.kubernetes.io/edge: \"\""), @"
        error[forbidden-node-label]: the worker `vps0` may not set the label
          `node-role.kubernetes.io/edge`
           ┌─ cluster.yaml:27:76
           │
        27 │ …er, addresses: [198.51.99.10/24], labels: { node-role.kubernetes.io/edge:…
           │ ---                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │ │                                            │
           │ │                                 refused, and all its other labels with it
           │ a control plane may
           │
           = in the phases `node` to `cleanup`
           = help: delete it, and run `kubectl label node vps0
             node-role.kubernetes.io/edge=`
           = help: or use a prefix outside of kubernetes.io and k8s.io
        ");
    }

    #[test]
    fn the_site_of_another() {
        assert_snapshot!(worker_with("example.org/site: home"), @"
        error[forbidden-node-label]: `vps0` is labelled as of another site than its own
           ┌─ cluster.yaml:27:76
           │
        27 │ …, role: worker, addresses: [198.51.99.10/24], labels: { example.org/site:…
           │ -                                                        ^^^^^^^^^^^^^^^^
           │ │                                                        │
           │ │                           worked out of `site`, and pods are placed by it
           │ its site
           │
           = in the phases `node` to `cleanup`
           = help: delete this label
        ");
    }

    #[test]
    fn labels_that_a_worker_may_set() {
        let labels = "node.kubernetes.io/rack: a, sub.node.kubernetes.io/b: c, example.com/edge: yes-it-is";
        assert_snapshot!(worker_with(labels), @"");
    }
}
