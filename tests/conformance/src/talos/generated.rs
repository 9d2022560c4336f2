//! Definitions that nobody wrote: whatever our checks let pass, Talos accepts, and says what was meant.

use super::{
    meant,
    validator::{Index, Validators},
};
use crate::{fault::Fault, report::Report, trees::Tree};
use compiler::{Options, testing};
use components::talos::release::RELEASES;
use model::{Phase, Severity};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::{Just, Strategy, any},
    sample::select,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

pub(super) fn run(cases: u32, seed: u64, talos: &mut Validators, report: &mut Report) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        cases,
        max_global_rejects: cases.saturating_mul(50),
        failure_persistence: None,
        ..Config::default()
    };
    let (tried, nodes, talos) = (Cell::new(0_u32), Cell::new(0_usize), RefCell::new(talos));
    let refusals: RefCell<BTreeMap<&'static str, u32>> = RefCell::default();
    let outcome = TestRunner::new_with_rng(config, random).run(&definition(), |case| {
        tried.set(tried.get() + 1);
        let text = case.text();
        let cluster = testing::cluster(&text);
        let compiled = compiler::compile(&cluster, Options { phase: Some(case.phase) });
        let Some(tree) = &compiled.tree else {
            let errors = compiled.diagnostics.iter().filter(|it| it.severity == Severity::Error);
            for diagnostic in errors.take(1) {
                *refusals.borrow_mut().entry(diagnostic.code).or_default() += 1;
            }
            return Err(TestCaseError::reject("our checks refuse it"));
        };
        let broken = |it: String| TestCaseError::fail(format!("{it}\n\n{text}"));
        let tree = Tree::of(tree, "generated".into());
        let fault = |it: Fault| broken(it.to_string());
        let index = Index::of(&tree).map_err(fault)?;
        let questions = index.questions(&tree).map_err(fault)?;
        let definition = testing::definition(&cluster).expect("it compiles, so it parses");
        let version = definition.talos.version.minor().to_string();
        for judge in BTreeSet::from([&index.contract, &version]) {
            let verdicts = talos.borrow_mut().ask(judge, &questions).map_err(fault)?;
            for (member, verdict) in index.nodes.iter().zip(verdicts) {
                nodes.set(nodes.get() + 1);
                if let Some(refusal) = verdict.refusal() {
                    return Err(broken(format!("Talos {judge} refuses {}: {refusal}", member.name)));
                }
                if let Some(warning) = verdict.warnings.first() {
                    return Err(broken(format!("Talos {judge} warns of {}: {warning}", member.name)));
                }
                meant::compare(&definition, case.phase, &member.name, &verdict.config)
                    .map_err(|it| broken(format!("{} says something else at {judge}: {it}", member.name)))?;
            }
        }
        Ok(())
    });
    let found = match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, _)) => Err(why.message().to_owned()),
        Err(TestError::Abort(why)) => Err(format!(
            "too few of the definitions pass our checks: {}; refused by {:?}",
            why.message(),
            refusals.borrow()
        )),
    };
    report.expect(&format!("{cases} generated definitions, seed {seed}"), found);
    println!(
        "{cases} generated definitions pass our checks, {} do not; Talos was asked about {} nodes of the former",
        tried.get() - cases.min(tried.get()),
        nodes.get()
    );
    println!("  refused by {:?}", refusals.borrow());
}

/// A definition before it is written down.
#[allow(clippy::struct_excessive_bools)] // as many as a definition has
#[derive(Clone, Debug)]
struct Generated {
    /// An index of [`RELEASES`].
    release: usize,
    /// How many minor versions the contract is behind.
    behind: usize,
    /// How many minor versions Kubernetes is behind the newest that runs.
    kubernetes: u64,
    phase: Phase,
    sites: Vec<GeneratedSite>,
    three_control_planes: bool,
    endpoint: Endpoint,
    kubespan: Option<GeneratedMesh>,
    discovery: Option<&'static str>,
    native: bool,
    ipam: Option<&'static str>,
    masquerade: Option<&'static str>,
    admin: bool,
    mirrors: bool,
    kube_prism: Option<bool>,
    schedule: bool,
    edge: bool,
}

#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Vip,
    Name,
    FirstNode,
}

#[derive(Clone, Debug)]
struct GeneratedMesh {
    bypass: Option<bool>,
    advertise: Option<bool>,
    mtu: Option<u16>,
    exclude: bool,
}

