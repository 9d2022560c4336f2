//! The way in for web traffic: one controller on every node of a site, on the nodes' own ports 80 and 443.

mod gateway;
mod ingress_nginx;
mod traefik;

pub use gateway::{GATEWAY, GATEWAY_API};
pub use ingress_nginx::INGRESS_NGINX;
pub use traefik::TRAEFIK;

use crate::{Context, Declaration, From, NodePort, Plan, PodSecurity, Protocol, placement};
use model::definition::{Controller, Exposure, Ingress};
use tree::k8s_openapi::api::core::v1::Toleration;

/// The namespace of the controller and of the default certificate.
pub const NAMESPACE: &str = "ingress";

/// The unit of a controller, if it is the one that the definition names.
fn declaration<'a>(context: &Context<'a>, controller: Controller) -> Option<(&'a Ingress, Declaration)> {
    let ingress = context.definition.ingress.as_ref().filter(|it| it.controller.value == controller)?;
    let mut unit = Declaration::new(controller.name(), NAMESPACE, "ingress")
        .at(&ingress.site)
        .since(ingress.since())
        .needs("network")
        .provides("ingress");
    // Ports of the node, by `hostPort` or on the node's own network.
    unit.pod_security = Some(PodSecurity::Privileged);
    let port =
        |protocol, port| NodePort { protocol, port, from: From::Internet, purpose: "web", wildcard: true };
    unit.ports = vec![port(Protocol::Tcp, 80), port(Protocol::Tcp, 443)];
    if ingress.http3() && controller == Controller::Traefik {
        unit.ports.push(port(Protocol::Udp, 443));
    }
    Some((ingress, unit))
}

/// Every node of the site, and staying there while the tunnel to the control planes is down.
fn tolerations(plan: &Plan, ingress: &Ingress) -> Vec<Toleration> {
    let mut all = placement::tolerations(plan, &ingress.site);
    all.extend(placement::outlives_the_tunnel());
    all
}

/// The class of Ingresses that the controller serves.
pub fn class(ingress: &Ingress) -> String {
    ingress.class.as_ref().map_or_else(|| ingress.controller.name().into(), ToString::to_string)
}

fn host_network(ingress: &Ingress) -> bool {
    ingress.exposure() == Exposure::HostNetwork
}

/// The public addresses, which the controller writes into the status of what it serves.
fn addresses(plan: &Plan) -> Vec<String> {
    plan.ingress_ips().iter().map(ToString::to_string).collect()
}
