//! external-dns: writes the records of Ingresses and routes into PowerDNS.
//!
//! It touches only what carries its own mark, a TXT record beside each. The records that the definition declares
//! carry none, so it leaves them alone; and PowerDNS' bootstrap leaves alone what carries one.

use crate::{Component, Context, Declaration, File, Plan, Unit, catalogue, zone};
use model::{
    Phase,
    definition::{Controller, Definition, Dns, Exposure, ExternalDns, PreviousDns},
};
use std::collections::BTreeMap;
use tree::{
    Object,
    k8s_openapi::{
        api::{
            apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy},
            core::v1::{
                Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction,
                PodSecurityContext, PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile,
                SecretKeySelector, SecurityContext, ServiceAccount,
            },
            networking::v1::{
                NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
                NetworkPolicyPort, NetworkPolicySpec,
            },
            rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
        },
        apimachinery::pkg::{
            api::resource::Quantity,
            apis::meta::v1::{LabelSelector, ObjectMeta},
            util::intstr::IntOrString,
        },
    },
};

pub const COMPONENT: Component = Component { declare, emit };

const NAME: &str = "external-dns";
const METRICS: u16 = 7979;

/// No address of these is ever published, whatever an Ingress or an annotation says.
const PRIVATE: [&str; 7] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
];

/// From the phase `dns` on, when our server is there. Before it only where there is a server to write to, and where
/// it is known what to write: what hosts resolve to is that of `previous`, or of the ingress once that has moved.
fn since(definition: &Definition, dns: &Dns) -> Phase {
    match (&dns.previous, &definition.ingress) {
        (Some(previous), _) if !previous.targets.is_empty() => Phase::Prerequisites,
        (Some(_), Some(ingress)) => ingress.since().min(Phase::Dns),
        _ => Phase::Dns,
    }
}

/// The server that is written to in this phase, if it is not ours yet.
fn previous(dns: &Dns, phase: Phase) -> Option<&PreviousDns> {
    dns.previous.as_ref().filter(|_| phase < Phase::Dns)
}

fn declare(context: &Context) -> Vec<Declaration> {
    let Some(dns) = &context.definition.dns else { return Vec::new() };
    if dns.external_dns.is_none() {
        return Vec::new();
    }
    let mut unit = Declaration::new(NAME, NAME, "dns.externalDns")
        .since(since(context.definition, dns))
        .needs("network");
    match previous(dns, context.phase) {
        None => unit = unit.needs("dns-api"),
        Some(previous) => unit.needs.extend(previous.app.clone()),
    }
    if gateway(context.definition, context.phase) {
        unit = unit.needs("ingress");
    }
    vec![unit]
}

/// Whether hosts are those of HTTPRoutes; their kinds are there once the ingress is.
fn gateway(definition: &Definition, phase: Phase) -> bool {
    let ingress = definition.ingress.as_ref();
    ingress.is_some_and(|it| it.controller.value == Controller::CiliumGateway && it.since() <= phase)
}

fn emit(plan: &Plan, _: &Unit) -> Vec<File> {
    let Some(dns) = &plan.definition.dns else { return Vec::new() };
    let Some(external_dns) = &dns.external_dns else { return Vec::new() };
    vec![
        Object::new(&deployment(plan, dns, external_dns)).into(),
        Object::new(&ServiceAccount { metadata: metadata(Some(NAME)), ..Default::default() }).into(),
        Object::new(&role(plan)).into(),
        Object::new(&binding()).into(),
        Object::new(&policy(plan, dns)).into(),
    ]
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app.kubernetes.io/name".to_owned(), NAME.to_owned())])
}

fn metadata(namespace: Option<&str>) -> ObjectMeta {
    ObjectMeta {
        name: Some(NAME.into()),
        namespace: namespace.map(Into::into),
        labels: Some(labels()),
        ..Default::default()
    }
}

