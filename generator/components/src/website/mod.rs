//! The website: files, served by nginx without any right it does not need.

mod content;
mod nginx;

pub use content::{Content, of as content};

use crate::{
    Component, Context, Declaration, File, Plan, PodSecurity, Route, Unit, catalogue, placement, route,
};
use model::definition::Website;
use std::collections::BTreeMap;
use tree::{
    Object,
    k8s_openapi::{
        api::{
            apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
            core::v1::{
                Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource,
                HTTPGetAction, KeyToPath, PodSecurityContext, PodSpec, PodTemplateSpec, Probe,
                ResourceRequirements, SeccompProfile, SecurityContext, Service, ServicePort, ServiceSpec,
                TopologySpreadConstraint, Volume, VolumeMount,
            },
            policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
        },
        apimachinery::pkg::{
            api::resource::Quantity,
            apis::meta::v1::{LabelSelector, ObjectMeta},
            util::intstr::IntOrString,
        },
    },
};

pub const COMPONENT: Component = Component { declare, emit };

const NAME: &str = "website";
const PORT: u16 = 8080;
/// nginx's own user in the image.
const USER: i64 = 101;
const CONFIGURATION: &str = "website-nginx";
const CONTENT: &str = "website-content";

fn declare(context: &Context) -> Vec<Declaration> {
    let Some(website) = &context.definition.website else { return Vec::new() };
    let mut unit =
        Declaration::new(NAME, NAME, "website").at(&website.site).since(website.since()).needs("network");
    unit.pod_security = Some(PodSecurity::Restricted);
    unit.routes = website
        .hosts()
        .map(|host| Route {
            host: host.clone(),
            redirect_to: (*host != website.host).then(|| website.host.to_string()),
            service: NAME.into(),
            port: 80,
            ours: true,
        })
        .collect();
    if context.definition.ingress.as_ref().is_some_and(|it| it.since() <= context.phase) {
        unit = unit.needs("ingress");
    }
    if context.definition.certificates_since().is_some_and(|since| since <= context.phase) {
        unit = unit.needs("certificates");
    }
    vec![unit]
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let Some(website) = &plan.definition.website else { return Vec::new() };
    let content = content(plan.files, &website.content);
    let mut files = vec![
        Object::new(&deployment(plan, website, &content)).into(),
        Object::new(&service()).into(),
        route::only_from_ingress(plan, unit, &labels(), PORT).into(),
        File::data(CONFIGURATION, "nginx.conf", nginx::configuration(plan, website, &content)),
    ];
    if website.replicas() > 1 {
        files.push(Object::new(&budget()).into());
    }
    files.extend(route::objects(plan, unit).into_iter().map(File::from));
    files.extend(content.into_iter().map(|it| File::Data {
        config_map: CONTENT.into(),
        key: it.key,
        path: it.stored,
        bytes: it.bytes.to_vec(),
    }));
    files
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app.kubernetes.io/name".to_owned(), NAME.to_owned())])
}

fn selector() -> LabelSelector {
    LabelSelector { match_labels: Some(labels()), ..Default::default() }
}

fn metadata() -> ObjectMeta {
    ObjectMeta {
        name: Some(NAME.into()),
        namespace: Some(NAME.into()),
        labels: Some(labels()),
        ..Default::default()
    }
}

