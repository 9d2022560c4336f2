//! PowerDNS authoritative: one server a site, each with its own copy of the records.
//!
//! The official image's start-up script is left out: it opens the API to everybody. The server gets its own
//! configuration; an init container, `bootstrap.sh`, brings the zones to what is declared before it starts.

mod config;
mod guide;
mod zones;

use crate::{
    Component, Context, Declaration, File, From, NodePort, Plan, PodSecurity, Protocol, Unit, placement, zone,
};
use model::{
    Phase,
    definition::{Dns, Exposure, SecretKey},
};
use std::collections::BTreeMap;
use tree::{
    Object,
    k8s_openapi::{
        api::{
            apps::v1::{StatefulSet, StatefulSetSpec},
            core::v1::{
                Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, EnvVar,
                EnvVarSource, LocalVolumeSource, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm,
                ObjectFieldSelector, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec,
                PersistentVolumeClaimVolumeSource, PersistentVolumeSpec, PodSecurityContext, PodSpec,
                PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecretKeySelector,
                SecurityContext, Service, ServicePort, ServiceSpec, TCPSocketAction, Volume, VolumeMount,
                VolumeNodeAffinity, VolumeResourceRequirements,
            },
            networking::v1::{
                NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
                NetworkPolicyPort, NetworkPolicySpec,
            },
        },
        apimachinery::pkg::{
            api::resource::Quantity,
            apis::meta::v1::{LabelSelector, ObjectMeta},
            util::intstr::IntOrString,
        },
    },
};

pub use config::SERIES;

pub const COMPONENT: Component = Component { declare, emit };

const NAMESPACE: &str = "dns-system";
const PRIMARY: &str = "powerdns";
const API: &str = "powerdns-api";
/// PowerDNS' own user in the image.
const USER: i64 = 953;
/// Above 1024, so that neither a capability nor a setting of the container runtime is needed; Cilium brings port 53
/// of the node here.
const POD_PORT: u16 = 5353;
const DATA: &str = "/var/lib/powerdns";
/// A folder of the node, which Talos keeps as a user volume.
const FOLDER: &str = "/var/mnt/powerdns";

/// One of the servers.
struct Server<'a> {
    /// The unit's name.
    name: String,
    site: &'a str,
    primary: bool,
    host_network: bool,
}

impl Server<'_> {
    /// The port that its process listens on.
    fn port(&self) -> u16 {
        if self.host_network { 53 } else { POD_PORT }
    }

    /// Whether it answers over HTTP: the primary to writers, and any to monitoring where a policy can say who asks.
    fn webserver(&self) -> bool {
        self.primary || !self.host_network
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("app.kubernetes.io/instance".to_owned(), self.name.clone()),
            ("app.kubernetes.io/name".to_owned(), "powerdns".to_owned()),
        ])
    }

    fn selector(&self) -> LabelSelector {
        LabelSelector { match_labels: Some(self.labels()), ..Default::default() }
    }

    fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: Some(NAMESPACE.into()),
            labels: Some(self.labels()),
            ..Default::default()
        }
    }
}

fn servers(dns: &Dns) -> Vec<Server<'_>> {
    let host_network = dns.powerdns.exposure() == Exposure::HostNetwork;
    let server = |index: usize, site| Server {
        name: if index == 0 { PRIMARY.into() } else { format!("{PRIMARY}-{site}") },
        site,
        primary: index == 0,
        host_network,
    };
    dns.powerdns.sites().enumerate().map(|(index, site)| server(index, &**site)).collect()
}

