//! The committed trees on a live control plane: what is written is taken, whole, and lands where it should.
//!
//! The nodes are those of the tree's own Talos patches, and their kubelets are simulated. Flux' own controllers sync
//! the tree out of a git repository. What the user's repository holds already has stand-ins, and so have charts.

mod adopted;
mod api;
mod applies;
mod breaks;
mod control;
mod fails;
mod flux;
mod lands;
mod migrates;
mod nodes;
mod process;
mod repository;
mod scales;
mod state;
mod stays;
mod syncs;
mod volumes;
mod world;

use crate::{
    engine,
    fault::Fault,
    report::Report,
    trees::{Committed, Scope, Tree},
};
use api::Api;
use clap::ValueEnum;
use compiler::Cluster;
use control::Control;
use flux::Flux;
use model::Phase;
use serde::Deserialize;
use serde_json::{Value, json};
use state::State;
use std::{collections::BTreeSet, fs, thread, time::Duration};
use volumes::Volumes;

/// The folders of `engines/` that make a live cluster.
pub(crate) const ENGINES: [&str; 8] =
    ["crds", "etcd", "flux-helm", "flux-kustomize", "flux-source", "kubernetes", "kwok", "outside"];

/// What is done with a cluster. Each has a control plane of its own, and all go on side by side.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Test {
    /// Applies: every object of every phase, strictly, twice.
    Applies,
    /// Migrates: phase by phase there and back again.
    Migrates,
    /// Syncs, lands, stays, fails well: the last phase at once onto a new cluster.
    Syncs,
    /// Scales: 200 nodes and 300 apps. Takes long, so it is asked for by name.
    Scales,
}

/// What is asked of the live clusters.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    /// One test, or all.
    pub(crate) only: Option<Test>,
    /// The cluster that is left up after the last test.
    pub(crate) keep: Option<&'a str>,
}

pub(crate) fn run(scope: &Scope, wish: &Wish<'_>, report: &mut Report) -> Result<(), Fault> {
    let Scope::Whole(clusters) = scope else {
        println!("   the live cluster runs the committed clusters only: it needs their definitions");
        return Ok(());
    };
    if let Some(keep) = wish.keep.filter(|keep| clusters.iter().all(|it| it.cluster.name != *keep)) {
        return Err(Fault::new(format!("there is no cluster `{keep}` to leave up")));
    }
    for engine in ENGINES {
        engine::folder(engine)?;
    }
    let chosen = Test::value_variants()
        .iter()
        .filter(|it| wish.only.map_or(**it != Test::Scales, |only| only == **it));
    let of_cluster = |it: &Committed| wish.keep.is_none_or(|keep| it.cluster.name == keep);
    let jobs: Vec<(&Committed, Test)> =
        chosen.flat_map(|test| clusters.iter().filter(|it| of_cluster(it)).map(|it| (it, *test))).collect();
    let done: Vec<Report> = thread::scope(|scope| {
        let started: Vec<_> = jobs
            .iter()
            .map(|(it, test)| {
                scope.spawn(move || {
                    let mut report = Report::default();
                    if let Err(fault) = one(&it.cluster, *test, wish.keep.is_some(), &mut report) {
                        report.fail(
                            &format!("{}: {test:?} came to no end", it.cluster.name),
                            &fault.to_string(),
                        );
                    }
                    report
                })
            })
            .collect();
        started.into_iter().map(|it| it.join().expect("a test gives faults, and does not panic")).collect()
    });
    for it in &done {
        report.add(it);
    }
    Ok(())
}

fn one(cluster: &Cluster, test: Test, keep: bool, report: &mut Report) -> Result<(), Fault> {
    let definition = documents(cluster.sources.text(cluster.definition))?.remove(0);
    match test {
        Test::Applies => applied(&definition, &State::of_phases(cluster, &definition)?, report),
        Test::Migrates => {
            let states = State::of_phases(cluster, &definition)?;
            let objects: Vec<Value> = states.iter().flat_map(|(state, _)| state.objects.clone()).collect();
            let (mut flux, _volumes) = with_flux(&definition, &objects)?;
            migrates::run(&mut flux, &definition, &states, report)
        }
        Test::Syncs => {
            // All at once onto a cluster that is new: nothing hides what the order gets wrong.
            let (state, tree) = State::of_phase(cluster, &definition, Phase::Cleanup)?;
            let (mut flux, _volumes) = with_flux(&definition, &state.objects)?;
            nodes::register(&mut flux.control, &definition, &tree)?;
            let needs = compiler::testing::needs(cluster, state.phase).unwrap_or_default();
            if syncs::run(&mut flux, &state, &needs, report)? {
                lands::run(&mut flux.control, &cluster.name, &definition, report)?;
                stays::run(&mut flux, cluster, &state, report)?;
                breaks::run(&mut flux.control, &cluster.name, &definition, report)?;
                fails::run(&mut flux, &definition, &state, report)?;
            }
            if keep {
                println!("   KUBECONFIG={} until this is interrupted", flux.control.kubeconfig.display());
                loop {
                    thread::sleep(Duration::from_secs(60));
                }
            }
            Ok(())
        }
        // The one whose nodes all have addresses of their own, so that there may be more.
        Test::Scales if cluster.name == "example" => scales::run(cluster, report),
        Test::Scales => Ok(()),
    }
}

