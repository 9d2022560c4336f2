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
    releases(plan, diagnostics);
    let Some(ingress) = &plan.definition.ingress else { return };
    if ingress.controller.value == Controller::IngressNginx {
        diagnostics.push(
            Diagnostic::warning(CHECK.code, "ingress-nginx has had no fixes since March 2026")
                .at(&ingress.controller, "nobody mends its next hole")
                .help("write `traefik` with `nginxClass: true`: it reads the Ingresses that are there"),
        );
    }
}

/// Releases of its chart that the repository holds.
fn releases(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (_, release) in plan.adopted.releases_of(plan, "ingress-nginx") {
        let Some(chart) = release.chart else { continue };
        // Chart 4.11.5 has controller 1.11.5, chart 4.12.1 has 1.12.1.
        let exposed = release.version.filter(|version| {
            let fixed = super::at_least(version.value, &[4, 12, 1])
                || super::at_least(version.value, &[4, 11, 5]) && !super::at_least(version.value, &[4, 12]);
            !fixed && super::at_least(version.value, &[0])
        });
        if let Some(version) = exposed {
            diagnostics.push(
                Diagnostic::error(
                    CHECK.code,
                    format!(
                        "whoever reaches the webhook of ingress-nginx {} takes the cluster (CVE-2025-1974)",
                        version.value
                    ),
                )
                .at_span(version.span, "mended in 4.11.5 and 4.12.1")
                .help(
                    "write at least `4.11.5` now, and move to Traefik or a Gateway: there are no more fixes",
                ),
            );
        } else {
            diagnostics.push(
                Diagnostic::warning(CHECK.code, "ingress-nginx has had no fixes since March 2026")
                    .at_span(chart.span, "nobody mends its next hole")
                    .help("move to Traefik with `nginxClass: true`: it reads the Ingresses that are there"),
            );
        }
        if let Some(snippets) =
            release.value("controller.allowSnippetAnnotations").filter(|it| it.bool() == Some(true))
        {
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    "whoever may write an Ingress may run commands in the controller",
                )
                .at_span(snippets.span, "takes configuration from annotations")
                .help("write `false`; sign in by a middleware of Traefik or a filter of the Gateway instead"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
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

    #[test]
    fn a_chart_from_before_the_fix() {
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: ingress }\nspec:\n  chart:\n    spec:\n      chart: ingress-nginx\n      version: 4.11.3\n  values:\n    controller:\n      allowSnippetAnnotations: true\n";
        assert_snapshot!(report_of("ingress-controller-retired", SMALL, &[("k8s/gitea/release.yaml", release)]), @"
        error[ingress-controller-retired]: whoever reaches the webhook of ingress-nginx
          4.11.3 takes the cluster (CVE-2025-1974)
          ┌─ k8s/gitea/release.yaml:8:16
          │
        8 │       version: 4.11.3
          │                ^^^^^^ mended in 4.11.5 and 4.12.1
          │
          = in the phases `dns` to `cleanup`
          = help: write at least `4.11.5` now, and move to Traefik or a Gateway: there
            are no more fixes

        warning[ingress-controller-retired]: whoever may write an Ingress may run
          commands in the controller
           ┌─ k8s/gitea/release.yaml:11:32
           │
        11 │       allowSnippetAnnotations: true
           │                                ^^^^ takes configuration from annotations
           │
           = in the phases `dns` to `cleanup`
           = help: write `false`; sign in by a middleware of Traefik or a filter of the
             Gateway instead
        ");
    }
}
