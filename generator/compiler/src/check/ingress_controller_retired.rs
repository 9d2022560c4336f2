//! ingress-nginx is no longer looked after.
//!
//! Kubernetes' NGINX controller has had no fixes since March 2026, and will have none: its last release is
//! controller 1.15.1.
//! It is the part of a cluster that the internet talks to, so the next hole in it stays open.
//! Releases before 1.11.5 and 1.12.1 hand over the whole cluster to whoever reaches their admission webhook
//! (CVE-2025-1974); we write 1.15.1, which is past that.
//!
//! Fix: `controller: traefik`, which reads Ingresses of the class `nginx` with `nginxClass: true`, or
//! `controller: cilium-gateway`.
//!
//! Wrong:
//!
//! ```yaml
//! ingress: { controller: ingress-nginx }
//! ```
//!
//! Right:
//!
//! ```yaml
//! ingress: { controller: traefik, nginxClass: true }
//! ```
//!
//! Source: https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Controller};

super::check!("ingress-controller-retired", Edge, "ingress_controller_retired.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(ingress) = &plan.definition.ingress else { return };
    if ingress.controller.value == Controller::IngressNginx {
        diagnostics.push(
            Diagnostic::warning(CHECK.code, "ingress-nginx has had no fixes since March 2026")
                .at(&ingress.controller, "nobody mends its next hole")
                .help("write `traefik` with `nginxClass: true`: it reads the Ingresses that are there"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn the_edge_runs_ingress_nginx() {
        let definition = edit(SMALL, "controller: traefik", "controller: ingress-nginx");
        assert_snapshot!(report("ingress-controller-retired", &definition), @"
        warning[ingress-controller-retired]: ingress-nginx has had no fixes since March
          2026
           ┌─ cluster.yaml:44:24
           │
        44 │ ingress: { controller: ingress-nginx, site: vps }
           │                        ^^^^^^^^^^^^^ nobody mends its next hole
           │
           = help: write `traefik` with `nginxClass: true`: it reads the Ingresses that
             are there
        ");
    }

    #[test]
    fn the_edge_runs_traefik() {
        assert_snapshot!(report("ingress-controller-retired", SMALL), @"");
    }
}