fn declare(context: &Context) -> Vec<Declaration> {
    let Some(dns) = &context.definition.dns else { return Vec::new() };
    let wildcard = dns.powerdns.bind.iter().any(|address| address.0.is_unspecified());
    servers(dns)
        .into_iter()
        .map(|server| {
            let mut unit = Declaration::new(&server.name, NAMESPACE, "dns.powerdns")
                .at(server.site)
                .since(Phase::Dns)
                .needs("network");
            if server.primary {
                unit = unit.provides("dns").provides("dns-api");
            } else {
                // It has nothing to answer with before the primary has.
                unit = unit.needs(PRIMARY);
            }
            // Both ways to a node's port are forbidden below this level.
            unit.pod_security = Some(PodSecurity::Privileged);
            unit.holds_data = true;
            let port = |protocol, port, from, purpose| NodePort { protocol, port, from, purpose, wildcard };
            unit.ports = vec![
                port(Protocol::Tcp, 53, From::Internet, "dns"),
                port(Protocol::Udp, 53, From::Internet, "dns"),
            ];
            if server.host_network && server.primary {
                unit.ports.push(NodePort {
                    wildcard: false,
                    ..port(Protocol::Tcp, zone::API_PORT, From::Pods, "dns-api")
                });
            }
            unit
        })
        .collect()
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let Some(dns) = &plan.definition.dns else { return Vec::new() };
    let Some(server) = servers(dns).into_iter().find(|it| it.name == unit.name) else { return Vec::new() };
    let mut files: Vec<File> = vec![
        Object::new(&stateful_set(plan, dns, &server)).into(),
        Object::new(&service(plan, &server)).into(),
        Object::new(&claim(dns, &server)).into(),
        File::data(&server.name, "pdns.conf", config::file(plan, dns, &server)),
        File::data(&server.name, "bootstrap.sh", config::bootstrap(dns)),
        File::data(&server.name, "zones", zones::file(plan, dns, &server)),
    ];
    if dns.powerdns.storage_class.is_none() {
        files.push(Object::new(&volume(plan, dns, &server)).into());
    }
    if !server.host_network {
        files.push(Object::new(&policy(plan, &server)).into());
    }
    if server.primary {
        files.push(Object::new(&api(&server)).into());
        files.push(File::Outside { path: "docs/dns.md".into(), bytes: guide::text(plan, dns).into_bytes() });
    }
    files
}

/// One pod, and never two at once, not even when its node is lost: two processes on one LMDB would destroy it.
fn stateful_set(plan: &Plan, dns: &Dns, server: &Server) -> StatefulSet {
    let image = config::image(dns).reference();
    let mut tolerations = placement::tolerations(plan, server.site);
    tolerations.extend(placement::outlives_the_tunnel());
    let pod = PodSpec {
        affinity: Some(placement::at_site(plan, server.site)),
        tolerations: Some(tolerations),
        node_selector: zone::server_node(plan, server.site)
            .map(|(name, _)| BTreeMap::from([("kubernetes.io/hostname".to_owned(), name.to_string())])),
        host_network: server.host_network.then_some(true),
        dns_policy: server.host_network.then(|| "ClusterFirstWithHostNet".into()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            fs_group_change_policy: Some("OnRootMismatch".into()),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".into(), ..Default::default() }),
            ..Default::default()
        }),
        init_containers: Some(vec![bootstrap(plan, dns, server, &image)]),
        containers: vec![main(dns, server, &image)],
        volumes: Some(vec![
            Volume {
                name: "config".into(),
                config_map: Some(ConfigMapVolumeSource { name: server.name.clone(), ..Default::default() }),
                ..Default::default()
            },
            Volume {
                name: "data".into(),
                persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                    claim_name: server.name.clone(),
                    ..Default::default()
                }),
                ..Default::default()
            },
            Volume {
                name: "run".into(),
                empty_dir: Some(EmptyDirVolumeSource {
                    medium: Some("Memory".into()),
                    size_limit: Some(Quantity("16Mi".into())),
                }),
                ..Default::default()
            },
        ]),
        ..Default::default()
    };
    StatefulSet {
        metadata: server.metadata(&server.name),
        spec: Some(StatefulSetSpec {
            replicas: Some(1),
            // Else a pod that never became ready would have to be deleted by hand before its mended successor starts.
            pod_management_policy: Some("Parallel".into()),
            revision_history_limit: Some(3),
            selector: server.selector(),
            service_name: Some(server.name.clone()),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(server.labels()), ..Default::default() }),
                spec: Some(pod),
            },
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn bootstrap(plan: &Plan, dns: &Dns, server: &Server, image: &str) -> Container {
    let keys = zones::keys(plan, dns, server);
    let env: Vec<EnvVar> = keys.into_iter().map(|(key, variable)| secret(variable, &key.key)).collect();
    Container {
        name: "bootstrap".into(),
        image: Some(image.into()),
        command: Some(vec!["sh".into(), "/etc/powerdns/bootstrap.sh".into()]),
        env: (!env.is_empty()).then_some(env),
        resources: Some(resources()),
        security_context: Some(security_context()),
        volume_mounts: Some(mounts()),
        ..Default::default()
    }
}

