//! What a route becomes: an Ingress or HTTPRoute, and its certificate.

use crate::{Plan, Route, Unit, hosts};
use model::definition::{Certificates, Controller, Exposure, Ingress};
use std::collections::BTreeMap;
use tree::{
    Object,
    k8s_openapi::{
        api::networking::v1::{
            HTTPIngressPath, HTTPIngressRuleValue, Ingress as IngressObject, IngressBackend, IngressRule,
            IngressServiceBackend, IngressSpec, IngressTLS, NetworkPolicy, NetworkPolicyIngressRule,
            NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec, ServiceBackendPort,
        },
        apimachinery::pkg::{
            apis::meta::v1::{LabelSelector, ObjectMeta},
            util::intstr::IntOrString,
        },
    },
    resources::{
        cert_manager::{
            Algorithm, Certificate, CertificateSpec, IssuerKind, IssuerRef, PrivateKey, RotationPolicy,
        },
        cilium::{
            CiliumNetworkPolicy, CiliumNetworkPolicySpec, EgressRule, Entity, IngressRule as PolicyRule,
            PortProtocol, PortRule,
        },
        gateway::{BackendRef, Filter, HttpRoute, HttpRouteSpec, ParentRef, RequestRedirect, Rule, Scheme},
    },
};

const INGRESS_NAMESPACE: &str = "ingress";

/// What the routes of a unit become that we write for it. Nothing where the cluster has no ingress.
///
/// With an Ingress, hosts that are sent on go to the same Service, which sends them on itself: each controller has
/// its own annotation for that, and an answer of the Service works with all of them.
pub fn objects(plan: &Plan, unit: &Unit) -> Vec<Object> {
    let routes: Vec<&Route> = unit.routes.iter().filter(|route| route.ours).collect();
    let Some(ingress) =
        plan.definition.ingress.as_ref().filter(|_| !routes.is_empty() && plan.provides("ingress"))
    else {
        return Vec::new();
    };
    if ingress.controller.value == Controller::CiliumGateway {
        return routes.iter().map(|route| http_route(plan, unit, route)).collect();
    }
    let wildcard = plan.definition.certificates.as_ref().is_some_and(Certificates::wildcard);
    let names: Vec<String> = routes.iter().map(|route| route.host.to_string()).collect();
    // With a wildcard the controller's default certificate covers these hosts.
    let own = if wildcard { None } else { certificate(plan, unit, &unit.name, &secret(unit), names) };
    let object = ingress_object(plan, unit, ingress, &routes, own.is_some());
    own.into_iter().chain([object]).collect()
}

/// A certificate of the issuer in use, while certificates can be had at all.
pub fn certificate(plan: &Plan, unit: &Unit, name: &str, secret: &str, names: Vec<String>) -> Option<Object> {
    let certificates = plan.definition.certificates.as_ref()?;
    if names.is_empty() || !plan.provides("certificates") {
        return None;
    }
    Some(Object::new(&Certificate {
        metadata: metadata(unit, name),
        spec: CertificateSpec {
            secret_name: secret.into(),
            dns_names: names,
            issuer_ref: IssuerRef {
                group: Some("cert-manager.io".into()),
                kind: Some(IssuerKind::ClusterIssuer),
                name: certificates.environment.issuer().into(),
            },
            private_key: Some(PrivateKey {
                algorithm: Some(Algorithm::Ecdsa),
                size: Some(256),
                rotation_policy: Some(RotationPolicy::Always),
            }),
            ..Default::default()
        },
    }))
}

/// The annotation that says which addresses external-dns writes for a host.
pub fn targets(plan: &Plan) -> Option<BTreeMap<String, String>> {
    let external_dns = plan.definition.dns.as_ref()?.external_dns.as_ref()?;
    let ips: Vec<String> = plan.ingress_ips().iter().map(ToString::to_string).collect();
    (!ips.is_empty())
        .then(|| BTreeMap::from([(format!("{}target", external_dns.annotation_prefix()), ips.join(","))]))
}