fn deployment(plan: &Plan, website: &Website, content: &[Content]) -> Deployment {
    let replicas = i32::from(website.replicas());
    let mut tolerations = placement::tolerations(plan, &website.site);
    tolerations.extend(placement::outlives_the_tunnel());
    let pod = PodSpec {
        affinity: Some(placement::at_site(plan, &website.site)),
        tolerations: Some(tolerations),
        topology_spread_constraints: (replicas > 1).then(|| {
            vec![TopologySpreadConstraint {
                max_skew: 1,
                topology_key: "kubernetes.io/hostname".into(),
                when_unsatisfiable: "ScheduleAnyway".into(),
                label_selector: Some(selector()),
                ..Default::default()
            }]
        }),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".into(), ..Default::default() }),
            ..Default::default()
        }),
        containers: vec![container()],
        volumes: Some(volumes(content)),
        ..Default::default()
    };
    Deployment {
        metadata: metadata(),
        spec: Some(DeploymentSpec {
            replicas: Some(replicas),
            revision_history_limit: Some(3),
            selector: selector(),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".into()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(1)),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels()), ..Default::default() }),
                spec: Some(pod),
            },
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn container() -> Container {
    let amounts = |list: &[(&str, &str)]| {
        Some(list.iter().map(|(name, amount)| ((*name).to_owned(), Quantity((*amount).into()))).collect())
    };
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.into(),
        mount_path: path.into(),
        read_only: read_only.then_some(true),
        ..Default::default()
    };
    let probe = |period: i32, failures: i32| Probe {
        http_get: Some(HTTPGetAction {
            path: Some("/healthz".into()),
            port: IntOrString::String("http".into()),
            ..Default::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(2),
        failure_threshold: Some(failures),
        ..Default::default()
    };
    Container {
        name: "nginx".into(),
        image: Some(catalogue::NGINX.reference()),
        command: Some(
            ["nginx", "-c", "/etc/nginx/website/nginx.conf", "-g", "daemon off;"].map(Into::into).into(),
        ),
        ports: Some(vec![ContainerPort {
            name: Some("http".into()),
            container_port: PORT.into(),
            ..Default::default()
        }]),
        resources: Some(ResourceRequirements {
            requests: amounts(&[("cpu", "10m"), ("memory", "32Mi")]),
            limits: amounts(&[("memory", "96Mi")]),
            ..Default::default()
        }),
        startup_probe: Some(probe(1, 30)),
        readiness_probe: Some(probe(5, 3)),
        liveness_probe: Some(probe(20, 3)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), ..Default::default() }),
            ..Default::default()
        }),
        volume_mounts: Some(vec![
            mount("configuration", "/etc/nginx/website", true),
            mount("content", nginx::ROOT, true),
            mount("cache", "/var/cache/nginx", false),
            mount("temporary", "/tmp", false),
        ]),
        ..Default::default()
    }
}

fn volumes(content: &[Content]) -> Vec<Volume> {
    let config_map = |name: &str, config_map: &str, items: Option<Vec<KeyToPath>>| Volume {
        name: name.into(),
        config_map: Some(ConfigMapVolumeSource { name: config_map.into(), items, ..Default::default() }),
        ..Default::default()
    };
    let empty = |name: &str| Volume {
        name: name.into(),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(Quantity("16Mi".into())),
            ..Default::default()
        }),
        ..Default::default()
    };
    // A key has no folders; the volume puts each file back where it was.
    let items = content
        .iter()
        .map(|it| KeyToPath { key: it.key.clone(), path: it.path.to_owned(), ..Default::default() })
        .collect();
    vec![
        config_map("configuration", CONFIGURATION, None),
        config_map("content", CONTENT, Some(items)),
        empty("cache"),
        empty("temporary"),
    ]
}