/// The flags of 0.22, one a line as its own documentation lists them.
fn args(plan: &Plan, dns: &Dns, external_dns: &ExternalDns) -> Vec<String> {
    let previous = previous(dns, plan.phase);
    let api = previous.map_or_else(
        || format!("http://powerdns-api.dns-system:{}", zone::API_PORT),
        |it| it.api.to_string(),
    );
    let owner = previous.and_then(|it| it.owner.as_ref()).unwrap_or(&external_dns.owner);
    let prefix = match previous {
        Some(previous) => previous.txt_prefix.as_ref().map_or("", |it| &it.value),
        None => external_dns.txt_prefix(),
    };
    let mut args = vec!["--source=ingress".to_owned()];
    if gateway(plan.definition, plan.phase) {
        args.push("--source=gateway-httproute".into());
    }
    args.push("--provider=pdns".into());
    args.push(format!("--pdns-server={api}"));
    args.extend(dns.zones.keys().map(|zone| format!("--domain-filter={zone}")));
    args.push(format!("--policy={}", external_dns.policy().name()));
    args.push("--registry=txt".into());
    args.push(format!("--txt-owner-id={owner}"));
    if !prefix.is_empty() {
        args.push(format!("--txt-prefix={prefix}"));
    }
    args.push("--txt-wildcard-replacement=_wildcard".into());
    args.extend(["A", "AAAA", "CNAME"].map(|kind| format!("--managed-record-types={kind}")));
    if external_dns.annotation_prefix() != ExternalDns::ANNOTATION_PREFIX {
        args.push(format!("--annotation-prefix={}", external_dns.annotation_prefix()));
    }
    let targets = targets(plan, dns);
    if !targets.is_empty() {
        args.extend(targets.iter().map(|target| format!("--default-targets={target}")));
        // Without this the address in an Ingress' status wins, which is private where a controller at home serves it.
        args.push("--force-default-targets".into());
    }
    args.extend(PRIVATE.map(|network| format!("--exclude-target-net={network}")));
    let interval = external_dns.interval.as_ref().map_or_else(|| "1m".to_owned(), ToString::to_string);
    args.push(format!("--interval={interval}"));
    args.push("--events".into());
    args
}

/// The addresses that hosts resolve to in this phase.
fn targets(plan: &Plan, dns: &Dns) -> Vec<String> {
    let moved = plan.definition.ingress.as_ref().is_some_and(|it| it.since() <= plan.phase);
    let mut ips = match previous(dns, plan.phase) {
        Some(previous) if !moved => previous.targets.iter().flat_map(|target| plan.resolve(target)).collect(),
        _ => plan.ingress_ips(),
    };
    ips.sort();
    ips.dedup();
    ips.iter().map(ToString::to_string).collect()
}

fn deployment(plan: &Plan, dns: &Dns, external_dns: &ExternalDns) -> Deployment {
    let probe = |seconds: i32| Probe {
        http_get: Some(HTTPGetAction {
            path: Some("/healthz".into()),
            port: IntOrString::String("metrics".into()),
            ..Default::default()
        }),
        period_seconds: Some(seconds),
        timeout_seconds: Some(5),
        ..Default::default()
    };
    let container = Container {
        name: NAME.into(),
        image: Some(catalogue::EXTERNAL_DNS.reference()),
        args: Some(args(plan, dns, external_dns)),
        // Each flag can be a variable instead, which keeps the key off the command line.
        env: Some(vec![EnvVar {
            name: "EXTERNAL_DNS_PDNS_API_KEY".into(),
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector {
                    name: dns.powerdns.api_key.secret.to_string(),
                    key: dns.powerdns.api_key.key.to_string(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        }]),
        ports: Some(vec![ContainerPort {
            name: Some("metrics".into()),
            container_port: METRICS.into(),
            ..Default::default()
        }]),
        liveness_probe: Some(probe(30)),
        readiness_probe: Some(probe(10)),
        resources: Some(ResourceRequirements {
            requests: Some(BTreeMap::from([
                ("cpu".to_owned(), Quantity("10m".into())),
                ("memory".to_owned(), Quantity("64Mi".into())),
            ])),
            limits: Some(BTreeMap::from([("memory".to_owned(), Quantity("128Mi".into()))])),
            ..Default::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), ..Default::default() }),
            ..Default::default()
        }),
        ..Default::default()
    };
    Deployment {
        metadata: metadata(Some(NAME)),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            revision_history_limit: Some(3),
            selector: LabelSelector { match_labels: Some(labels()), ..Default::default() },
            // Two at once, with old and new targets, would undo each other's records.
            strategy: Some(DeploymentStrategy { type_: Some("Recreate".into()), ..Default::default() }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels()), ..Default::default() }),
                spec: Some(PodSpec {
                    service_account_name: Some(NAME.into()),
                    enable_service_links: Some(false),
                    // The image's digest is that of one architecture.
                    node_selector: Some(BTreeMap::from([(
                        "kubernetes.io/arch".to_owned(),
                        "amd64".to_owned(),
                    )])),
                    security_context: Some(PodSecurityContext {
                        run_as_non_root: Some(true),
                        run_as_user: Some(65532),
                        run_as_group: Some(65532),
                        seccomp_profile: Some(SeccompProfile {
                            type_: "RuntimeDefault".into(),
                            ..Default::default()
                        }),
                        ..Default::default()
                    }),
                    containers: vec![container],
                    ..Default::default()
                }),
            },
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// What the sources read, and no more.
fn role(plan: &Plan) -> ClusterRole {
    let rule = |group: &str, resources: &[&str]| PolicyRule {
        api_groups: Some(vec![group.into()]),
        resources: Some(resources.iter().map(|it| (*it).to_owned()).collect()),
        verbs: ["get", "list", "watch"].map(Into::into).into(),
        ..Default::default()
    };
    let mut rules = vec![rule("networking.k8s.io", &["ingresses"])];
    if gateway(plan.definition, plan.phase) {
        rules.push(rule("gateway.networking.k8s.io", &["gateways", "httproutes"]));
        // Which namespaces a Gateway takes routes from is a question of their labels.
        rules.push(rule("", &["namespaces"]));
    }
    ClusterRole { metadata: metadata(None), rules: Some(rules), ..Default::default() }
}

