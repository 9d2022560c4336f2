//! The plan to a [`Tree`]. Cannot fail: what could go wrong was checked.

mod flux;
mod readme;

use components::{File, Plan, PodSecurity, TalosContent, Unit};
use std::collections::{BTreeMap, BTreeSet};
use tree::{
    Object, Tree,
    k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta},
    print_documents,
    resources::kustomize,
};

/// How a reader of the tree makes it anew.
const COMMAND: &str = "nix run .#render, or cargo run --release -- render";

/// Namespaces that Kubernetes and Flux bring themselves.
const BUILT_IN: &[&str] = &["default", "flux-system", "kube-system"];

/// The files below `talos/` alone.
pub(crate) fn talos(plan: &Plan) -> Tree {
    let mut out = Emitter { plan, tree: Tree::default() };
    for (path, content) in components::talos::files(plan) {
        match content {
            TalosContent::Documents { key, documents } => {
                out.documents(path, &key, &documents.iter().collect::<Vec<_>>());
            }
            TalosContent::Text(text) => out.tree.insert(path, text),
        }
    }
    out.tree
}

pub(crate) fn emit(plan: &Plan) -> Tree {
    let mut out = Emitter { plan, tree: talos(plan) };
    if let Some((path, text)) = components::nixos::file(plan) {
        out.tree.insert(path, text);
    }
    let mut folders: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in plan.units.values() {
        if out.unit(unit) {
            folders.entry(&unit.namespace).or_default().push(unit);
        }
    }
    for (namespace, units) in &folders {
        out.namespace(namespace, units);
    }
    let resources = folders.keys().map(|namespace| (*namespace).to_owned()).collect();
    out.kustomization(
        "apps/kustomization.yaml",
        "apps",
        kustomize::Kustomization { resources, ..Default::default() },
    );
    out.documents("flux/cluster.yaml".into(), "cluster.flux", &[&flux::root(plan)]);
    let index = readme::index(plan, &folders);
    out.tree.insert("README.md", index);
    out.tree.seal();
    out.tree
}

struct Emitter<'a> {
    plan: &'a Plan<'a>,
    tree: Tree,
}

impl Emitter<'_> {
    fn documents(&mut self, path: String, key: &str, documents: &[&Object]) {
        let source = format!("clusters/{}/cluster.yaml ({key})", self.plan.cluster);
        self.tree.insert(path, print_documents(&source, COMMAND, documents));
    }

    fn kustomization(&mut self, path: &str, key: &str, kustomization: kustomize::Kustomization) {
        self.documents(path.into(), key, &[&Object::new(&kustomization)]);
    }

    /// The files of a unit and its Flux Kustomization. Whether it has any that Flux applies.
    fn unit(&mut self, unit: &Unit) -> bool {
        let folder = format!("apps/{}/{}", unit.namespace, unit.name);
        let mut resources = BTreeSet::new();
        let mut config_maps: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for file in (unit.component.emit)(self.plan, unit) {
            match file {
                File::Object(object) => {
                    let name = object.file_name(&unit.name);
                    self.documents(format!("{folder}/app/{name}"), &unit.key, &[&object]);
                    resources.insert(name);
                }
                File::Data { config_map, key, path, bytes } => {
                    let source = if key == path { path.clone() } else { format!("{key}={path}") };
                    config_maps.entry(config_map).or_default().insert(source);
                    self.tree.insert(format!("{folder}/app/{path}"), bytes);
                }
                File::Outside { path, bytes } => self.tree.insert(path, bytes),
            }
        }
        let mut encrypted = false;
        for (name, bytes) in extra(self.plan, unit) {
            self.tree.insert(format!("{folder}/app/{name}"), bytes.to_vec());
            encrypted |= is_sops(bytes);
            resources.insert(name.to_owned());
        }
        let ours = !resources.is_empty() || !config_maps.is_empty();
        if ours {
            let config_map_generator = config_maps
                .into_iter()
                .map(|(name, files)| kustomize::ConfigMapGenerator {
                    name,
                    namespace: Some(unit.namespace.clone()),
                    files: files.into_iter().collect(),
                    ..Default::default()
                })
                .collect();
            let kustomization = kustomize::Kustomization {
                resources: resources.into_iter().collect(),
                config_map_generator,
                ..Default::default()
            };
            self.kustomization(&format!("{folder}/app/kustomization.yaml"), &unit.key, kustomization);
        }
        let applied = ours || unit.adopted.is_some();
        if applied {
            let object = flux::kustomization(self.plan, unit, encrypted);
            self.documents(format!("{folder}/ks.yaml"), &unit.key, &[&object]);
        }
        applied
    }

    /// A folder of one namespace: the namespace, unless an app brings it, and the Kustomizations.
    fn namespace(&mut self, name: &str, units: &[&Unit]) {
        let level =
            units.iter().filter(|unit| unit.adopted.is_none()).filter_map(|unit| unit.pod_security).max();
        let mut resources = Vec::new();
        if let Some(level) = level.filter(|_| !BUILT_IN.contains(&name)) {
            let keys: BTreeSet<&str> = units.iter().map(|unit| unit.key.as_str()).collect();
            let keys: Vec<&str> = keys.into_iter().collect();
            self.documents(
                format!("apps/{name}/namespace.yaml"),
                &keys.join(", "),
                &[&Object::new(&namespace(name, level))],
            );
            resources.push("namespace.yaml".to_owned());
        }
        resources.extend(units.iter().map(|unit| format!("{}/ks.yaml", unit.name)));
        resources.sort();
        let kustomization = kustomize::Kustomization { resources, ..Default::default() };
        self.kustomization(&format!("apps/{name}/kustomization.yaml"), "apps", kustomization);
    }
}

/// A namespace with the Pod Security level that its pods need, and no more. Flux never deletes it: all within would go too.
fn namespace(name: &str, level: PodSecurity) -> Namespace {
    let labels = ["enforce", "audit", "warn"]
        .map(|mode| (format!("pod-security.kubernetes.io/{mode}"), level.name().to_owned()));
    Namespace {
        metadata: ObjectMeta {
            name: Some(name.into()),
            labels: Some(BTreeMap::from(labels)),
            annotations: Some(BTreeMap::from([(
                "kustomize.toolkit.fluxcd.io/prune".into(),
                "disabled".into(),
            )])),
            ..Default::default()
        },
        ..Default::default()
    }
}

/// What a person put into `extra/<namespace>/<unit>/`, passed through as it is.
fn extra<'a>(plan: &Plan<'a>, unit: &Unit) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let folder = format!("extra/{}/{}/", unit.namespace, unit.name);
    plan.files.iter().filter_map(move |(path, bytes)| Some((path.strip_prefix(&folder)?, bytes.as_slice())))
}

/// Whether SOPS encrypted a file: it leaves its own notes at the end, under this key.
fn is_sops(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"\nsops:")
}