fn main(dns: &Dns, server: &Server, image: &str) -> Container {
    let mut env = Vec::new();
    let mut args = vec!["--config-dir=/etc/powerdns".to_owned()];
    if server.webserver() {
        args.push("--webserver-address=$(POD_IP)".into());
        env.push(EnvVar {
            name: "POD_IP".into(),
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    field_path: "status.podIP".into(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        });
    }
    if server.primary {
        // pdns.conf reads no variables, and a Secret must not be copied into a ConfigMap. Only processes of this
        // container see the command line.
        args.push("--api-key=$(PDNS_API_KEY)".into());
        env.push(secret("PDNS_API_KEY", &dns.powerdns.api_key));
    }
    let port = |name: &str, protocol: &str| ContainerPort {
        name: Some(name.into()),
        container_port: server.port().into(),
        host_port: Some(53),
        protocol: Some(protocol.into()),
        ..Default::default()
    };
    let mut ports = vec![port("dns", "UDP"), port("dns-tcp", "TCP")];
    if server.webserver() {
        ports.push(ContainerPort {
            name: Some("api".into()),
            container_port: zone::API_PORT.into(),
            ..Default::default()
        });
    }
    // On the host's network only the bound addresses answer, and the kubelet asks the pod's: it is one of them
    // unless `bind` leaves it out.
    let host =
        server.host_network.then(|| dns.powerdns.bind.iter().find(|it| !it.0.is_unspecified())).flatten();
    let answers = || Probe {
        tcp_socket: Some(TCPSocketAction {
            port: IntOrString::Int(server.port().into()),
            host: host.map(ToString::to_string),
        }),
        period_seconds: Some(10),
        timeout_seconds: Some(3),
        ..Default::default()
    };
    Container {
        name: "powerdns".into(),
        image: Some(image.into()),
        command: Some(vec!["pdns_server".into()]),
        args: Some(args),
        env: (!env.is_empty()).then_some(env),
        ports: Some(ports),
        liveness_probe: Some(Probe { failure_threshold: Some(6), ..answers() }),
        readiness_probe: Some(answers()),
        resources: Some(resources()),
        security_context: Some(security_context()),
        volume_mounts: Some(mounts()),
        ..Default::default()
    }
}

fn secret(variable: &str, from: &SecretKey) -> EnvVar {
    EnvVar {
        name: variable.into(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: from.secret.to_string(),
                key: from.key.to_string(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn resources() -> ResourceRequirements {
    let amounts = |list: &[(&str, &str)]| {
        list.iter().map(|(what, amount)| ((*what).to_owned(), Quantity((*amount).to_owned()))).collect()
    };
    ResourceRequirements {
        requests: Some(amounts(&[("cpu", "50m"), ("memory", "64Mi")])),
        // Pages of the database that are in use count too, and can be given back.
        limits: Some(amounts(&[("memory", "512Mi")])),
        ..Default::default()
    }
}

fn security_context() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), ..Default::default() }),
        ..Default::default()
    }
}

fn mounts() -> Vec<VolumeMount> {
    let mount = |name: &str, path: &str, read_only: Option<bool>| VolumeMount {
        name: name.into(),
        mount_path: path.into(),
        read_only,
        ..Default::default()
    };
    vec![
        mount("config", "/etc/powerdns", Some(true)),
        mount("data", DATA, None),
        mount("run", "/run/pdns", None),
    ]
}