fn binding() -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: metadata(None),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".into()),
            kind: "ClusterRole".into(),
            name: NAME.into(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".into(),
            name: NAME.into(),
            namespace: Some(NAME.into()),
            ..Default::default()
        }]),
    }
}

/// Out to the cluster's DNS, the Kubernetes API and PowerDNS' API; in from monitoring.
fn policy(plan: &Plan, dns: &Dns) -> NetworkPolicy {
    let port = |port: u16, protocol: &str| NetworkPolicyPort {
        port: Some(IntOrString::Int(port.into())),
        protocol: Some(protocol.into()),
        ..Default::default()
    };
    let namespace = |name: &str, pods: Option<(&str, &str)>| NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector {
            match_labels: Some(BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), name.to_owned())])),
            ..Default::default()
        }),
        pod_selector: pods.map(|(key, value)| LabelSelector {
            match_labels: Some(BTreeMap::from([(key.to_owned(), value.to_owned())])),
            ..Default::default()
        }),
        ..Default::default()
    };
    let to_api = match previous(dns, plan.phase) {
        // Wherever it is; its port is all that the address says for certain.
        Some(previous) => {
            NetworkPolicyEgressRule { to: None, ports: Some(vec![port(url_port(&previous.api), "TCP")]) }
        }
        None => NetworkPolicyEgressRule {
            // A pod on its node's network has no label that a policy could name.
            to: (dns.powerdns.exposure() == Exposure::HostPort)
                .then(|| vec![namespace("dns-system", Some(("app.kubernetes.io/instance", "powerdns")))]),
            ports: Some(vec![port(zone::API_PORT, "TCP")]),
        },
    };
    let egress = vec![
        NetworkPolicyEgressRule {
            to: Some(vec![namespace("kube-system", Some(("k8s-app", "kube-dns")))]),
            ports: Some(vec![port(53, "UDP"), port(53, "TCP")]),
        },
        // The control planes: by port and not by address, as Cilium takes no address block for a node.
        NetworkPolicyEgressRule { to: None, ports: Some(vec![port(443, "TCP"), port(6443, "TCP")]) },
        to_api,
    ];
    let monitored = plan.units.values().any(|unit| unit.namespace == "monitoring");
    NetworkPolicy {
        metadata: metadata(Some(NAME)),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector { match_labels: Some(labels()), ..Default::default() }),
            policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
            ingress: monitored.then(|| {
                vec![NetworkPolicyIngressRule {
                    from: Some(vec![namespace("monitoring", None)]),
                    ports: Some(vec![port(METRICS, "TCP")]),
                }]
            }),
            egress: Some(egress),
        }),
    }
}

/// The port that an address of the web stands for.
fn url_port(url: &str) -> u16 {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split('/').next().unwrap_or_default();
    let after_host = authority.rsplit(']').next().unwrap_or_default();
    let stated = after_host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    stated.unwrap_or(if scheme == "https" { 443 } else { 80 })
}