#[allow(clippy::struct_excessive_bools)] // as many as a definition has
#[derive(Clone, Debug)]
struct GeneratedSite {
    public: bool,
    nat: bool,
    ipv6: bool,
    workers: usize,
    mtu: Option<u16>,
    platform: &'static str,
    arm: bool,
    dhcp: bool,
    gateways: bool,
    route: bool,
    link: Option<&'static str>,
    disk: Option<&'static str>,
    extensions: Vec<&'static str>,
    kernel_args: Vec<&'static str>,
    sysctls: BTreeMap<&'static str, u8>,
    kubelet_args: bool,
    resolvers: bool,
    time_servers: bool,
    firewall: Option<&'static str>,
    labels: BTreeMap<&'static str, &'static str>,
    taints: Vec<(&'static str, &'static str)>,
    translated: bool,
    topology: bool,
}

fn definition() -> impl Strategy<Value = Generated> {
    let versions = (0..RELEASES.len(), 0..3_usize, 0..4_u64, select(Phase::ALL.to_vec()));
    let endpoint = select(vec![Endpoint::Vip, Endpoint::Vip, Endpoint::Name, Endpoint::FirstNode]);
    let talos = (
        option::weighted(0.2, select(vec!["enabled: true", "serviceRegistry: true", "enabled: false"])),
        any::<bool>(),
        any::<bool>(),
        option::weighted(0.2, Just(true)),
        any::<bool>(),
        any::<bool>(),
    );
    let cilium = (
        any::<bool>(),
        option::weighted(0.3, select(vec!["kubernetes", "cluster-pool"])),
        option::weighted(0.3, select(vec!["bpf", "iptables"])),
    );
    (vec(site(), 1..5), versions, any::<bool>(), endpoint, option::weighted(0.85, mesh()), talos, cilium)
        .prop_map(|(sites, versions, three_control_planes, endpoint, kubespan, talos, cilium)| Generated {
            release: versions.0,
            behind: versions.1,
            kubernetes: versions.2,
            phase: versions.3,
            sites,
            three_control_planes,
            endpoint,
            kubespan,
            discovery: talos.0,
            native: cilium.0,
            ipam: cilium.1,
            masquerade: cilium.2,
            admin: talos.1,
            mirrors: talos.2,
            kube_prism: talos.3,
            schedule: talos.4,
            edge: talos.5,
        })
}

fn mesh() -> impl Strategy<Value = GeneratedMesh> {
    let flag = || option::weighted(0.2, any::<bool>());
    (flag(), flag(), option::weighted(0.2, 1280..1421_u16), any::<bool>())
        .prop_map(|(bypass, advertise, mtu, exclude)| GeneratedMesh { bypass, advertise, mtu, exclude })
}

