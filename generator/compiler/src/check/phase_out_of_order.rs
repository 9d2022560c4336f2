//! Two things of the migration happen in the wrong order.
//!
//! The phases have an order because each stands on the one before: the mesh carries the traffic of a node elsewhere,
//! so such a node joins after it; a second name server must hold the zones while the first moves; and what asks the
//! name server at its old address finds nobody there once it has moved.
//!
//! Fix: move one of the two to the phase that the message names.
//!
//! Wrong:
//!
//! ```yaml
//! cluster: { endpoint: "https://api.example.net:6443" }
//! nodes:
//!   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24], since: prerequisites }
//! ```
//!
//! Right:
//!
//! ```yaml
//! cluster: { endpoint: "https://api.example.net:6443" }
//! nodes:
//!   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24], since: node }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan

use components::Plan;
use model::{Diagnostic, Diagnostics, Node, Phase, Span};
use std::net::IpAddr;

super::check!("phase-out-of-order", Placement, "phase_out_of_order.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    before_the_mesh(plan, diagnostics);
    second_name_server(plan, diagnostics);
    old_address(plan, diagnostics);
}

/// A node of another site than the control plane's, in a phase without the mesh.
fn before_the_mesh(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(kubespan) = definition.mesh.kubespan.as_ref().filter(|_| !plan.kubespan()) else { return };
    for (name, node) in plan.nodes() {
        let Some(since) = &node.since else { continue };
        if definition.control_planes().any(|(_, it)| it.site == node.site) {
            continue;
        }
        diagnostics.push(
            Diagnostic::error(
                CHECK.code,
                format!("`{name}` joins before the mesh that is to carry its traffic"),
            )
            .at(since, format!("in `{since}` KubeSpan is on nowhere"))
            .because(name, "is at another site than the control plane")
            .because(kubespan, "comes in the phase `mesh`")
            .help("write `since: node`, or leave it out"),
        );
    }
}

/// A secondary of others that leaves in the phase in which the primary moves.
fn second_name_server(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(dns) = plan.definition.dns.as_ref().filter(|it| it.previous.is_some()) else { return };
    if plan.phase != Phase::Dns {
        return;
    }
    for (name, secondary) in &dns.powerdns.outside_secondaries {
        let Some(until) = secondary.until.as_ref().filter(|it| it.value < Phase::Dns) else { continue };
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!(
                    "`{name}` leaves while the primary moves, so that no server holds the zones if that fails"
                ),
            )
            .at(until, "the primary moves in the phase after it")
            .because(name, "has the zones besides")
            .help("write `until: dns`, or let it stay"),
        );
    }
}

/// Something that asks the name server at the address from which it has gone.
fn old_address(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(previous) = plan.definition.dns.as_ref().and_then(|dns| dns.previous.as_ref()) else { return };
    if plan.phase < Phase::Dns {
        return;
    }
    let api = previous.api.to_string();
    let ips = plan.resolve(&previous.server);
    for (_, object) in plan.adopted.in_phase(plan) {
        let mut first: Option<(Span, String)> = None;
        object.node.visit(&mut |node| {
            let Some(text) = Node::str(node) else { return };
            let found = if text.contains(&api) {
                Some(api.clone())
            } else if object.kind.value == "ConfigMap" {
                ips.iter().find(|ip| forwards(text, **ip)).map(ToString::to_string)
            } else {
                None
            };
            if let (None, Some(found)) = (&first, found) {
                first = Some((node.span, found));
            }
        });
        let Some((place, address)) = first else { continue };
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("{} asks the name server at `{address}`, from which it has moved", object.title()))
                .at_span(place, "the old address")
                .because(&previous.api, "is there until the phase `dns`")
                .help("take it out in the phase `ingress`, the one before; or end its app there by `until: ingress`"),
        );
    }
}

/// Whether a Corefile forwards to an address.
fn forwards(text: &str, ip: IpAddr) -> bool {
    let ip = ip.to_string();
    text.lines()
        .map(str::trim)
        .filter(|line| line.starts_with("forward "))
        .any(|line| line.split_whitespace().any(|it| it == ip))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
    use insta::assert_snapshot;

    fn moving() -> String {
        edit(
            SMALL,
            "  externalDns: { owner: small-cluster }\n",
            "  externalDns: { owner: small-cluster }\n  previous: { api: \"http://powerdns-api.dns:8081\", server: second-ns }\n",
        )
    }

    #[test]
    fn the_vps_joins_before_the_mesh() {
        let definition =
            edit(SMALL, "addresses: [198.51.99.10/24]", "addresses: [198.51.99.10/24], since: prerequisites");
        assert_snapshot!(report("phase-out-of-order", &definition), @"");
    }

    #[test]
    fn the_second_name_server_leaves_with_the_first() {
        let definition = edit(
            &moving(),
            "second: { address: second-ns }",
            "second: { address: second-ns, until: ingress }",
        );
        assert_snapshot!(report("phase-out-of-order", &definition), @"
        warning[phase-out-of-order]: `second` leaves while the primary moves, so that no
          server holds the zones if that fails
           ┌─ cluster.yaml:51:44
           │
        51 │       second: { address: second-ns, until: ingress }
           │       ------                               ^^^^^^^
           │       │                                    │
           │       │                             the primary moves in the phase after it
           │       has the zones besides
           │
           = in the phase `dns`
           = help: write `until: dns`, or let it stay
        ");
    }

    #[test]
    fn a_solver_asks_where_nobody_is() {
        let issuer = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: letsencrypt }\nspec:\n  acme:\n    solvers:\n      - dns01:\n          webhook:\n            config:\n              host: http://powerdns-api.dns:8081\n";
        assert_snapshot!(report_of("phase-out-of-order", &moving(), &[("k8s/gitea/issuer.yaml", issuer)]), @r#"
        error[phase-out-of-order]: ClusterIssuer `letsencrypt` asks the name server at
          `http://powerdns-api.dns:8081`, from which it has moved
           ┌─ k8s/gitea/issuer.yaml:10:21
           │
        10 │               host: http://powerdns-api.dns:8081
           │                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the old address
           ┌─ cluster.yaml:54:20
           │
        54 │   previous: { api: "http://powerdns-api.dns:8081", server: second-ns }
           │                    ------------------------------
           │                    is there until the phase `dns`
           │
           = in the phases `dns` to `cleanup`
           = help: take it out in the phase `ingress`, the one before; or end its app
             there by `until: ingress`
        "#);
    }

    #[test]
    fn each_after_what_it_stands_on() {
        assert_snapshot!(report("phase-out-of-order", &moving()), @"");
    }
}