/// Every object of every phase is applied by the suite itself, with all definitions of custom resources there.
fn applied(definition: &Value, states: &[(State, Tree)], report: &mut Report) -> Result<(), Fault> {
    let mut control = start(definition, |_| true)?;
    let (_, last) = states.last().expect("there are seven");
    nodes::register(&mut control, definition, last)?;
    for (state, _) in states {
        // As Flux has it: namespaces and classes before what is in them.
        let mut objects = state.objects.clone();
        objects.sort_by_key(|it| it["kind"] != "Namespace");
        applies::run(&control.api, &state.title, &objects, report)?;
        println!("{:<34} {:>4} objects applied twice and read back", state.title, objects.len());
    }
    Ok(())
}

/// A cluster as it is before the tree comes: Flux, the namespaces of today's apps, and a CNI where somebody else
/// installs it. Nothing else of what the tree needs.
/// `objects` are all that any of its trees holds.
fn with_flux(definition: &Value, objects: &[Value]) -> Result<(Flux, Volumes), Fault> {
    let cni = &definition["cni"]["cilium"];
    let has_cni = cni.is_object() && cni["managedBy"] != "flux";
    let control = start(definition, |it| it.starts_with("flux-") || it == "cilium" && has_cni)?;
    for name in adopted::namespaces(definition) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        // As a person made it: `flux-system` is there already.
        control.api.ask("POST", "/api/v1/namespaces?fieldManager=kubectl-create", "", &namespace)?;
    }
    let volumes = Volumes::start(control.api.again());
    Ok((Flux::start(control, objects)?, volumes))
}

/// A control plane with definitions of custom resources, chosen by the folder that has them.
fn start(definition: &Value, wanted: impl Fn(&str) -> bool) -> Result<Control, Fault> {
    let subnets: Vec<&str> = definition["kubernetes"]["serviceSubnets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut control = Control::start(&subnets.join(","))?;
    let all = engine::folder("crds")?;
    let mut folders = Vec::new();
    for entry in fs::read_dir(&all).map_err(Fault::at(&all))? {
        let entry = entry.map_err(Fault::at(&all))?;
        folders.extend(Some(entry.path()).filter(|_| wanted(&entry.file_name().to_string_lossy())));
    }
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Fault::at(&folder))? {
            let path = entry.map_err(Fault::at(&folder))?.path();
            if path.is_dir() {
                // The standard channel is what the tree takes.
                folders.extend(Some(path).filter(|it| !it.ends_with("experimental")));
            } else if path.extension().is_some_and(|it| it == "yaml") {
                let text = fs::read_to_string(&path).map_err(Fault::at(&path))?;
                for object in documents(&text)?.iter().filter(|it| it["kind"] == "CustomResourceDefinition") {
                    control.api.apply(object)?.value(&path.display().to_string())?;
                    names.extend(object["metadata"]["name"].as_str().map(str::to_owned));
                }
            }
        }
    }
    control.until("the custom resources to be served", 30, |api| {
        let crds = api.list("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")?;
        let served =
            crds.iter().filter(|it| condition(it, "Established").is_some_and(|it| it["status"] == "True"));
        Ok(served.count() >= names.len())
    })?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}});
    control.api.apply(&namespace)?.value("flux-system")?;
    Ok(control)
}

/// The documents of a YAML file.
fn documents(text: &str) -> Result<Vec<Value>, Fault> {
    let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
    let documents: Result<Vec<Value>, _> = documents.collect();
    let mut documents = documents.map_err(|it| Fault::new(it.to_string()))?;
    documents.retain(|it| !it.is_null());
    Ok(documents)
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|it| it["type"] == kind)
}

/// All pods, or those in one namespace that have these labels.
fn pods(api: &Api, namespace: &str, labels: &Value) -> Result<Vec<Value>, Fault> {
    let mut pods = api.list(&format!("/api/v1/namespaces/{namespace}/pods"))?;
    let wanted = labels.as_object();
    pods.retain(|pod| {
        wanted.is_none_or(|it| it.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value))
    });
    Ok(pods)
}