/// Lets the ingress reach a port of the unit's pods, and nobody else; and lets the pods reach nothing.
pub fn only_from_ingress(plan: &Plan, unit: &Unit, pods: &BTreeMap<String, String>, port: u16) -> Object {
    let entities = plan.definition.ingress.as_ref().and_then(|ingress| match ingress.controller.value {
        Controller::CiliumGateway => Some(vec![Entity::Ingress]),
        // A pod on the node's own network has no label that a NetworkPolicy could name.
        _ if ingress.exposure() == Exposure::HostNetwork => Some(vec![Entity::Host, Entity::RemoteNode]),
        _ => None,
    });
    if let Some(from_entities) = entities {
        let ports = vec![PortProtocol { port: port.to_string(), protocol: Some("TCP".into()) }];
        return Object::new(&CiliumNetworkPolicy {
            metadata: metadata(unit, &unit.name),
            spec: CiliumNetworkPolicySpec {
                endpoint_selector: LabelSelector { match_labels: Some(pods.clone()), ..Default::default() },
                ingress: vec![PolicyRule { from_entities, to_ports: vec![PortRule { ports }] }],
                egress: vec![EgressRule::default()],
            },
        });
    }
    let namespace =
        BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), INGRESS_NAMESPACE.to_owned())]);
    let from_ingress = NetworkPolicyIngressRule {
        from: Some(vec![NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector { match_labels: Some(namespace), ..Default::default() }),
            ..Default::default()
        }]),
        ports: Some(vec![NetworkPolicyPort {
            port: Some(IntOrString::Int(port.into())),
            protocol: Some("TCP".into()),
            ..Default::default()
        }]),
    };
    Object::new(&NetworkPolicy {
        metadata: metadata(unit, &unit.name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector { match_labels: Some(pods.clone()), ..Default::default() }),
            policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
            ingress: Some(vec![from_ingress]),
            ..Default::default()
        }),
    })
}

fn secret(unit: &Unit) -> String {
    format!("{}-tls", unit.name)
}

fn ingress_object(plan: &Plan, unit: &Unit, ingress: &Ingress, routes: &[&Route], own: bool) -> Object {
    let class = ingress.class.as_ref().map_or_else(|| ingress.controller.name().into(), ToString::to_string);
    let rule = |route: &&Route| IngressRule {
        host: Some(route.host.to_string()),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                path: Some("/".into()),
                path_type: "Prefix".into(),
                backend: IngressBackend {
                    service: Some(IngressServiceBackend {
                        name: route.service.clone(),
                        port: Some(ServiceBackendPort {
                            number: Some(route.port.into()),
                            ..Default::default()
                        }),
                    }),
                    ..Default::default()
                },
            }],
        }),
    };
    let tls = IngressTLS {
        hosts: Some(routes.iter().map(|route| route.host.to_string()).collect()),
        secret_name: own.then(|| secret(unit)),
    };
    let covered = own || plan.provides("default-certificate");
    Object::new(&IngressObject {
        metadata: ObjectMeta { annotations: targets(plan), ..metadata(unit, &unit.name) },
        spec: Some(IngressSpec {
            ingress_class_name: Some(class),
            tls: covered.then(|| vec![tls]),
            rules: Some(routes.iter().map(rule).collect()),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn http_route(plan: &Plan, unit: &Unit, route: &Route) -> Object {
    let names = hosts::certificate_names(plan.definition, plan.phase);
    let secure = plan.provides("default-certificate");
    let listener = hosts::covering(&names, &route.host).filter(|_| secure).map(|name| hosts::listener(name));
    let rule = match &route.redirect_to {
        Some(host) => Rule {
            filters: vec![Filter::RequestRedirect {
                request_redirect: RequestRedirect {
                    scheme: secure.then_some(Scheme::Https),
                    hostname: Some(host.clone()),
                    status_code: Some(301),
                    ..Default::default()
                },
            }],
            ..Default::default()
        },
        None => Rule {
            backend_refs: vec![BackendRef {
                name: route.service.clone(),
                port: Some(route.port),
                ..Default::default()
            }],
            ..Default::default()
        },
    };
    let name =
        if route.redirect_to.is_none() { unit.name.clone() } else { format!("{}-{}", unit.name, route.host) };
    Object::new(&HttpRoute {
        metadata: metadata(unit, &name),
        spec: HttpRouteSpec {
            parent_refs: vec![ParentRef {
                name: Controller::CiliumGateway.name().into(),
                namespace: Some(INGRESS_NAMESPACE.into()),
                section_name: Some(listener.unwrap_or_else(|| "http".into())),
                ..Default::default()
            }],
            hostnames: vec![route.host.to_string()],
            rules: vec![rule],
        },
    })
}

fn metadata(unit: &Unit, name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.into()), namespace: Some(unit.namespace.clone()), ..Default::default() }
}