#[cfg(test)]
mod tests {
    use super::url_port;
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    fn args(definition: &str, phase: Phase) -> String {
        let text = file(definition, phase, "apps/external-dns/external-dns/app/deployment.yaml");
        let flags = text
            .lines()
            .filter(|line| line.trim_start().starts_with("- --") && !line.contains("exclude-target"));
        flags.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn into_our_own_server() {
        assert_snapshot!(args(SMALL, Phase::Cleanup), @"
        - --source=ingress
        - --provider=pdns
        - --pdns-server=http://powerdns-api.dns-system:8081
        - --domain-filter=example.org
        - --policy=sync
        - --registry=txt
        - --txt-owner-id=small-cluster
        - --txt-prefix=_owner-%{record_type}.
        - --txt-wildcard-replacement=_wildcard
        - --managed-record-types=A
        - --managed-record-types=AAAA
        - --managed-record-types=CNAME
        - --default-targets=198.51.99.10
        - --force-default-targets
        - --interval=1m
        - --events
        ");
        assert_snapshot!(file(SMALL, Phase::Cleanup, "apps/external-dns/external-dns/app/networkpolicy.yaml"), @"
        # Generated from clusters/small/cluster.yaml (dns.externalDns); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: external-dns
          namespace: external-dns
          labels:
            app.kubernetes.io/name: external-dns
        spec:
          egress:
            - ports:
                - port: 53
                  protocol: UDP
                - port: 53
                  protocol: TCP
              to:
                - namespaceSelector:
                    matchLabels:
                      kubernetes.io/metadata.name: kube-system
                  podSelector:
                    matchLabels:
                      k8s-app: kube-dns
            - ports:
                - port: 443
                  protocol: TCP
                - port: 6443
                  protocol: TCP
            - ports:
                - port: 8081
                  protocol: TCP
              to:
                - namespaceSelector:
                    matchLabels:
                      kubernetes.io/metadata.name: dns-system
                  podSelector:
                    matchLabels:
                      app.kubernetes.io/instance: powerdns
          podSelector:
            matchLabels:
              app.kubernetes.io/name: external-dns
          policyTypes:
            - Ingress
            - Egress
        ");
    }

    #[test]
    fn into_the_previous_server_until_ours_is_there() {
        let definition = edit(
            SMALL,
            "  externalDns: { owner: small-cluster }",
            "  externalDns: { owner: small-cluster }\n  previous: { api: \"http://old.dns:8081\", server: api-vip, owner: old, targets: [second-ns] }",
        );
        assert_snapshot!(args(&definition, Phase::Mesh), @"
        - --source=ingress
        - --provider=pdns
        - --pdns-server=http://old.dns:8081
        - --domain-filter=example.org
        - --policy=sync
        - --registry=txt
        - --txt-owner-id=old
        - --txt-wildcard-replacement=_wildcard
        - --managed-record-types=A
        - --managed-record-types=AAAA
        - --managed-record-types=CNAME
        - --default-targets=192.0.1.53
        - --force-default-targets
        - --interval=1m
        - --events
        ");
        assert_snapshot!(args(&definition, Phase::Ingress), @"
        - --source=ingress
        - --provider=pdns
        - --pdns-server=http://old.dns:8081
        - --domain-filter=example.org
        - --policy=sync
        - --registry=txt
        - --txt-owner-id=old
        - --txt-wildcard-replacement=_wildcard
        - --managed-record-types=A
        - --managed-record-types=AAAA
        - --managed-record-types=CNAME
        - --default-targets=198.51.99.10
        - --force-default-targets
        - --interval=1m
        - --events
        ");
        assert_eq!(args(&definition, Phase::Dns), args(SMALL, Phase::Dns));
    }

    #[test]
    fn hosts_of_http_routes() {
        let definition = edit(SMALL, "controller: traefik", "controller: cilium-gateway");
        assert_snapshot!(file(&definition, Phase::Cleanup, "apps/external-dns/external-dns/app/clusterrole.yaml"), @r#"
        # Generated from clusters/small/cluster.yaml (dns.externalDns); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: external-dns
          labels:
            app.kubernetes.io/name: external-dns
        rules:
          - apiGroups:
              - networking.k8s.io
            resources:
              - ingresses
            verbs:
              - get
              - list
              - watch
          - apiGroups:
              - gateway.networking.k8s.io
            resources:
              - gateways
              - httproutes
            verbs:
              - get
              - list
              - watch
          - apiGroups:
              - ""
            resources:
              - namespaces
            verbs:
              - get
              - list
              - watch
        "#);
    }

    #[test]
    fn ports_of_addresses() {
        assert_eq!(url_port("http://powerdns-api.dns-system:8081"), 8081);
        assert_eq!(url_port("https://dns.example.org/"), 443);
        assert_eq!(url_port("http://[2001:db8::1]/api"), 80);
        assert_eq!(url_port("http://[2001:db8::1]:81/api"), 81);
    }
}