fn service(plan: &Plan, server: &Server) -> Service {
    let port = |name: &str, protocol: &str| ServicePort {
        name: Some(name.into()),
        port: 53,
        target_port: Some(IntOrString::String(name.into())),
        protocol: Some(protocol.into()),
        ..Default::default()
    };
    let dual = plan.definition.kubernetes.service_subnets.len() > 1;
    Service {
        metadata: server.metadata(&server.name),
        spec: Some(ServiceSpec {
            selector: Some(server.labels()),
            ip_family_policy: dual.then(|| "PreferDualStack".into()),
            ports: Some(vec![port("dns", "UDP"), port("dns-tcp", "TCP")]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Within the cluster only: whoever has the key rewrites every zone.
fn api(server: &Server) -> Service {
    Service {
        metadata: server.metadata(API),
        spec: Some(ServiceSpec {
            selector: Some(server.labels()),
            ports: Some(vec![ServicePort {
                name: Some("api".into()),
                port: zone::API_PORT.into(),
                target_port: Some(IntOrString::String("api".into())),
                ..Default::default()
            }]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The world may ask for names; the API is for those who write, the numbers are for monitoring. Nothing goes out but
/// notices and transfers.
fn policy(plan: &Plan, server: &Server) -> NetworkPolicy {
    let port = |port: u16, protocol: &str| NetworkPolicyPort {
        port: Some(IntOrString::Int(port.into())),
        protocol: Some(protocol.into()),
        ..Default::default()
    };
    let namespace = |name: &&str| NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector {
            match_labels: Some(BTreeMap::from([(
                "kubernetes.io/metadata.name".to_owned(),
                (*name).to_owned(),
            )])),
            ..Default::default()
        }),
        ..Default::default()
    };
    let writers: &[&str] = if server.primary { &["cert-manager", "external-dns"] } else { &[] };
    let callers: Vec<NetworkPolicyPeer> = writers
        .iter()
        .chain(&["monitoring"])
        .filter(|it| plan.units.values().any(|unit| unit.namespace == **it))
        .map(namespace)
        .collect();
    let mut ingress = vec![NetworkPolicyIngressRule {
        ports: Some(vec![port(server.port(), "UDP"), port(server.port(), "TCP")]),
        ..Default::default()
    }];
    if !callers.is_empty() {
        ingress.push(NetworkPolicyIngressRule {
            from: Some(callers),
            ports: Some(vec![port(zone::API_PORT, "TCP")]),
        });
    }
    NetworkPolicy {
        metadata: server.metadata(&server.name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(server.selector()),
            policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
            ingress: Some(ingress),
            // By port and not by address: Cilium takes no address block for a node of the cluster.
            egress: Some(vec![NetworkPolicyEgressRule {
                ports: Some(vec![port(53, "UDP"), port(53, "TCP")]),
                ..Default::default()
            }]),
        }),
    }
}

/// The folder of the node as a volume, bound to the claim of the same name and to nothing else.
fn volume(plan: &Plan, dns: &Dns, server: &Server) -> PersistentVolume {
    let hosts = zone::server_node(plan, server.site).map(|(name, _)| name.to_string());
    PersistentVolume {
        metadata: ObjectMeta {
            name: Some(format!("{NAMESPACE}-{}", server.name)),
            labels: Some(server.labels()),
            annotations: Some(kept()),
            ..Default::default()
        },
        spec: Some(PersistentVolumeSpec {
            capacity: Some(BTreeMap::from([("storage".to_owned(), size(dns))])),
            access_modes: Some(vec!["ReadWriteOnce".into()]),
            persistent_volume_reclaim_policy: Some("Retain".into()),
            storage_class_name: Some(String::new()),
            volume_mode: Some("Filesystem".into()),
            claim_ref: Some(tree::k8s_openapi::api::core::v1::ObjectReference {
                name: Some(server.name.clone()),
                namespace: Some(NAMESPACE.into()),
                ..Default::default()
            }),
            local: Some(LocalVolumeSource { path: FOLDER.into(), ..Default::default() }),
            node_affinity: Some(VolumeNodeAffinity {
                required: Some(NodeSelector {
                    node_selector_terms: vec![NodeSelectorTerm {
                        match_expressions: Some(vec![NodeSelectorRequirement {
                            key: "kubernetes.io/hostname".into(),
                            operator: "In".into(),
                            values: Some(hosts.into_iter().collect()),
                        }]),
                        ..Default::default()
                    }],
                }),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn claim(dns: &Dns, server: &Server) -> PersistentVolumeClaim {
    let class = dns.powerdns.storage_class.as_ref().map(ToString::to_string);
    let volume = class.is_none().then(|| format!("{NAMESPACE}-{}", server.name));
    PersistentVolumeClaim {
        metadata: ObjectMeta { annotations: Some(kept()), ..server.metadata(&server.name) },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".into()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some(BTreeMap::from([("storage".to_owned(), size(dns))])),
                ..Default::default()
            }),
            // An empty class: no provisioner is to make another volume.
            storage_class_name: Some(class.unwrap_or_default()),
            volume_name: volume,
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn size(dns: &Dns) -> Quantity {
    Quantity(dns.powerdns.volume.as_ref().map_or_else(|| "1Gi".into(), ToString::to_string))
}

fn kept() -> BTreeMap<String, String> {
    BTreeMap::from([("kustomize.toolkit.fluxcd.io/prune".to_owned(), "disabled".to_owned())])
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    fn app(definition: &str, path: &str) -> String {
        file(definition, Phase::Cleanup, &format!("apps/dns-system/{path}"))
    }

    #[test]
    fn a_primary_on_a_port_of_its_node() {
        assert_snapshot!(app(SMALL, "powerdns/app/pdns.conf"), @"
        # PowerDNS 5.1 as primary at the site vps.
        launch=lmdb
        lmdb-filename=/var/lib/powerdns/pdns.lmdb

        primary=yes
        # The pod's own network, where nothing else listens; the node's port 53 leads to this one.
        local-address=0.0.0.0
        local-port=5353
        socket-dir=/run/pdns
        disable-syslog=yes
        log-timestamp=no
        max-tcp-connections=128
        # Tells nobody what runs here, and asks nobody whether it is outdated: the image is pinned.
        version-string=anonymous
        security-poll-suffix=

        # Transfers: to whom is said for each zone by bootstrap.sh, never by the NS records alone.
        allow-axfr-ips=
        only-notify=
        default-soa-content=ns1.example.org hostmaster.@ 0 3600 600 1209600 300

        # The key comes on the command line, out of the Secret. The address, the pod's own, too.
        webserver=yes
        webserver-port=8081
        webserver-allow-from=10.244.0.0/16
        webserver-loglevel=none
        api=yes

        dnsupdate=no
        ");
        assert_snapshot!(app(SMALL, "powerdns/app/zones"), @"
        # Read by bootstrap.sh: key, name, algorithm, variable; zone, name, kind; meta, zone, kind, values;
        # rrset, zone, name, TTL, type, content. A meta without values takes the old ones away.
        key	transfer	hmac-sha256	TRANSFER_KEY
        owned	_owner-%{record_type}.
        zone	example.org	primary
        meta	example.org	SOA-EDIT-API	DEFAULT
        meta	example.org	ALSO-NOTIFY	192.0.1.53
        meta	example.org	TSIG-ALLOW-AXFR	transfer
        meta	example.org	ALLOW-AXFR-FROM
        meta	example.org	SOA-EDIT-DNSUPDATE
        meta	example.org	TSIG-ALLOW-DNSUPDATE
        rrset	example.org	@	300	NS	ns1.example.org.
        rrset	example.org	@	300	NS	ns2.example.net.
        rrset	example.org	@	300	SOA	ns1.example.org. hostmaster.example.org. 0 3600 600 1209600 300
        rrset	example.org	ns1	300	A	198.51.99.10
        ");
        assert_snapshot!(app(SMALL, "powerdns/app/statefulset.yaml"), @"
        # Generated from clusters/small/cluster.yaml (dns.powerdns); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: powerdns
          namespace: dns-system
          labels:
            app.kubernetes.io/instance: powerdns
            app.kubernetes.io/name: powerdns
        spec:
          podManagementPolicy: Parallel
          replicas: 1
          revisionHistoryLimit: 3
          selector:
            matchLabels:
              app.kubernetes.io/instance: powerdns
              app.kubernetes.io/name: powerdns
          serviceName: powerdns
          template:
            metadata:
              labels:
                app.kubernetes.io/instance: powerdns
                app.kubernetes.io/name: powerdns
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
                - name: powerdns
                  args:
                    - --config-dir=/etc/powerdns
                    - --webserver-address=$(POD_IP)
                    - --api-key=$(PDNS_API_KEY)
                  command:
                    - pdns_server
                  env:
                    - name: POD_IP
                      valueFrom:
                        fieldRef:
                          fieldPath: status.podIP
                    - name: PDNS_API_KEY
                      valueFrom:
                        secretKeyRef:
                          name: powerdns-api-key
                          key: api-key
                  image: docker.io/powerdns/pdns-auth-51:5.1.4@sha256:bb5b1c133bcca1dd455075321de7d55db4945a8d7f2ba23339e3c7bbe416b205
                  livenessProbe:
                    failureThreshold: 6
                    periodSeconds: 10
                    tcpSocket:
                      port: 5353
                    timeoutSeconds: 3
                  ports:
                    - name: dns
                      containerPort: 5353
                      hostPort: 53
                      protocol: UDP
                    - name: dns-tcp
                      containerPort: 5353
                      hostPort: 53
                      protocol: TCP
                    - name: api
                      containerPort: 8081
                  readinessProbe:
                    periodSeconds: 10
                    tcpSocket:
                      port: 5353
                    timeoutSeconds: 3
                  resources:
                    limits:
                      memory: 512Mi
                    requests:
                      cpu: 50m
                      memory: 64Mi
                  securityContext:
                    allowPrivilegeEscalation: false
                    capabilities:
                      drop:
                        - ALL
                    readOnlyRootFilesystem: true
                  volumeMounts:
                    - name: config
                      mountPath: /etc/powerdns
                      readOnly: true
                    - name: data
                      mountPath: /var/lib/powerdns
                    - name: run
                      mountPath: /run/pdns
              enableServiceLinks: false
              initContainers:
                - name: bootstrap
                  command:
                    - sh
                    - /etc/powerdns/bootstrap.sh
                  env:
                    - name: TRANSFER_KEY
                      valueFrom:
                        secretKeyRef:
                          name: powerdns-transfer-key
                          key: secret
                  image: docker.io/powerdns/pdns-auth-51:5.1.4@sha256:bb5b1c133bcca1dd455075321de7d55db4945a8d7f2ba23339e3c7bbe416b205
                  resources:
                    limits:
                      memory: 512Mi
                    requests:
                      cpu: 50m
                      memory: 64Mi
                  securityContext:
                    allowPrivilegeEscalation: false
                    capabilities:
                      drop:
                        - ALL
                    readOnlyRootFilesystem: true
                  volumeMounts:
                    - name: config
                      mountPath: /etc/powerdns
                      readOnly: true
                    - name: data
                      mountPath: /var/lib/powerdns
                    - name: run
                      mountPath: /run/pdns
              nodeSelector:
                kubernetes.io/hostname: vps0
              securityContext:
                fsGroup: 953
                fsGroupChangePolicy: OnRootMismatch
                runAsGroup: 953
                runAsNonRoot: true
                runAsUser: 953
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
                - name: config
                  configMap:
                    name: powerdns
                - name: data
                  persistentVolumeClaim:
                    claimName: powerdns
                - name: run
                  emptyDir:
                    medium: Memory
                    sizeLimit: 16Mi
        ");
        assert_snapshot!(app(SMALL, "powerdns/app/networkpolicy.yaml"), @"
        # Generated from clusters/small/cluster.yaml (dns.powerdns); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: powerdns
          namespace: dns-system
          labels:
            app.kubernetes.io/instance: powerdns
            app.kubernetes.io/name: powerdns
        spec:
          egress:
            - ports:
                - port: 53
                  protocol: UDP
                - port: 53
                  protocol: TCP
          ingress:
            - ports:
                - port: 5353
                  protocol: UDP
                - port: 5353
                  protocol: TCP
            - from:
                - namespaceSelector:
                    matchLabels:
                      kubernetes.io/metadata.name: cert-manager
                - namespaceSelector:
                    matchLabels:
                      kubernetes.io/metadata.name: external-dns
              ports:
                - port: 8081
                  protocol: TCP
          podSelector:
            matchLabels:
              app.kubernetes.io/instance: powerdns
              app.kubernetes.io/name: powerdns
          policyTypes:
            - Ingress
            - Egress
        ");
        assert_snapshot!(app(SMALL, "powerdns/app/persistentvolume-dns-system-powerdns.yaml"), @r#"
        # Generated from clusters/small/cluster.yaml (dns.powerdns); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata:
          name: dns-system-powerdns
          annotations:
            kustomize.toolkit.fluxcd.io/prune: disabled
          labels:
            app.kubernetes.io/instance: powerdns
            app.kubernetes.io/name: powerdns
        spec:
          accessModes:
            - ReadWriteOnce
          capacity:
            storage: 1Gi
          claimRef:
            name: powerdns
            namespace: dns-system
          local:
            path: /var/mnt/powerdns
          nodeAffinity:
            required:
              nodeSelectorTerms:
                - matchExpressions:
                    - key: kubernetes.io/hostname
                      operator: In
                      values:
                        - vps0
          persistentVolumeReclaimPolicy: Retain
          storageClassName: ""
          volumeMode: Filesystem
        "#);
    }

    #[test]
    fn a_primary_on_its_nodes_network_that_takes_updates() {
        let definition = edit(
            SMALL,
            "    site: vps\n    apiKey",
            "    site: vps\n    exposure: hostNetwork\n    backend: gsqlite3\n    apiKey",
        );
        let updates = "solver: rfc2136\n  updateKey: { secret: powerdns-update-key, key: secret }";
        let definition = edit(&definition, "solver: powerdns-webhook", updates);
        assert_snapshot!(app(&definition, "powerdns/app/pdns.conf"), @"
        # PowerDNS 5.1 as primary at the site vps.
        launch=gsqlite3
        gsqlite3-database=/var/lib/powerdns/pdns.sqlite3

        primary=yes
        # Never all addresses: on Talos the host's own resolver holds port 53 of 127.0.0.53.
        local-address=198.51.99.10
        local-port=53
        socket-dir=/run/pdns
        disable-syslog=yes
        log-timestamp=no
        max-tcp-connections=128
        # Tells nobody what runs here, and asks nobody whether it is outdated: the image is pinned.
        version-string=anonymous
        security-poll-suffix=

        # Transfers: to whom is said for each zone by bootstrap.sh, never by the NS records alone.
        allow-axfr-ips=
        only-notify=
        default-soa-content=ns1.example.org hostmaster.@ 0 3600 600 1209600 300

        # The key comes on the command line, out of the Secret. The address, the pod's own, too.
        webserver=yes
        webserver-port=8081
        webserver-allow-from=10.244.0.0/16, 10.2.1.1, 198.51.99.10, 10.2.2.1
        webserver-loglevel=none
        api=yes

        # Updates by DNS (RFC 2136), for the challenges of certificates; which key may, is said for each zone.
        dnsupdate=yes
        dnsupdate-require-tsig=yes
        allow-dnsupdate-from=10.244.0.0/16, 10.2.1.1, 198.51.99.10, 10.2.2.1
        ");
    }

    #[test]
    fn a_secondary_at_home() {
        let definition =
            edit(SMALL, "    site: vps\n    apiKey", "    site: vps\n    secondarySites: [home]\n    apiKey");
        assert_snapshot!(app(&definition, "powerdns-home/app/pdns.conf"), @"
        # PowerDNS 5.1 as secondary at the site home.
        launch=lmdb
        lmdb-filename=/var/lib/powerdns/pdns.lmdb

        secondary=yes
        # The pod's own network, where nothing else listens; the node's port 53 leads to this one.
        local-address=0.0.0.0
        local-port=5353
        socket-dir=/run/pdns
        disable-syslog=yes
        log-timestamp=no
        max-tcp-connections=128
        # Tells nobody what runs here, and asks nobody whether it is outdated: the image is pinned.
        version-string=anonymous
        security-poll-suffix=

        # Transfers: to whom is said for each zone by bootstrap.sh, never by the NS records alone.
        allow-axfr-ips=
        # The primary's pod may speak with its own address or with its node's. A notice only makes this server ask the primary.
        trusted-notification-proxy=10.244.0.0/16, 10.2.1.1, 198.51.99.10, 10.2.2.1

        # The key comes on the command line, out of the Secret. The address, the pod's own, too.
        webserver=yes
        webserver-port=8081
        webserver-allow-from=10.244.0.0/16, 10.2.1.1, 198.51.99.10, 10.2.2.1
        webserver-loglevel=none
        api=no

        dnsupdate=no
        ");
        assert_snapshot!(app(&definition, "powerdns-home/app/zones"), @"
        # Read by bootstrap.sh: key, name, algorithm, variable; zone, name, kind; meta, zone, kind, values;
        # rrset, zone, name, TTL, type, content. A meta without values takes the old ones away.
        key	transfer	hmac-sha256	TRANSFER_KEY
        zone	example.org	secondary 198.51.99.10
        meta	example.org	AXFR-MASTER-TSIG	transfer
        ");
    }

    #[test]
    fn a_zone_below_another_and_records_of_every_kind() {
        let definition = edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            concat!(
                "      hostmaster: first.last@example.org\n      records:\n",
                "        \"@\": { MX: [10 mail.example.net], TXT: ['say \"hi\"'], CAA: ['0 issue \"letsencrypt.org\"'] }\n",
                "        _sip._tcp: { SRV: [0 5 5060 sip.example.net], ttl: 60 }\n",
                "        blog: { CNAME: blog.example.net }\n",
                "        \"*.apps\": { addresses: [vps0] }\n",
                "    lab.example.org:\n      nameservers: { ns1.example.org: [vps0], ns2.example.net: [second-ns] }\n",
                "      hostmaster: hostmaster@example.org\ncert",
            ),
        );
        assert_snapshot!(app(&definition, "powerdns/app/zones"), @r#"
        # Read by bootstrap.sh: key, name, algorithm, variable; zone, name, kind; meta, zone, kind, values;
        # rrset, zone, name, TTL, type, content. A meta without values takes the old ones away.
        key	transfer	hmac-sha256	TRANSFER_KEY
        owned	_owner-%{record_type}.
        zone	example.org	primary
        meta	example.org	SOA-EDIT-API	DEFAULT
        meta	example.org	ALSO-NOTIFY	192.0.1.53
        meta	example.org	TSIG-ALLOW-AXFR	transfer
        meta	example.org	ALLOW-AXFR-FROM
        meta	example.org	SOA-EDIT-DNSUPDATE
        meta	example.org	TSIG-ALLOW-DNSUPDATE
        rrset	example.org	*.apps	300	A	198.51.99.10
        rrset	example.org	@	300	CAA	0 issue "letsencrypt.org"
        rrset	example.org	@	300	MX	10 mail.example.net.
        rrset	example.org	@	300	NS	ns1.example.org.
        rrset	example.org	@	300	NS	ns2.example.net.
        rrset	example.org	@	300	SOA	ns1.example.org. first\.last.example.org. 0 3600 600 1209600 300
        rrset	example.org	@	300	TXT	"say \"hi\""
        rrset	example.org	_sip._tcp	60	SRV	0 5 5060 sip.example.net.
        rrset	example.org	blog	300	CNAME	blog.example.net.
        rrset	example.org	lab	300	NS	ns1.example.org.
        rrset	example.org	lab	300	NS	ns2.example.net.
        rrset	example.org	ns1	300	A	198.51.99.10
        zone	lab.example.org	primary
        meta	lab.example.org	SOA-EDIT-API	DEFAULT
        meta	lab.example.org	ALSO-NOTIFY	192.0.1.53
        meta	lab.example.org	TSIG-ALLOW-AXFR	transfer
        meta	lab.example.org	ALLOW-AXFR-FROM
        meta	lab.example.org	SOA-EDIT-DNSUPDATE
        meta	lab.example.org	TSIG-ALLOW-DNSUPDATE
        rrset	lab.example.org	@	300	NS	ns1.example.org.
        rrset	lab.example.org	@	300	NS	ns2.example.net.
        rrset	lab.example.org	@	300	SOA	ns1.example.org. hostmaster.example.org. 0 3600 600 1209600 300
        "#);
    }

    #[test]
    fn names_as_each_series_takes_them() {
        let old = app(&edit(SMALL, "version: \"5.1\"", "version: \"4.9\""), "powerdns/app/bootstrap.sh");
        let new = app(SMALL, "powerdns/app/bootstrap.sh");
        assert!(
            old.contains("echo @") && !new.contains("echo @"),
            "4.9 takes relative names, 5.1 whole ones"
        );
    }

    #[test]
    fn what_a_person_has_to_do() {
        assert_snapshot!(file(SMALL, Phase::Cleanup, "docs/dns.md"), @r#"
        # DNS

        What the zones need from outside this tree.

        ## Before the servers start

        The Secrets are not in this tree; make them by hand, or let your secret store make them.

        The key of PowerDNS' API, the same in each place:

        ```sh
        key=$(openssl rand -hex 32)
        kubectl create secret generic powerdns-api-key --namespace dns-system --from-literal=api-key="$key" # PowerDNS
        kubectl create secret generic powerdns-api-key --namespace external-dns --from-literal=api-key="$key" # external-dns
        kubectl create secret generic powerdns-api-key --namespace cert-manager --from-literal=api-key="$key" # cert-manager
        ```

        The key that transfers are signed with, `transfer` by `hmac-sha256`:

        ```sh
        key=$(openssl rand -base64 32 | tr -d '\n')
        kubectl create secret generic powerdns-transfer-key --namespace dns-system --from-literal=secret="$key" # PowerDNS
        ```


        A pod reads its keys when it starts: after a change, restart it.

        ## The secondaries of others

        These are told of each change, and may have the zones:

        - `second`, 192.0.1.53

        Set there, for each zone: the kind secondary, the primary 198.51.99.10 on port 53, and leave for notices from it.
        Transfers are signed: it needs the key `transfer`, by `hmac-sha256`, and should get it by a way that nobody reads.
        To try it from there: `dig -y hmac-sha256:transfer:KEY @198.51.99.10 example.org AXFR`.

        ## What the parent has to say

        ### example.org

        At the registrar, in the zone above:

        ```
        example.org. NS ns1.example.org.
        example.org. NS ns2.example.net.
        ns1.example.org. A 198.51.99.10
        ```

        Lower the TTL of the old records first, and wait until the old one has run out.
        To see what the world sees: `dig +trace example.org SOA`.

        ## DNSSEC

        The zones are not signed.
        Keys would be made and kept by PowerDNS: `kubectl --namespace dns-system exec powerdns-0 -- pdnsutil secure-zone example.org`.
        The DS records for the parent are then printed by `kubectl --namespace dns-system exec powerdns-0 -- pdnsutil show-zone example.org`.
        Secondaries have the signatures with each transfer.
        "#);
    }
}
