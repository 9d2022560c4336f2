//! Traefik, by its own chart.

use super::{addresses, class, declaration, host_network, tolerations};
use crate::{
    Component, Context, Declaration, File, Plan, Unit, catalogue,
    helm::{self, UNIT_TIMEOUT},
    placement,
};
use model::definition::{Controller, Ingress};
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
    if nginx_class(ingress) && class(ingress) != "nginx" && !others(plan, unit) {
        files.push(nginx().into());
    }
    files
}

fn nginx_class(ingress: &Ingress) -> bool {
    ingress.nginx_class.as_ref().is_some_and(|it| it.value)
}

/// Whether something else is an ingress in this phase: ingress-nginx, which brings the class `nginx` itself.
fn others(plan: &Plan, unit: &Unit) -> bool {
    let ingress = |it: &&Unit| it.name != unit.name && it.provides.iter().any(|what| what == "ingress");
    plan.units.values().any(|it| ingress(&it))
}

/// The class that ingress-nginx's own chart takes away with it. Where Helm does so after Flux has applied this
/// one, it is back when the Kustomization is next reconciled.
fn nginx() -> Object {
    Object::new(&IngressClass {
        metadata: ObjectMeta { name: Some("nginx".into()), ..Default::default() },
        spec: Some(IngressClassSpec {
            controller: Some("k8s.io/ingress-nginx".into()),
            ..Default::default()
        }),
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
        values["tlsStore"] =
            json!({ "default": { "defaultCertificate": { "secretName": "default-certificate" } } });
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

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    const PATH: &str = "apps/ingress/traefik/app/helmrelease.yaml";

    #[test]
    fn behind_host_ports() {
        assert_snapshot!(file(SMALL, Phase::Cleanup, PATH), @r#"
        # Generated from clusters/small/cluster.yaml (ingress); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata:
          name: traefik
          namespace: ingress
        spec:
          interval: 1h
          timeout: 10m
          chartRef:
            kind: OCIRepository
            name: traefik
          install:
            crds: CreateReplace
            strategy:
              name: RetryOnFailure
              retryInterval: 2m
          upgrade:
            crds: CreateReplace
            strategy:
              name: RetryOnFailure
              retryInterval: 2m
          values:
            image:
              tag: v3.7.11
              digest: sha256:5203c3f39ca70de6790d964624e042463ffbd57715bc82be155cf224c0dd5144
            deployment:
              kind: DaemonSet
            updateStrategy:
              type: RollingUpdate
              rollingUpdate:
                maxUnavailable: 1
                maxSurge: 0
            service:
              enabled: false
            ingressClass:
              name: traefik
              enabled: true
              isDefaultClass: true
            providers:
              kubernetesCRD:
                enabled: true
              kubernetesIngress:
                enabled: true
                ingressClass: traefik
                ingressEndpoint:
                  ip: "198.51.99.10"
                publishedService:
                  enabled: false
            ports:
              web:
                port: 8000
                hostPort: 80
                exposedPort: 80
                http:
                  redirections:
                    entryPoint:
                      to: websecure
                      scheme: https
                      permanent: true
              websecure:
                port: 8443
                hostPort: 443
                exposedPort: 443
            api:
              dashboard: false
            global:
              checkNewVersion: false
              sendAnonymousUsage: false
            log:
              format: json
              level: INFO
            accessLog:
              enabled: true
              format: json
            metrics:
              prometheus:
                entryPoint: metrics
            tlsOptions:
              default:
                minVersion: VersionTLS12
            affinity:
              nodeAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  nodeSelectorTerms:
                    - matchExpressions:
                        - key: example.org/site
                          operator: In
                          values:
                            - vps
            tolerations:
              - effect: NoExecute
                key: node.kubernetes.io/not-ready
                operator: Exists
              - effect: NoExecute
                key: node.kubernetes.io/unreachable
                operator: Exists
            priorityClassName: system-cluster-critical
            resources:
              requests:
                cpu: 50m
                memory: 128Mi
              limits:
                memory: 512Mi
            tlsStore:
              default:
                defaultCertificate:
                  secretName: default-certificate
        "#);
    }

    #[test]
    fn on_the_nodes_own_network_with_http3() {
        let definition = edit(
            SMALL,
            "controller: traefik, site: vps",
            "controller: traefik, site: vps, exposure: hostNetwork, http3: true, redirectToHttps: false",
        );
        let values = file(&definition, Phase::Ingress, PATH);
        let (_, ports) = values.split_once("    ports:\n").expect("the release has ports");
        assert_snapshot!(ports, @r#"
          web:
            port: 80
            hostPort: 80
            exposedPort: 80
          websecure:
            port: 443
            hostPort: 443
            exposedPort: 443
            http3:
              enabled: true
              advertisedPort: 443
          traefik:
            hostIP: "127.0.0.1"
          metrics:
            port: 9101
        api:
          dashboard: false
        global:
          checkNewVersion: false
          sendAnonymousUsage: false
        log:
          format: json
          level: INFO
        accessLog:
          enabled: true
          format: json
        metrics:
          prometheus:
            entryPoint: metrics
        tlsOptions:
          default:
            minVersion: VersionTLS12
        affinity:
          nodeAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
              nodeSelectorTerms:
                - matchExpressions:
                    - key: example.org/site
                      operator: In
                      values:
                        - vps
        tolerations:
          - effect: NoExecute
            key: node.kubernetes.io/not-ready
            operator: Exists
          - effect: NoExecute
            key: node.kubernetes.io/unreachable
            operator: Exists
        priorityClassName: system-cluster-critical
        resources:
          requests:
            cpu: 50m
            memory: 128Mi
          limits:
            memory: 512Mi
        hostNetwork: true
        podSecurityContext:
          runAsGroup: 0
          runAsNonRoot: false
          runAsUser: 0
        securityContext:
          capabilities:
            drop:
              - ALL
            add:
              - NET_BIND_SERVICE
        "#);
    }
}
