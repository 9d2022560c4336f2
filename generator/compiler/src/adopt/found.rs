//! The definition as it is once the files that are applied instead of ours have had their say.
//!
//! A values file of Cilium that Terraform applies, and patches of Talos, win over what the definition says. Each value
//! keeps its place in its own file, so every check of a setting points at who says it.

use components::Adopted;
use model::{
    Definition, Node, Scalar, Spanned,
    definition::{Acceleration, Cilium, Ipam, Masquerade, Routing, Talos},
    scalar::{Mtu, Port},
};
use std::borrow::Cow;

/// What the checks look at; what is emitted follows the definition itself.
pub(crate) fn found<'a>(definition: &'a Definition, adopted: &Adopted) -> Cow<'a, Definition> {
    if adopted.cilium.is_none() && adopted.talos.is_empty() {
        return Cow::Borrowed(definition);
    }
    let mut definition = definition.clone();
    if let Some(values) = &adopted.cilium {
        cilium(&mut definition.cni.cilium, values);
    }
    for patch in &adopted.talos {
        talos(&mut definition.talos, patch);
    }
    Cow::Owned(definition)
}

fn cilium(cilium: &mut Cilium, values: &Node) {
    let word = |path: &str| values.at(path).and_then(|it| Some(Spanned::new(it.str()?, it.span)));
    let truth = |path: &str| values.at(path).and_then(|it| Some(Spanned::new(it.bool()?, it.span)));
    if let Some(mode) = word("routingMode") {
        let routing = if mode.value == "native" { Routing::Native } else { Routing::Tunnel };
        cilium.routing = Spanned::new(routing, mode.span);
    }
    if let Some(mode) = word("ipam.mode") {
        let ipam = match mode.value {
            "kubernetes" => Some(Ipam::Kubernetes),
            "cluster-pool" => Some(Ipam::ClusterPool),
            _ => None,
        };
        cilium.ipam = ipam.map(|it| Spanned::new(it, mode.span)).or(cilium.ipam.take());
    }
    if let Some(host) = word("k8sServiceHost") {
        cilium.api_host = Some(Spanned::new(host.value.to_owned(), host.span));
        cilium.api_port = number(values, "k8sServicePort", Port).or(cilium.api_port.take());
    }
    cilium.mtu = number(values, "MTU", Mtu).or(cilium.mtu.take());
    cilium.native_routing_cidr =
        scalar(values, "ipv4NativeRoutingCIDR").or(cilium.native_routing_cidr.take());
    cilium.auto_direct_node_routes = truth("autoDirectNodeRoutes").or(cilium.auto_direct_node_routes.take());
    cilium.direct_routing_skip_unreachable =
        truth("directRoutingSkipUnreachable").or(cilium.direct_routing_skip_unreachable.take());
    cilium.host_legacy_routing = truth("bpf.hostLegacyRouting").or(cilium.host_legacy_routing.take());
    cilium.l2_announcements = truth("l2announcements.enabled").or(cilium.l2_announcements.take());
    if let Some(masquerade) = truth("bpf.masquerade") {
        let how = if masquerade.value { Masquerade::Bpf } else { Masquerade::Iptables };
        cilium.masquerade = Some(Spanned::new(how, masquerade.span));
    }
    if let Some(acceleration) = word("loadBalancer.acceleration") {
        let how = match acceleration.value {
            "native" => Some(Acceleration::Native),
            "best-effort" => Some(Acceleration::BestEffort),
            _ => None,
        };
        cilium.acceleration =
            how.map(|it| Spanned::new(it, acceleration.span)).or(cilium.acceleration.take());
    }
}

fn talos(talos: &mut Talos, patch: &Node) {
    let truth = |path: &str| patch.at(path).and_then(|it| Some(Spanned::new(it.bool()?, it.span)));
    let off = |path: &str| truth(path).map(|it| Spanned::new(!it.value, it.span));
    let discovery = &mut talos.discovery;
    discovery.enabled = truth("cluster.discovery.enabled").or(discovery.enabled.take());
    let registries = "cluster.discovery.registries";
    discovery.service_registry =
        off(&format!("{registries}.service.disabled")).or(discovery.service_registry.take());
    discovery.kubernetes_registry =
        off(&format!("{registries}.kubernetes.disabled")).or(discovery.kubernetes_registry.take());
    talos.kube_prism = truth("machine.features.kubePrism.enabled").or(talos.kube_prism.take());
    talos.forward_kube_dns_to_host =
        truth("machine.features.hostDNS.forwardKubeDNSToHost").or(talos.forward_kube_dns_to_host.take());
    let subnets: Vec<_> =
        patch.items_at("machine.kubelet.nodeIP.validSubnets").iter().filter_map(read).collect();
    if !subnets.is_empty() {
        talos.node_ip_subnets = Some(subnets);
    }
}

/// A value of one of our types at the end of a path, if it is one.
fn scalar<T: Scalar>(node: &Node, path: &str) -> Option<Spanned<T>> {
    read(node.at(path)?)
}

fn number<T>(node: &Node, path: &str, of: fn(u16) -> T) -> Option<Spanned<T>> {
    let number = node.at(path)?;
    Some(Spanned::new(of(number.printed()?.parse().ok()?), number.span))
}

fn read<T: Scalar>(node: &Node) -> Option<Spanned<T>> {
    Some(Spanned::new(T::parse(&node.printed()?).ok()?, node.span))
}
