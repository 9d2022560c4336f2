//! Traefik, by its own chart.

use super::{addresses, class, declaration, host_network, tolerations};
use crate::{
    Component, Context, Declaration, File, Plan, Unit, catalogue,
    helm::{self, UNIT_TIMEOUT},
    placement,
};
use model::{
    Phase,
    definition::{Controller, Ingress},
};
use serde_json::{Value, json};
use tree::{
    Object,
    k8s_openapi::{
        api::networking::v1::{IngressClass, IngressClassSpec},
        apimachinery::pkg::apis::meta::v1::ObjectMeta,
    },
};

pub const TRAEFIK: Component = Component { declare, emit };

fn declare(context: &Context) -> Vec<Declaration> {
    let unit = declaration(context, Controller::Traefik);
    unit.map(|(_, unit)| Declaration { timeout: UNIT_TIMEOUT.into(), ..unit }).into_iter().collect()
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let Some(ingress) = &plan.definition.ingress else { return Vec::new() };
    let mut files = helm::release(plan, unit, &catalogue::TRAEFIK, values(plan, ingress));
    if nginx_class(ingress) && class(ingress) != "nginx" && plan.phase == Phase::Cleanup {
        files.push(nginx().into());
    }
    files
}

fn nginx_class(ingress: &Ingress) -> bool {
    ingress.nginx_class.as_ref().is_some_and(|it| it.value)
}

/// The class that ingress-nginx's own chart took away with it.
fn nginx() -> Object {
    Object::new(&IngressClass {
        metadata: ObjectMeta { name: Some("nginx".into()), ..Default::default() },
        spec: Some(IngressClassSpec { controller: Some("k8s.io/ingress-nginx".into()), ..Default::default() }),
    })
}

fn values(plan: &Plan, ingress: &Ingress) -> Value {
    let addresses = addresses(plan);
    let first = addresses.first().map_or("", String::as_str);
    let mut values = json!({
        "image": { "tag": catalogue::TRAEFIK_IMAGE.tag, "digest": catalogue::TRAEFIK_IMAGE.digest },
        "deployment": { "kind": "DaemonSet" },
        // A second pod could not have the same ports: the old one goes first.
        "updateStrategy": {
            "type": "RollingUpdate",
            "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 },
        },
        "service": { "enabled": false },
        "ingressClass": { "enabled": true, "isDefaultClass": true, "name": class(ingress) },
        "providers": {
            "kubernetesCRD": { "enabled": true },
            "kubernetesIngress": {
                "enabled": true,
                "ingressClass": class(ingress),
                // Traefik writes one address; a further one stands in our own Ingresses as external-dns' target.
                "ingressEndpoint": { "ip": first },
                "publishedService": { "enabled": false },
            },
        },
        "ports": ports(ingress),
        "api": { "dashboard": false },
        "global": { "checkNewVersion": false, "sendAnonymousUsage": false },
        "log": { "format": "json", "level": "INFO" },
        "accessLog": { "enabled": true, "format": "json" },
        "metrics": { "prometheus": { "entryPoint": "metrics" } },
        "tlsOptions": { "default": { "minVersion": "VersionTLS12" } },
        "affinity": placement::at_site_value(plan, &ingress.site),
        "tolerations": tolerations(plan, ingress),
        "priorityClassName": "system-cluster-critical",
        "resources": { "requests": { "cpu": "50m", "memory": "128Mi" }, "limits": { "memory": "512Mi" } },
    });
    if nginx_class(ingress) {
        values["providers"]["kubernetesIngressNGINX"] =
            json!({ "enabled": true, "publishStatusAddress": first });
    }
    if plan.provides("default-certificate") {
        values["tlsStore"] = json!({ "default": { "defaultCertificate": { "secretName": "default-certificate" } } });
    }
    if host_network(ingress) {
        helm::merge(&mut values, &on_the_node());
    }
    values
}

fn ports(ingress: &Ingress) -> Value {
    // Behind `hostPort`, high ports will do and no capability is needed.
    let (web, secure) = if host_network(ingress) { (80, 443) } else { (8000, 8443) };
    let mut ports = json!({
        "web": { "port": web, "hostPort": 80, "exposedPort": 80 },
        "websecure": { "port": secure, "hostPort": 443, "exposedPort": 443 },
    });
    if ingress.redirect_to_https() {
        let redirection = json!({ "to": "websecure", "scheme": "https", "permanent": true });
        ports["web"]["http"] = json!({ "redirections": { "entryPoint": redirection } });
    }
    if ingress.http3() {
        ports["websecure"]["http3"] = json!({ "enabled": true, "advertisedPort": 443 });
    }
    ports
}

/// On the node's own network. A user other than root would lose the capability when Traefik starts, as the
/// container runtime sets no ambient ones; so Traefik is root there, with nothing but this one capability.
fn on_the_node() -> Value {
    json!({
        "hostNetwork": true,
        "deployment": { "dnsPolicy": "ClusterFirstWithHostNet" },
        // Not the internet's business, and 9100 is the node exporter's.
        "ports": { "traefik": { "hostIP": "127.0.0.1" }, "metrics": { "port": 9101 } },
        "podSecurityContext": { "runAsGroup": 0, "runAsNonRoot": false, "runAsUser": 0 },
        "securityContext": { "capabilities": { "drop": ["ALL"], "add": ["NET_BIND_SERVICE"] } },
    })
}
