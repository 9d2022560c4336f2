//! Flux on the live cluster: its three controllers, the root that a bootstrap leaves, and what becomes of a commit.

use super::{
    condition,
    control::Control,
    process::ports,
    state::State,
    world::{World, of_kind},
};
use crate::{engine, fault::Fault};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

pub(crate) const KUSTOMIZATIONS: &str =
    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
const SOURCE: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/flux-system";
/// What else Flux makes ready.
const OTHERS: [&str; 5] = [
    "/apis/helm.toolkit.fluxcd.io/v2/helmreleases",
    "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
    "/apis/source.toolkit.fluxcd.io/v1/helmcharts",
    "/apis/source.toolkit.fluxcd.io/v1/helmrepositories",
    "/apis/source.toolkit.fluxcd.io/v1/ocirepositories",
];

/// A cluster with Flux, and the world around it.
#[derive(Debug)]
pub(crate) struct Flux {
    pub(crate) control: Control,
    pub(crate) world: World,
    /// The Kustomizations of the last commit, by name.
    wanted: BTreeSet<String>,
    revision: String,
}

/// What became of a commit.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// What is not ready, and why; nothing where all of it is.
    pub(crate) waiting: Vec<String>,
    /// The Kustomizations in the order in which they were first seen ready.
    pub(crate) order: Vec<String>,
    pub(crate) took: Duration,
}

impl Flux {
    /// Starts the controllers on a running control plane. `objects` are all that any tree of this cluster holds.
    pub(crate) fn start(mut control: Control, objects: &[Value]) -> Result<Self, Fault> {
        let world = World::start(control.folder(), objects)?;
        let storage = control.folder().join("artifacts");
        fs::create_dir_all(&storage).map_err(Fault::at(&storage))?;
        let authority = world.authority.display().to_string();
        let environment = [
            ("RUNTIME_NAMESPACE", "flux-system"),
            ("HTTPS_PROXY", world.proxy.as_str()),
            ("SSL_CERT_FILE", authority.as_str()),
        ];
        let [served] = ports()?;
        for name in ["source", "kustomize", "helm"] {
            let [metrics, health] = ports()?;
            let mut arguments = vec![
                "--events-addr=".to_owned(),
                format!("--metrics-addr=127.0.0.1:{metrics}"),
                format!("--health-addr=127.0.0.1:{health}"),
                "--enable-leader-election=false".into(),
            ];
            match name {
                "source" => arguments.extend([
                    format!("--storage-path={}", storage.display()),
                    format!("--storage-addr=127.0.0.1:{served}"),
                    format!("--storage-adv-addr=127.0.0.1:{served}"),
                ]),
                _ => arguments.extend(["--requeue-dependency=300ms".into(), "--concurrent=8".into()]),
            }
            let program = format!("{name}-controller");
            let path = engine::folder(&format!("flux-{name}"))?.join(&program);
            control.spawn_with(&program, &path, &arguments, &environment)?;
        }
        Ok(Self { control, world, wanted: BTreeSet::new(), revision: String::new() })
    }