fn site() -> impl Strategy<Value = GeneratedSite> {
    let place =
        (any::<bool>(), any::<bool>(), any::<bool>(), 0..4_usize, option::weighted(0.3, 1360..1501_u16));
    let platforms = vec![
        "metal",
        "nocloud",
        "akamai",
        "hcloud",
        "digital-ocean",
        "vultr",
        "upcloud",
        "oracle",
        "scaleway",
        "openstack",
    ];
    let machine = (
        select(platforms),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        option::weighted(0.3, select(vec!["eth1", "enp0s1", "eno1"])),
        option::weighted(0.3, select(vec!["/dev/vda", "/dev/nvme0n1", "/dev/disk/by-id/wwn-0x5000c500a"])),
    );
    let settings = (
        vec(
            select(vec!["qemu-guest-agent", "siderolabs/tailscale", "iscsi-tools", "util-linux-tools"]),
            0..3,
        ),
        vec(select(vec!["net.ifnames=0", "console=ttyS0,115200", "-init_on_alloc"]), 0..3),
        btree_map(
            select(vec!["vm.max_map_count", "net.core.somaxconn", "fs.inotify.max_user_instances"]),
            1..9_u8,
            0..3,
        ),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let kubernetes = (
        option::weighted(0.3, select(vec!["block", "accept"])),
        btree_map(
            select(vec!["example.org/rack", "node.kubernetes.io/class", "example.com/empty"]),
            select(vec!["a", "\"1\"", "\"\"", "yes-it.is_1"]),
            0..3,
        ),
        vec(
            (
                select(vec!["example.org/edge", "example.org/slow"]),
                select(vec!["NoSchedule", "PreferNoSchedule", "NoExecute"]),
            ),
            0..3,
        ),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (place, machine, settings, kubernetes).prop_map(|(place, machine, settings, kubernetes)| GeneratedSite {
        public: place.0,
        nat: place.1,
        ipv6: place.2,
        workers: place.3,
        mtu: place.4,
        platform: machine.0,
        arm: machine.1,
        dhcp: machine.2,
        gateways: machine.3,
        route: kubernetes.5,
        link: machine.4,
        disk: machine.5,
        extensions: settings.0,
        kernel_args: settings.1,
        sysctls: settings.2,
        kubelet_args: settings.3,
        resolvers: settings.4,
        time_servers: settings.5,
        firewall: kubernetes.0,
        labels: kubernetes.1,
        taints: kubernetes.2,
        translated: kubernetes.3,
        topology: kubernetes.4,
    })
}

impl Generated {
    fn text(&self) -> String {
        let release = &RELEASES[self.release];
        let contract = RELEASES[self.release.saturating_sub(self.behind)].contract();
        let kubernetes = release.kubernetes.1.saturating_sub(self.kubernetes).max(release.kubernetes.0);
        let mut text = String::new();
        let mut say = |line: &str| writeln!(text, "{line}").expect("writing to a string");
        let endpoint = match self.endpoint {
            Endpoint::Vip => self.sites[0].address(0, 250),
            Endpoint::Name => "api.example.org".into(),
            Endpoint::FirstNode => self.sites[0].address(0, 10),
        };
        say("cluster:\n  name: generated\n  domain: example.org");
        say(&format!("  endpoint: https://{endpoint}:6443"));
        say("  flux: { version: v2.9.4, source: flux-system, path: ./clusters/small/generated }");
        say(&format!("talos:\n  version: {}\n  contract: {contract}", release.latest()));
        if let Some(discovery) = self.discovery {
            say(&format!("  discovery: {{ {discovery} }}"));
        }
        if let Some(on) = self.kube_prism {
            say(&format!("  kubePrism: {on}"));
        }
        if self.schedule {
            say("  scheduleOnControlPlanes: true");
        }
        if self.admin {
            say("  adminNetworks: [185.99.0.0/28]");
        }
        if self.mirrors {
            say(
                "  registryMirrors:\n    docker.io: [https://mirror.example.org/v2/hub, https://other.example.org]",
            );
            say("    ghcr.io: [https://mirror.example.org]");
        }
        let both = self.sites.iter().all(|it| it.ipv6);
        let (pods, services) = if both {
            ("10.244.0.0/16, \"fd00:10:244::/56\"", "10.96.0.0/16, \"fd00:10:96::/112\"")
        } else {
            ("10.244.0.0/16", "10.96.0.0/12")
        };
        say(&format!(
            "kubernetes:\n  version: v1.{kubernetes}.0\n  podSubnets: [{pods}]\n  serviceSubnets: [{services}]"
        ));
        say("sites:");
        for (i, site) in self.sites.iter().enumerate() {
            say(&site.text(i));
        }
        say("nodes:");
        for (i, site) in self.sites.iter().enumerate() {
            let planes = match (i, self.three_control_planes) {
                (0, true) => 3,
                (0, false) => 1,
                _ => 0,
            };
            for j in 0..planes {
                say(&site.node(i, j, "controlplane"));
            }
            for j in planes..planes + site.workers {
                say(&site.node(i, j, "worker"));
            }
        }
        if let Endpoint::Vip = self.endpoint {
            say(&format!("addresses:\n  api-vip: {{ address: {endpoint}, holder: talos-vip }}"));
        }
        if let Some(mesh) = &self.kubespan {
            say(&format!("mesh:\n  kubespan: {{ {} }}", mesh.text()));
        }
        let mut cilium = format!(
            "version: v1.20.2, managedBy: flux, routing: {}",
            if self.native { "native" } else { "tunnel" }
        );
        for (key, value) in [("ipam", self.ipam), ("masquerade", self.masquerade)] {
            if let Some(value) = value {
                write!(cilium, ", {key}: {value}").expect("writing to a string");
            }
        }
        say(&format!("cni:\n  cilium: {{ {cilium} }}"));
        if let Some((i, _)) = self.edge_site() {
            say(&format!("ingress: {{ controller: traefik, site: s{i} }}"));
            say(&format!("website: {{ host: www.example.org, site: s{i}, content: ./website }}"));
            say(&format!(
                "dns:\n  powerdns: {{ version: \"5.1\", site: s{i}, apiKey: {{ secret: k, key: k }} }}\n  \
                 externalDns: {{ owner: generated-cluster }}\n  zones:\n    example.org:\n      nameservers:\n        \
                 ns1.example.org: [s{i}n{}]\n      hostmaster: hostmaster@example.org",
                if i == 0 && self.three_control_planes { 3 } else { usize::from(i == 0) }
            ));
            say(
                "certificates:\n  email: hostmaster@example.org\n  environment: staging\n  solver: powerdns-webhook\n  recursiveNameservers: [\"1.1.1.1:53\", \"9.9.9.9:53\"]",
            );
        }
        text
    }

    /// Where the public edge is: the first public site with a worker.
    fn edge_site(&self) -> Option<(usize, &GeneratedSite)> {
        let mut sites = self.sites.iter().enumerate();
        sites.find(|(_, site)| site.public && site.workers > 0).filter(|_| self.edge)
    }
}

impl GeneratedMesh {
    fn text(&self) -> String {
        let mut parts = Vec::new();
        if let Some(bypass) = self.bypass {
            parts.push(format!("allowDownPeerBypass: {bypass}"));
        }
        if let Some(advertise) = self.advertise {
            parts.push(format!("advertiseKubernetesNetworks: {advertise}"));
        }
        if let Some(mtu) = self.mtu {
            parts.push(format!("mtu: {mtu}"));
        }
        if self.exclude {
            parts.push("excludeAdvertisedNetworks: [192.168.50.0/24]".into());
        }
        parts.join(", ")
    }
}

impl GeneratedSite {
    /// Public sites have networks of the internet, others of their own.
    fn network(&self, i: usize) -> String {
        if self.public { format!("185.20{i}.7") } else { format!("10.2{i}.0") }
    }

    fn address(&self, i: usize, host: usize) -> String {
        format!("{}.{host}", self.network(i))
    }

    fn address6(&self, i: usize, host: usize) -> String {
        if self.public { format!("2a01:4f8:{i}::{host}") } else { format!("fd12:3456:{i}::{host}") }
    }

    fn text(&self, i: usize) -> String {
        let mut text = format!("  s{i}:\n    networks: [{}/24", self.address(i, 0));
        let mut say = |part: String| text.push_str(&part);
        if self.ipv6 {
            say(format!(", \"{}/64\"", self.address6(i, 0).trim_end_matches('0')));
        }
        say("]\n".into());
        if self.public {
            say("    public: true\n".into());
        } else if self.nat {
            say("    nat: true\n".into());
        }
        if let Some(mtu) = self.mtu {
            say(format!("    underlayMtu: {mtu}\n"));
        }
        // Nobody may leave a public site open.
        let firewall = self.firewall.map(|it| if self.public && it == "accept" { "provider" } else { it });
        if let Some(firewall) = firewall {
            say(format!("    firewall: {firewall}\n"));
        }
        if self.topology {
            say(format!("    topology: {{ region: r{i}, zone: z{i} }}\n"));
        }
        if self.resolvers {
            say("    resolvers: [1.1.1.1, \"2620:fe::fe\"]\n".into());
        }
        if self.time_servers {
            say("    timeServers: [time.example.net, 192.0.2.7]\n".into());
        }
        say(format!("    machine:\n      platform: {}\n", self.platform));
        if self.arm {
            say("      architecture: arm64\n".into());
        }
        if self.dhcp {
            say("      dhcp: true\n".into());
        }
        if self.gateways {
            let six = if self.ipv6 { format!(", \"{}\"", self.address6(i, 1)) } else { String::new() };
            say(format!("      gateways: [{}{six}]\n", self.address(i, 1)));
        }
        if self.route {
            say(format!(
                "      routes: [{{ network: 192.168.{i}.0/24, gateway: {} }}]\n",
                self.address(i, 2)
            ));
        }
        for (key, value) in [("link", self.link), ("disk", self.disk)] {
            if let Some(value) = value {
                say(format!("      {key}: {value}\n"));
            }
        }
        for (key, values) in [("extensions", &self.extensions), ("kernelArgs", &self.kernel_args)] {
            if !values.is_empty() {
                say(format!(
                    "      {key}: [{}]\n",
                    values.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")
                ));
            }
        }
        if !self.sysctls.is_empty() {
            let all: Vec<String> =
                self.sysctls.iter().map(|(key, value)| format!("{key}: \"{value}\"")).collect();
            say(format!("      sysctls: {{ {} }}\n", all.join(", ")));
        }
        if self.kubelet_args {
            say("      kubeletArgs: { max-pods: \"200\", rotate-server-certificates: \"true\" }\n".into());
        }
        text.pop();
        text
    }

    fn node(&self, i: usize, j: usize, role: &str) -> String {
        // A provider that translates gives the machine an address of its own making.
        let translated = self.public && self.translated && role == "worker";
        let own = if translated { format!("172.16.{i}.{}", 10 + j) } else { self.address(i, 10 + j) };
        let mut addresses = format!("{own}/24");
        if self.ipv6 {
            write!(addresses, ", \"{}/64\"", self.address6(i, 10 + j)).expect("writing to a string");
        }
        let mut text = format!("  s{i}n{j}: {{ site: s{i}, role: {role}, addresses: [{addresses}]");
        let mut say = |part: String| text.push_str(&part);
        if translated {
            say(format!(", publicAddress: {}", self.address(i, 10 + j)));
        }
        if !self.labels.is_empty() {
            let all: Vec<String> = self.labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            say(format!(", labels: {{ {} }}", all.join(", ")));
        }
        if !self.taints.is_empty() && role == "worker" {
            let all: Vec<String> = self
                .taints
                .iter()
                .map(|(key, effect)| format!("{{ key: {key}, effect: {effect} }}"))
                .collect();
            say(format!(", taints: [{}]", all.join(", ")));
        }
        say(" }".into());
        text
    }
}
