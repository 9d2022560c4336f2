//! Each kind as it prints, and back.

use super::*;
use crate::print_documents;
use cert_manager::*;
use cilium::*;
use flux::{
    ChartTemplate, ChartTemplateSpec, CrdsPolicy, Decryption, DecryptionProvider, Dependency, GitRef,
    GitRepository, GitRepositorySpec, HelmRelease, HelmReleaseSpec, HelmRepository, HelmRepositorySpec,
    HelmRepositoryType, Install, Kustomization, KustomizationSpec, LayerSelector, LocalRef, OciRef,
    OciRepository, OciRepositorySpec, Remediation, SourceRef, Strategy, StrategyName, Upgrade,
};
use insta::assert_snapshot;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use metallb::*;
use serde_json::json;

/// Prints, and reads back what was printed.
fn show(typed: &impl Serialize) -> String {
    let object = Object::new(typed);
    let read = known(object.api_version(), object.kind()).expect("a known kind");
    read(object.value()).expect("the document is its type");
    let yaml = print_documents("", "", &[&object]);
    yaml.split_once("---\n").expect("a header").1.into()
}

fn labels(key: &str, value: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(BTreeMap::from([(key.into(), value.into())])),
        ..LabelSelector::default()
    }
}

#[test]
fn flux_kustomization() {
    let spec = KustomizationSpec {
        depends_on: vec![Dependency { name: "cert-manager".into(), ..Default::default() }],
        interval: "1h".into(),
        retry_interval: Some("2m".into()),
        timeout: Some("3m".into()),
        source_ref: SourceRef { name: "flux-system".into(), ..Default::default() },
        path: "./clusters/home/generated/apps/dns/powerdns/app".into(),
        prune: true,
        wait: Some(true),
        decryption: Some(Decryption {
            provider: DecryptionProvider::Sops,
            secret_ref: Some(LocalRef { name: "sops-age".into() }),
        }),
        ..Default::default()
    };
    assert_snapshot!(show(&Kustomization::new("powerdns", spec)), @"
    apiVersion: kustomize.toolkit.fluxcd.io/v1
    kind: Kustomization
    metadata:
      name: powerdns
    spec:
      dependsOn:
        - name: cert-manager
      interval: 1h
      retryInterval: 2m
      timeout: 3m
      sourceRef:
        kind: GitRepository
        name: flux-system
      path: ./clusters/home/generated/apps/dns/powerdns/app
      prune: true
      wait: true
      decryption:
        provider: sops
        secretRef:
          name: sops-age
    ");
}

#[test]
fn flux_sources() {
    let git = GitRepositorySpec {
        interval: "1m".into(),
        url: "ssh://git@example.com/cluster.git".into(),
        reference: Some(GitRef { branch: Some("main".into()), ..Default::default() }),
        secret_ref: Some(LocalRef { name: "flux-system".into() }),
        ..Default::default()
    };
    let oci = OciRepositorySpec {
        interval: "1h".into(),
        url: "oci://example.com/charts/cert-manager".into(),
        reference: Some(OciRef { tag: Some("v1.21.1".into()), ..Default::default() }),
        layer_selector: Some(LayerSelector::helm_chart()),
        ..Default::default()
    };
    let helm = HelmRepositorySpec {
        kind: Some(HelmRepositoryType::Oci),
        url: "oci://example.com/charts".into(),
        ..Default::default()
    };
    let shown = [
        show(&GitRepository::new("flux-system", git)),
        show(&OciRepository::new("cert-manager", oci)),
        show(&HelmRepository::new("traefik", helm)),
    ];
    assert_snapshot!(shown.join("---\n"), @"
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: GitRepository
    metadata:
      name: flux-system
    spec:
      interval: 1m
      url: ssh://git@example.com/cluster.git
      ref:
        branch: main
      secretRef:
        name: flux-system
    ---
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: OCIRepository
    metadata:
      name: cert-manager
    spec:
      interval: 1h
      url: oci://example.com/charts/cert-manager
      ref:
        tag: v1.21.1
      layerSelector:
        mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip
        operation: copy
    ---
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: HelmRepository
    metadata:
      name: traefik
    spec:
      type: oci
      url: oci://example.com/charts
    ");
}

#[test]
fn helm_release() {
    let by_reference = HelmReleaseSpec {
        interval: "1h".into(),
        chart_ref: Some(SourceRef { name: "cert-manager".into(), ..Default::default() }),
        install: Some(Install { crds: Some(CrdsPolicy::CreateReplace), ..Default::default() }),
        upgrade: Some(Upgrade {
            crds: Some(CrdsPolicy::CreateReplace),
            strategy: Some(Strategy {
                name: StrategyName::RetryOnFailure,
                retry_interval: Some("5m".into()),
            }),
            remediation: Some(Remediation { retries: Some(3), ..Default::default() }),
            ..Default::default()
        }),
        values: Some(json!({"crds": {"enabled": true}, "resources": {}, "affinity": null})),
        ..Default::default()
    };
    let by_template = HelmReleaseSpec {
        interval: "1h".into(),
        chart: Some(ChartTemplate {
            spec: ChartTemplateSpec {
                chart: "traefik".into(),
                version: Some("41.0.0".into()),
                source_ref: SourceRef { name: "traefik".into(), ..Default::default() },
                interval: None,
            },
        }),
        ..Default::default()
    };
    assert_snapshot!(show(&HelmRelease::new("cert-manager", by_reference)), @"
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata:
      name: cert-manager
    spec:
      interval: 1h
      chartRef:
        kind: OCIRepository
        name: cert-manager
      install:
        crds: CreateReplace
      upgrade:
        crds: CreateReplace
        strategy:
          name: RetryOnFailure
          retryInterval: 5m
        remediation:
          retries: 3
      values:
        crds:
          enabled: true
        resources: {}
        affinity: null
    ");
    assert_snapshot!(show(&HelmRelease::new("traefik", by_template)), @r#"
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata:
      name: traefik
    spec:
      interval: 1h
      chart:
        spec:
          chart: traefik
          version: "41.0.0"
          sourceRef:
            kind: HelmRepository
            name: traefik
    "#);
}

#[test]
fn issuer_with_both_kinds_of_dns01() {
    let solver = |zone: &str, dns01| Solver {
        selector: Some(Selector { dns_zones: vec![zone.into()], ..Default::default() }),
        dns01: Some(dns01),
        ..Default::default()
    };
    let webhook = Webhook {
        group_name: "acme.example.com".into(),
        solver_name: "pdns".into(),
        config: Some(json!({"host": "http://powerdns.dns:8081", "ttl": 120})),
    };
    let rfc2136 = Rfc2136 {
        nameserver: "[2001:db8::53]:53".into(),
        protocol: Some(Protocol::Tcp),
        tsig_algorithm: Some(TsigAlgorithm::HmacSha256),
        tsig_key_name: Some("acme".into()),
        tsig_secret_secret_ref: Some(SecretKeyRef { name: "tsig".into(), key: Some("secret".into()) }),
    };
    let spec = ClusterIssuerSpec {
        acme: Some(Acme {
            server: "https://acme-staging-v02.api.letsencrypt.org/directory".into(),
            private_key_secret_ref: LocalRef { name: "acme".into() },
            solvers: vec![
                solver("example.com", Dns01 { webhook: Some(webhook), ..Default::default() }),
                solver("example.org", Dns01 { rfc2136: Some(rfc2136), ..Default::default() }),
            ],
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_snapshot!(show(&ClusterIssuer::new("staging", spec)), @r#"
    apiVersion: cert-manager.io/v1
    kind: ClusterIssuer
    metadata:
      name: staging
    spec:
      acme:
        server: https://acme-staging-v02.api.letsencrypt.org/directory
        privateKeySecretRef:
          name: acme
        solvers:
          - selector:
              dnsZones:
                - example.com
            dns01:
              webhook:
                groupName: acme.example.com
                solverName: pdns
                config:
                  host: http://powerdns.dns:8081
                  ttl: 120
          - selector:
              dnsZones:
                - example.org
            dns01:
              rfc2136:
                nameserver: "[2001:db8::53]:53"
                protocol: TCP
                tsigAlgorithm: HMACSHA256
                tsigKeyName: acme
                tsigSecretSecretRef:
                  name: tsig
                  key: secret
    "#);
}

#[test]
fn certificate() {
    let spec = CertificateSpec {
        secret_name: "www-tls".into(),
        dns_names: vec!["www.example.com".into(), "*.example.com".into()],
        issuer_ref: IssuerRef {
            kind: Some(IssuerKind::ClusterIssuer),
            name: "production".into(),
            ..Default::default()
        },
        private_key: Some(PrivateKey {
            algorithm: Some(Algorithm::Ecdsa),
            size: Some(256),
            rotation_policy: Some(RotationPolicy::Always),
        }),
        usages: vec![Usage::DigitalSignature, Usage::ServerAuth],
        ..Default::default()
    };
    assert_snapshot!(show(&Certificate::new("www", spec)), @r#"
    apiVersion: cert-manager.io/v1
    kind: Certificate
    metadata:
      name: www
    spec:
      secretName: www-tls
      dnsNames:
        - www.example.com
        - "*.example.com"
      issuerRef:
        kind: ClusterIssuer
        name: production
      privateKey:
        algorithm: ECDSA
        size: 256
        rotationPolicy: Always
      usages:
        - digital signature
        - server auth
    "#);
}

#[test]
fn gateway_and_redirect() {
    let gateway = gateway::GatewaySpec {
        gateway_class_name: "cilium".into(),
        listeners: vec![gateway::Listener {
            name: "https".into(),
            hostname: Some("*.example.com".into()),
            port: 443,
            protocol: gateway::Protocol::Https,
            tls: Some(gateway::Tls {
                mode: Some(gateway::TlsMode::Terminate),
                certificate_refs: vec![gateway::CertificateRef { name: "tls".into(), ..Default::default() }],
            }),
            allowed_routes: None,
        }],
        ..Default::default()
    };
    let redirect = gateway::RequestRedirect {
        scheme: Some(gateway::Scheme::Https),
        status_code: Some(301),
        ..Default::default()
    };
    let route = gateway::HttpRouteSpec {
        parent_refs: vec![gateway::ParentRef {
            name: "edge".into(),
            section_name: Some("http".into()),
            ..Default::default()
        }],
        rules: vec![gateway::Rule {
            filters: vec![gateway::Filter::RequestRedirect { request_redirect: redirect }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let class = gateway::GatewayClassSpec {
        controller_name: "io.cilium/gateway-controller".into(),
        ..Default::default()
    };
    let shown = [
        show(&gateway::GatewayClass::new("cilium", class)),
        show(&gateway::Gateway::new("edge", gateway)),
        show(&gateway::HttpRoute::new("to-https", route)),
    ];
    assert_snapshot!(shown.join("---\n"), @r#"
    apiVersion: gateway.networking.k8s.io/v1
    kind: GatewayClass
    metadata:
      name: cilium
    spec:
      controllerName: io.cilium/gateway-controller
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: Gateway
    metadata:
      name: edge
    spec:
      gatewayClassName: cilium
      listeners:
        - name: https
          hostname: "*.example.com"
          port: 443
          protocol: HTTPS
          tls:
            mode: Terminate
            certificateRefs:
              - name: tls
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      name: to-https
    spec:
      parentRefs:
        - name: edge
          sectionName: http
      rules:
        - filters:
            - type: RequestRedirect
              requestRedirect:
                scheme: https
                statusCode: 301
    "#);
}

#[test]
fn addresses_on_their_segment() {
    let pool = IpAddressPoolSpec {
        addresses: vec!["192.0.2.10-192.0.2.20".into()],
        auto_assign: Some(false),
        avoid_buggy_ips: Some(true),
        ..Default::default()
    };
    let advertisement = L2AdvertisementSpec {
        ip_address_pools: vec!["home".into()],
        node_selectors: vec![labels("example.com/site", "home")],
        ..Default::default()
    };
    let policy = CiliumL2AnnouncementPolicySpec {
        node_selector: Some(labels("example.com/site", "home")),
        interfaces: vec!["^eth[0-9]+".into()],
        load_balancer_ips: Some(true),
        ..Default::default()
    };
    let cilium_pool = CiliumLoadBalancerIpPoolSpec {
        blocks: vec![IpBlock { cidr: Some("192.0.2.0/28".into()), ..Default::default() }],
        allow_first_last_ips: Some(YesNo::No),
        ..Default::default()
    };
    let shown = [
        show(&IpAddressPool::new("home", pool)),
        show(&L2Advertisement::new("home", advertisement)),
        show(&CiliumL2AnnouncementPolicy::new("home", policy)),
        show(&CiliumLoadBalancerIpPool::new("home", cilium_pool)),
    ];
    assert_snapshot!(shown.join("---\n"), @r#"
    apiVersion: metallb.io/v1beta1
    kind: IPAddressPool
    metadata:
      name: home
    spec:
      addresses:
        - 192.0.2.10-192.0.2.20
      autoAssign: false
      avoidBuggyIPs: true
    ---
    apiVersion: metallb.io/v1beta1
    kind: L2Advertisement
    metadata:
      name: home
    spec:
      ipAddressPools:
        - home
      nodeSelectors:
        - matchLabels:
            example.com/site: home
    ---
    apiVersion: cilium.io/v2alpha1
    kind: CiliumL2AnnouncementPolicy
    metadata:
      name: home
    spec:
      nodeSelector:
        matchLabels:
          example.com/site: home
      interfaces:
        - ^eth[0-9]+
      loadBalancerIPs: true
    ---
    apiVersion: cilium.io/v2
    kind: CiliumLoadBalancerIPPool
    metadata:
      name: home
    spec:
      blocks:
        - cidr: 192.0.2.0/28
      allowFirstLastIPs: "No"
    "#);
}

#[test]
fn monitors() {
    let endpoint = monitoring::Endpoint {
        port: Some("metrics".into()),
        interval: Some("30s".into()),
        ..Default::default()
    };
    let pods = monitoring::PodMonitorSpec {
        selector: labels("app", "powerdns"),
        pod_metrics_endpoints: vec![endpoint.clone()],
        ..Default::default()
    };
    let service = monitoring::ServiceMonitorSpec { endpoints: vec![endpoint], ..Default::default() };
    let rule = monitoring::PrometheusRuleSpec {
        groups: vec![monitoring::RuleGroup {
            name: "dns".into(),
            interval: None,
            rules: vec![monitoring::Rule {
                alert: Some("DnsDown".into()),
                expr: k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::String("up == 0".into()),
                hold: Some("5m".into()),
                ..Default::default()
            }],
        }],
    };
    let probe = monitoring::ProbeSpec {
        prober: monitoring::Prober { url: "blackbox:9115".into(), path: None },
        targets: monitoring::ProbeTargets {
            static_config: monitoring::StaticConfig {
                targets: vec!["https://www.example.com".into()],
                ..Default::default()
            },
        },
        ..Default::default()
    };
    let shown = [
        show(&monitoring::PodMonitor::new("powerdns", pods)),
        show(&monitoring::ServiceMonitor::new("everything", service)),
        show(&monitoring::PrometheusRule::new("dns", rule)),
        show(&monitoring::Probe::new("www", probe)),
    ];
    assert_snapshot!(shown.join("---\n"), @"
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata:
      name: powerdns
    spec:
      selector:
        matchLabels:
          app: powerdns
      podMetricsEndpoints:
        - port: metrics
          interval: 30s
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: everything
    spec:
      selector: {}
      endpoints:
        - port: metrics
          interval: 30s
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      name: dns
    spec:
      groups:
        - name: dns
          rules:
            - alert: DnsDown
              expr: up == 0
              for: 5m
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: Probe
    metadata:
      name: www
    spec:
      prober:
        url: blackbox:9115
      targets:
        staticConfig:
          static:
            - https://www.example.com
    ");
}

#[test]
fn kustomization_file() {
    let file = kustomize::Kustomization {
        namespace: Some("web".into()),
        labels: vec![kustomize::Labels {
            pairs: BTreeMap::from([("app.kubernetes.io/name".into(), "website".into())]),
            ..Default::default()
        }],
        resources: vec!["deployment.yaml".into()],
        config_map_generator: vec![kustomize::ConfigMapGenerator {
            name: "website-content".into(),
            files: vec!["index.html=content/index.html".into()],
            options: Some(kustomize::GeneratorOptions {
                disable_name_suffix_hash: Some(true),
                ..Default::default()
            }),
            ..Default::default()
        }],
        ..Default::default()
    };
    assert_snapshot!(show(&file), @"
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    namespace: web
    labels:
      - pairs:
          app.kubernetes.io/name: website
    resources:
      - deployment.yaml
    configMapGenerator:
      - name: website-content
        files:
          - index.html=content/index.html
        options:
          disableNameSuffixHash: true
    ");
}

#[test]
fn what_a_type_cannot_hold_is_named() {
    let read = known("apps/v1", "Deployment").expect("a known kind");
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {
            "replica": 1, "selector": {},
            "template": {"spec": {"containers": [{"name": "a", "image": "b", "imagePullPolice": "Always"}]}},
        },
    });
    assert_snapshot!(read(&deployment).expect_err("a refusal"), @"`.spec.replica` is not in the type; `.spec.template.spec.containers[0].imagePullPolice` is not in the type");
    let mistyped = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": "1"}});
    assert_snapshot!(read(&mistyped).expect_err("a refusal"), @r#"invalid type: string "1", expected i32"#);
    let other = json!({"apiVersion": "v1", "kind": "Deployment"});
    assert_snapshot!(read(&other).expect_err("a refusal"), @r#"invalid value: string "v1", expected apps/v1"#);
}

#[test]
fn every_kind_has_a_schema() {
    for (api_version, kind) in kinds() {
        let schema = schema(api_version, kind).expect("a known kind");
        jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
    assert!(schema("v1", "Nothing").is_none() && known("v1", "Nothing").is_none());
}

#[test]
fn schemas_refuse_what_their_types_refuse() {
    let valid = |object: &Value| {
        let schema = schema("cert-manager.io/v1", "Certificate").expect("a known kind");
        jsonschema::is_valid(&schema, object)
    };
    let mut certificate = json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "a"},
        "spec": {"secretName": "a", "issuerRef": {"name": "b", "kind": "Issuer"}},
    });
    assert!(valid(&certificate));
    certificate["spec"]["issuerRef"]["kind"] = "Emitter".into();
    assert!(!valid(&certificate));
}