fn service() -> Service {
    Service {
        metadata: metadata(),
        spec: Some(ServiceSpec {
            selector: Some(labels()),
            ports: Some(vec![ServicePort {
                name: Some("http".into()),
                port: 80,
                target_port: Some(IntOrString::String("http".into())),
                ..Default::default()
            }]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn budget() -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: metadata(),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(selector()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    fn app(definition: &str, name: &str) -> String {
        file(definition, Phase::Services, &format!("apps/website/website/app/{name}"))
    }

    #[test]
    fn its_pods_have_no_right_they_do_not_need() {
        assert_snapshot!(app(SMALL, "deployment.yaml"), @"
        # Generated from clusters/small/cluster.yaml (website); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: website
          namespace: website
          labels:
            app.kubernetes.io/name: website
        spec:
          replicas: 1
          revisionHistoryLimit: 3
          selector:
            matchLabels:
              app.kubernetes.io/name: website
          strategy:
            type: RollingUpdate
            rollingUpdate:
              maxSurge: 1
              maxUnavailable: 0
          template:
            metadata:
              labels:
                app.kubernetes.io/name: website
            spec:
              affinity:
                nodeAffinity:
                  requiredDuringSchedulingIgnoredDuringExecution:
                    nodeSelectorTerms:
                      - matchExpressions:
                          - key: example.org/site
                            operator: In
                            values:
                              - vps
              automountServiceAccountToken: false
              containers:
                - name: nginx
                  command:
                    - nginx
                    - -c
                    - /etc/nginx/website/nginx.conf
                    - -g
                    - daemon off;
                  image: docker.io/nginxinc/nginx-unprivileged:1.31.6-alpine@sha256:b54ac358b83fc6c965793fd271839b4ea4cdb6e99895bb19618cbc2ca152d972
                  livenessProbe:
                    failureThreshold: 3
                    httpGet:
                      path: /healthz
                      port: http
                    periodSeconds: 20
                    timeoutSeconds: 2
                  ports:
                    - name: http
                      containerPort: 8080
                  readinessProbe:
                    failureThreshold: 3
                    httpGet:
                      path: /healthz
                      port: http
                    periodSeconds: 5
                    timeoutSeconds: 2
                  resources:
                    limits:
                      memory: 96Mi
                    requests:
                      cpu: 10m
                      memory: 32Mi
                  securityContext:
                    allowPrivilegeEscalation: false
                    capabilities:
                      drop:
                        - ALL
                    readOnlyRootFilesystem: true
                  startupProbe:
                    failureThreshold: 30
                    httpGet:
                      path: /healthz
                      port: http
                    periodSeconds: 1
                    timeoutSeconds: 2
                  volumeMounts:
                    - name: configuration
                      mountPath: /etc/nginx/website
                      readOnly: true
                    - name: content
                      mountPath: /srv/website
                      readOnly: true
                    - name: cache
                      mountPath: /var/cache/nginx
                    - name: temporary
                      mountPath: /tmp
              enableServiceLinks: false
              securityContext:
                fsGroup: 101
                runAsGroup: 101
                runAsNonRoot: true
                runAsUser: 101
                seccompProfile:
                  type: RuntimeDefault
              tolerations:
                - effect: NoExecute
                  key: node.kubernetes.io/not-ready
                  operator: Exists
                - effect: NoExecute
                  key: node.kubernetes.io/unreachable
                  operator: Exists
              volumes:
                - name: configuration
                  configMap:
                    name: website-nginx
                - name: content
                  configMap:
                    name: website-content
                    items:
                      - key: index.html
                        path: index.html
                - name: cache
                  emptyDir:
                    sizeLimit: 16Mi
                - name: temporary
                  emptyDir:
                    sizeLimit: 16Mi
        ");
        assert_snapshot!(app(SMALL, "networkpolicy.yaml"), @"
        # Generated from clusters/small/cluster.yaml (website); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: website
          namespace: website
        spec:
          ingress:
            - from:
                - namespaceSelector:
                    matchLabels:
                      kubernetes.io/metadata.name: ingress
              ports:
                - port: 8080
                  protocol: TCP
          podSelector:
            matchLabels:
              app.kubernetes.io/name: website
          policyTypes:
            - Ingress
            - Egress
        ");
    }

    #[test]
    fn its_way_in() {
        let definition =
            edit(SMALL, "www.example.org, site", "www.example.org, aliases: [example.org], site");
        assert_snapshot!(app(&definition, "ingress.yaml"), @r#"
        # Generated from clusters/small/cluster.yaml (website); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: website
          namespace: website
          annotations:
            external-dns.kubernetes.io/target: "198.51.99.10"
        spec:
          ingressClassName: traefik
          rules:
            - host: www.example.org
              http:
                paths:
                  - backend:
                      service:
                        name: website
                        port:
                          number: 80
                    path: /
                    pathType: Prefix
            - host: example.org
              http:
                paths:
                  - backend:
                      service:
                        name: website
                        port:
                          number: 80
                    path: /
                    pathType: Prefix
          tls:
            - hosts:
                - www.example.org
                - example.org
              secretName: website-tls
        "#);
        assert_snapshot!(app(&definition, "certificate.yaml"), @"
        # Generated from clusters/small/cluster.yaml (website); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata:
          name: website
          namespace: website
        spec:
          secretName: website-tls
          dnsNames:
            - www.example.org
            - example.org
          issuerRef:
            kind: ClusterIssuer
            name: letsencrypt-staging
            group: cert-manager.io
          privateKey:
            algorithm: ECDSA
            size: 256
            rotationPolicy: Always
        ");
    }

    #[test]
    fn an_alias_is_sent_on_by_the_gateway() {
        let definition =
            edit(SMALL, "www.example.org, site", "www.example.org, aliases: [example.org], site");
        let definition = edit(&definition, "controller: traefik", "controller: cilium-gateway");
        assert_snapshot!(app(&definition, "httproute-example.org.yaml"), @"
        # Generated from clusters/small/cluster.yaml (website); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata:
          name: website-example.org
          namespace: website
        spec:
          parentRefs:
            - name: gateway
              namespace: ingress
              sectionName: https.example.org
          hostnames:
            - example.org
          rules:
            - filters:
                - type: RequestRedirect
                  requestRedirect:
                    scheme: https
                    hostname: www.example.org
                    statusCode: 301
        ");
        assert_snapshot!(app(&definition, "ciliumnetworkpolicy.yaml"), @r#"
        # Generated from clusters/small/cluster.yaml (website); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        metadata:
          name: website
          namespace: website
        spec:
          endpointSelector:
            matchLabels:
              app.kubernetes.io/name: website
          ingress:
            - fromEntities:
                - ingress
              toPorts:
                - ports:
                    - port: "8080"
                      protocol: TCP
          egress:
            - {}
        "#);
    }
}
