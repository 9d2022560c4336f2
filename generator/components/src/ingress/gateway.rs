//! Cilium's Gateway API: the types it needs, and a Gateway with a listener for every name that is served.
//!
//! Envoy itself comes with Cilium and runs on the nodes of the site; GatewayClass `cilium` does, too.

use super::{NAMESPACE, declaration};
use crate::{Component, Context, Declaration, File, Plan, PodSecurity, Unit, catalogue, hosts, route};
use model::definition::Controller;
use std::collections::BTreeMap;
use tree::{
    Object,
    k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    resources::{
        flux::{GitRef, GitRepository, GitRepositorySpec},
        gateway::{
            AllowedRoutes, CertificateRef, Filter, FromNamespaces, Gateway, GatewaySpec, HttpRoute,
            HttpRouteSpec, Listener, ParentRef, Protocol, RequestRedirect, RouteNamespaces, Rule, Scheme,
            Tls,
        },
    },
};

pub const GATEWAY_API: Component = Component { declare: declare_types, emit: emit_types };
pub const GATEWAY: Component = Component { declare, emit };

const SOURCE: &str = "gateway-api-source";
const TYPES: &str = "gateway-api";

/// The types come from their own repository: a GitRepository, and a Kustomization of a directory in it.
fn declare_types(context: &Context) -> Vec<Declaration> {
    if declaration(context, Controller::CiliumGateway).is_none() {
        return Vec::new();
    }
    let mut source = Declaration::new(SOURCE, "flux-system", "ingress");
    source.pod_security = None;
    let mut types = Declaration::new(TYPES, "flux-system", "ingress").needs(SOURCE);
    types.pod_security = None;
    // Without the types, every Gateway and route of the cluster would go.
    types.holds_data = true;
    types.adopted = Some(("./config/crd".into(), TYPES.into()));
    vec![source, types]
}

fn emit_types(_: &Plan, unit: &Unit) -> Vec<File> {
    if unit.name != SOURCE {
        return Vec::new();
    }
    let source = GitRepository {
        metadata: ObjectMeta {
            name: Some(TYPES.into()),
            namespace: Some(unit.namespace.clone()),
            ..Default::default()
        },
        spec: GitRepositorySpec {
            interval: "24h".into(),
            url: "https://github.com/kubernetes-sigs/gateway-api".into(),
            reference: Some(GitRef { tag: Some(catalogue::GATEWAY_API_TAG.into()), ..Default::default() }),
            // Nothing else of the repository is needed in the cluster.
            ignore: Some("/*\n!/config\n/config/*\n!/config/crd\n".into()),
            ..Default::default()
        },
    };
    vec![Object::new(&source).into()]
}

fn declare(context: &Context) -> Vec<Declaration> {
    let Some((_, mut unit)) = declaration(context, Controller::CiliumGateway) else { return Vec::new() };
    // It has no pods of its own.
    unit.pod_security = Some(PodSecurity::Restricted);
    vec![unit.needs(TYPES)]
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let Some(ingress) = &plan.definition.ingress else { return Vec::new() };
    let secure = plan.provides("default-certificate");
    let redirect = secure && ingress.redirect_to_https();
    // Only the redirect may have the plain listener: a route of an app with its own host would win over it.
    let mut listeners = vec![listener("http", None, redirect)];
    if secure {
        let names = hosts::certificate_names(plan.definition, plan.phase);
        listeners.extend(names.iter().map(|name| listener(&hosts::listener(name), Some(name), false)));
    }
    let gateway = Gateway {
        metadata: ObjectMeta { annotations: route::targets(plan), ..metadata(unit, &unit.name) },
        spec: GatewaySpec { gateway_class_name: "cilium".into(), listeners, ..Default::default() },
    };
    let mut files = vec![Object::new(&gateway).into()];
    if redirect {
        files.push(to_https(unit).into());
    }
    files
}