    /// Commits a state of the repository, and waits until Flux has fetched it.
    pub(crate) fn push(&mut self, state: &State) -> Result<(), Fault> {
        let revision = self.world.repository.commit(&state.files, &state.title)?;
        self.wanted = of_kind(&state.objects, "Kustomization")
            .filter(|it| it["apiVersion"].as_str().is_some_and(|it| it.starts_with("kustomize.toolkit")))
            .filter_map(|it| it["metadata"]["name"].as_str().map(str::to_owned))
            .collect();
        let first = self.revision.is_empty();
        self.revision = format!("main@sha1:{revision}");
        if first {
            let source = json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1",
                "kind": "GitRepository",
                "metadata": {"name": "flux-system", "namespace": "flux-system"},
                "spec": {"interval": "1h", "url": self.world.url, "ref": {"branch": "main"}},
            });
            self.control.api.apply(&source)?.value("the source")?;
        }
        self.ask_anew(SOURCE)?;
        let revision = self.revision.clone();
        self.control.until("Flux to fetch the commit", 60, |api| {
            Ok(api.get(SOURCE)?["status"]["artifact"]["revision"] == revision)
        })?;
        for root in &state.root {
            self.control.api.apply(root)?.value("the root")?;
        }
        Ok(())
    }

    /// Whether this is the commit that was pushed last.
    pub(crate) fn is_at(&self, commit: &str) -> bool {
        self.revision.ends_with(commit)
    }

    /// Has a reconciler look again at once.
    pub(crate) fn ask_anew(&self, path: &str) -> Result<String, Fault> {
        let now = format!("{:?}", std::time::SystemTime::now());
        let asked = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": now}}});
        // Under this name as Flux' own command does: the next apply leaves it alone.
        let path = format!("{path}?fieldManager=flux-client-side-apply");
        self.control.api.ask("PATCH", &path, "application/merge-patch+json", &asked)?.value(&path)?;
        Ok(now)
    }

    /// Waits until all of the last commit is ready, or the time is over.
    pub(crate) fn settle(&mut self, seconds: u64) -> Result<Settled, Fault> {
        let start = Instant::now();
        let mut settled = Settled::default();
        let (wanted, revision) = (&self.wanted, &self.revision);
        let done = self.control.until("all to be ready", seconds, |api| {
            let found = api.list(KUSTOMIZATIONS)?;
            let mut waiting: BTreeMap<String, String> = BTreeMap::new();
            for name in wanted {
                let Some(object) = found.iter().find(|it| it["metadata"]["name"] == *name) else {
                    waiting.insert(name.clone(), "it is not there".into());
                    continue;
                };
                match ready(
                    object,
                    Some(revision).filter(|_| object["spec"]["sourceRef"]["name"] == "flux-system"),
                ) {
                    Ok(()) if !settled.order.contains(name) => settled.order.push(name.clone()),
                    Ok(()) => {}
                    Err(why) => drop(waiting.insert(name.clone(), why)),
                }
            }
            for object in &found {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                if !wanted.contains(name) {
                    waiting.insert(name.into(), "it is still there".into());
                }
            }
            for path in OTHERS {
                for object in api.list(path)? {
                    if let Err(why) = ready(&object, None) {
                        let name = object["metadata"]["name"].as_str().unwrap_or_default();
                        waiting
                            .insert(format!("{} {name}", path.rsplit('/').next().unwrap_or_default()), why);
                    }
                }
            }
            settled.waiting = waiting.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
            Ok(settled.waiting.is_empty())
        });
        settled.took = start.elapsed();
        // A program that has ended is a fault; time that is over is an answer.
        match done {
            Err(fault) if settled.waiting.is_empty() => Err(fault),
            Err(fault) if !fault.to_string().contains("in vain") => Err(fault),
            _ => self.world.check().map(|()| settled),
        }
    }

    /// What Flux complains of: everything but that a dependency is not ready yet.
    pub(crate) fn warnings(&self) -> Result<Vec<String>, Fault> {
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let events = self.control.api.list("/api/v1/events")?;
        let of_flux = |it: &&Value| {
            it["type"] == "Warning"
                && it["involvedObject"]["apiVersion"]
                    .as_str()
                    .is_some_and(|it| it.contains("toolkit.fluxcd.io"))
        };
        let mut said: Vec<String> = events
            .iter()
            .filter(of_flux)
            .map(|it| {
                let object = &it["involvedObject"];
                format!(
                    "{} {}: {}: {}",
                    text(&object["kind"]),
                    text(&object["name"]),
                    text(&it["reason"]),
                    text(&it["message"])
                )
            })
            .collect();
        said.sort();
        said.dedup();
        Ok(said)
    }
}

/// Whether Flux has made an object ready as it is now written, and from a commit.
fn ready(object: &Value, revision: Option<&String>) -> Result<(), String> {
    let status = &object["status"];
    let Some(found) = condition(object, "Ready") else { return Err("nobody has looked at it".into()) };
    let message = || format!("{}: {}", found["reason"], found["message"]);
    if status["observedGeneration"] != object["metadata"]["generation"] || found["status"] != "True" {
        return Err(message());
    }
    match revision {
        Some(revision) if status["lastAppliedRevision"] != *revision => {
            Err(format!("not from {revision}: {}", message()))
        }
        _ => Ok(()),
    }
}
