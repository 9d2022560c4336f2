//! A node joins before there is a way to the API.
//!
//! The API's endpoint is an address of the home network. A node elsewhere reaches it through the mesh alone, so the mesh
//! must be on at every control plane before that node joins.
//!
//! Fix: let the node join in the phase `node` or later, with KubeSpan declared; or give the API a public endpoint.
//!
//! Wrong:
//!
//! ```yaml
//! cluster: { endpoint: "https://10.2.3.1:6443" }
//! nodes:
//!   vps0: { site: vps, since: mesh }   # KubeSpan comes in the same phase
//! ```
//!
//! Right:
//!
//! ```yaml
//! cluster: { endpoint: "https://10.2.3.1:6443" }
//! nodes:
//!   vps0: { site: vps, since: node }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/networking/kubespan

use components::{Plan, joins, talos::reach::is_public};
use model::{Diagnostic, Diagnostics, Phase};

super::check!("endpoint-unreachable-before-join", Mesh, "endpoint_unreachable_before_join.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let endpoint = &definition.cluster.endpoint;
    let Some(ip) = endpoint.address().filter(|ip| !is_public(*ip) && !ip.is_loopback()) else { return };
    for (name, node) in plan.nodes() {
        let Some(site) = plan.site_of(node) else { continue };
        let near = site.networks.iter().any(|it| it.contains(ip))
            || node.addresses.iter().any(|it| it.network().contains(&ip));
        let routed = node.machine.routes.iter().chain(&site.machine.routes).any(|it| it.network.contains(ip));
        if near || routed {
            continue;
        }
        let diagnostic = if !plan.kubespan() {
            let diagnostic =
                Diagnostic::error(CHECK.code, format!("`{name}` cannot reach the API at `{endpoint}`"))
                    .at(name, "is on another network, and there is no mesh");
            if definition.mesh.kubespan().is_some() {
                diagnostic.help("let it join later: `since: node`")
            } else {
                diagnostic.help("declare `mesh.kubespan`, or give the API an endpoint that this node reaches")
            }
        } else if joins(definition, node) == Phase::Mesh && plan.phase == Phase::Mesh {
            Diagnostic::warning(CHECK.code, format!("`{name}` joins in the phase that turns the mesh on"))
                .at(name, "finds no way in before every control plane has the mesh")
                .help("let it join later: `since: node`")
        } else {
            continue;
        };
        diagnostics.push(diagnostic.because(endpoint, "an address of another site's network"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn before_the_mesh() {
        let text =
            edit(SMALL, "addresses: [198.51.99.10/24]", "addresses: [198.51.99.10/24], since: prerequisites");
        assert_snapshot!(report("endpoint-unreachable-before-join", &text), @"
        error[endpoint-unreachable-before-join]: `vps0` cannot reach the API at
          `https://10.2.3.1:6443`
           ┌─ cluster.yaml:27:3
           │
         5 │   endpoint: https://10.2.3.1:6443
           │             --------------------- an address of another site's network
           ·
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24], since: pr…
           │   ^^^^ is on another network, and there is no mesh
           │
           = in the phase `prerequisites`
           = help: let it join later: `since: node`
        ");
    }

    #[test]
    fn with_the_mesh() {
        let text = edit(SMALL, "addresses: [198.51.99.10/24]", "addresses: [198.51.99.10/24], since: mesh");
        assert_snapshot!(report("endpoint-unreachable-before-join", &text), @"
        warning[endpoint-unreachable-before-join]: `vps0` joins in the phase that turns
          the mesh on
           ┌─ cluster.yaml:27:3
           │
         5 │   endpoint: https://10.2.3.1:6443
           │             --------------------- an address of another site's network
           ·
        27 │   vps0: { site: vps, role: worker, addresses: [198.51.99.10/24], since: me…
           │   ^^^^ finds no way in before every control plane has the mesh
           │
           = in the phase `mesh`
           = help: let it join later: `since: node`
        ");
    }

    #[test]
    fn after_the_mesh() {
        assert_snapshot!(report("endpoint-unreachable-before-join", SMALL), @"");
    }
}