fn listener(name: &str, host: Option<&str>, own: bool) -> Listener {
    let from = if own { FromNamespaces::Same } else { FromNamespaces::All };
    let certificate = CertificateRef { name: "default-certificate".into(), ..Default::default() };
    Listener {
        name: name.into(),
        hostname: host.map(str::to_owned),
        port: if host.is_some() { 443 } else { 80 },
        protocol: if host.is_some() { Protocol::Https } else { Protocol::Http },
        tls: host.map(|_| Tls { certificate_refs: vec![certificate], ..Default::default() }),
        allowed_routes: Some(AllowedRoutes {
            namespaces: Some(RouteNamespaces { from, selector: None }),
            ..Default::default()
        }),
    }
}

fn to_https(unit: &Unit) -> Object {
    let request_redirect =
        RequestRedirect { scheme: Some(Scheme::Https), status_code: Some(301), ..Default::default() };
    Object::new(&HttpRoute {
        metadata: metadata(unit, "https-redirect"),
        spec: HttpRouteSpec {
            parent_refs: vec![ParentRef {
                name: unit.name.clone(),
                section_name: Some("http".into()),
                ..Default::default()
            }],
            rules: vec![Rule {
                filters: vec![Filter::RequestRedirect { request_redirect }],
                ..Default::default()
            }],
            ..Default::default()
        },
    })
}

fn metadata(unit: &Unit, name: &str) -> ObjectMeta {
    let annotations: Option<BTreeMap<String, String>> = None;
    ObjectMeta {
        name: Some(name.into()),
        namespace: Some(NAMESPACE.into()),
        annotations,
        labels: Some(BTreeMap::from([("app.kubernetes.io/name".to_owned(), unit.name.clone())])),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    fn gateway() -> String {
        edit(SMALL, "controller: traefik", "controller: cilium-gateway")
    }

    #[test]
    fn a_listener_for_every_host() {
        assert_snapshot!(file(&gateway(), Phase::Cleanup, "apps/ingress/gateway/app/gateway.yaml"), @r#"
        # Generated from clusters/small/cluster.yaml (ingress); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata:
          name: gateway
          namespace: ingress
          annotations:
            external-dns.kubernetes.io/target: "198.51.99.10"
          labels:
            app.kubernetes.io/name: gateway
        spec:
          gatewayClassName: cilium
          listeners:
            - name: http
              port: 80
              protocol: HTTP
              allowedRoutes:
                namespaces:
                  from: Same
            - name: https.git.example.org
              hostname: git.example.org
              port: 443
              protocol: HTTPS
              tls:
                certificateRefs:
                  - name: default-certificate
              allowedRoutes:
                namespaces:
                  from: All
            - name: https.www.example.org
              hostname: www.example.org
              port: 443
              protocol: HTTPS
              tls:
                certificateRefs:
                  - name: default-certificate
              allowedRoutes:
                namespaces:
                  from: All
        "#);
    }

    #[test]
    fn plain_http_until_there_are_certificates() {
        let gateway = file(&gateway(), Phase::Ingress, "apps/ingress/gateway/app/gateway.yaml");
        let (_, listeners) = gateway.split_once("listeners:\n").expect("a Gateway has listeners");
        assert_snapshot!(listeners, @"
        - name: http
          port: 80
          protocol: HTTP
          allowedRoutes:
            namespaces:
              from: All
        ");
    }

    #[test]
    fn the_types_come_before_cilium_looks_for_them() {
        assert_snapshot!(file(&gateway(), Phase::Prerequisites, "apps/kube-system/cilium/ks.yaml"), @"
        # Generated from clusters/small/cluster.yaml (cni.cilium); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata:
          name: cilium
          namespace: flux-system
        spec:
          dependsOn:
            - name: gateway-api
          interval: 1h
          retryInterval: 2m
          timeout: 12m
          sourceRef:
            kind: GitRepository
            name: flux-system
          path: ./clusters/small/generated/apps/kube-system/cilium/app
          prune: false
          wait: true
        ");
        assert_snapshot!(file(&gateway(), Phase::Prerequisites, "apps/flux-system/gateway-api/ks.yaml"), @"
        # Generated from clusters/small/cluster.yaml (ingress); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata:
          name: gateway-api
          namespace: flux-system
        spec:
          dependsOn:
            - name: gateway-api-source
          interval: 1h
          retryInterval: 2m
          timeout: 5m
          sourceRef:
            kind: GitRepository
            name: gateway-api
          path: ./config/crd
          prune: false
          wait: true
        ");
    }
}
