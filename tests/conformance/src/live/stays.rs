//! Stays: a second sync writes nothing, what a hand changed is put back, and the same definition is the same commit.

use super::{
    flux::{Flux, KUSTOMIZATIONS},
    state::State,
    syncs::SECONDS,
    world::of_kind,
};
use crate::{fault::Fault, report::Report};
use compiler::Cluster;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) fn run(
    flux: &mut Flux,
    cluster: &Cluster,
    state: &State,
    report: &mut Report,
) -> Result<(), Fault> {
    let name = |it: &str| format!("stays: {}: {it}", state.title);
    let before = versions(flux, state)?;
    sync_again(flux)?;
    let after = versions(flux, state)?;
    report.expect(&name("a second sync writes nothing"), same(&before, &after));

    let (again, _) = State::of(cluster, state.phase)?;
    let changed: Vec<String> = again
        .files
        .iter()
        .filter(|(path, bytes)| state.files.get(*path) != Some(bytes))
        .map(|it| it.0.clone())
        .collect();
    report.none(&name("rendered again, it is the same"), &changed);
    let commit = flux.world.repository.commit(&state.files, "again")?;
    report.expect(&name("and the same commit"), if flux.is_at(&commit) { Ok(()) } else { Err(commit) });

    // What a hand does: it takes a workload away from its site, and a piece of configuration away altogether.
    let ours = |kind| {
        of_kind(&state.objects, kind)
            .find(|it| it["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/ssa"].is_null())
    };
    let workload = ours("Deployment")
        .or_else(|| ours("StatefulSet"))
        .ok_or_else(|| Fault::new("the tree has no workload"))?;
    let path = flux.control.api.path(workload)?;
    let moved = json!({"spec": {"template": {"spec": {"priorityClassName": "", "affinity": null, "nodeSelector": null, "tolerations": null}}}});
    flux.control.api.ask("PATCH", &path, "application/merge-patch+json", &moved)?.value(&path)?;
    let service = ours("Service").ok_or_else(|| Fault::new("the tree has no Service"))?;
    flux.control.api.delete(&flux.control.api.path(service)?)?.value("to delete a Service")?;
    let touched = versions(flux, state)?;
    report.expect(
        &name("what a hand changed is noticed"),
        same(&after, &touched).map_or(Ok(()), |()| Err("nothing differs".into())),
    );
    sync_again(flux)?;
    let settled = flux.settle(SECONDS)?;
    let back = flux.control.api.get(&path)?;
    let mut wrong = settled.waiting;
    for field in ["affinity", "nodeSelector", "tolerations"] {
        let field = format!("/spec/template/spec/{field}");
        if workload.pointer(&field).is_some_and(|it| back.pointer(&field) != Some(it)) {
            wrong.push(format!("{path}{field} is {:?}", back.pointer(&field)));
        }
    }
    if let Err(fault) = flux.control.api.get(&flux.control.api.path(service)?) {
        wrong.push(fault.to_string());
    }
    report.none(&name("what a hand changed is put back"), &wrong);
    Ok(())
}

/// Has every Kustomization apply what it has once more, and waits until each has.
fn sync_again(flux: &mut Flux) -> Result<(), Fault> {
    let mut asked = BTreeMap::new();
    for it in flux.control.api.list(KUSTOMIZATIONS)? {
        let name = it["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let at = flux.ask_anew(&format!("{KUSTOMIZATIONS}/{name}"))?;
        asked.insert(name, at);
    }
    flux.control.until("all to be applied once more", SECONDS, |api| {
        let all = api.list(KUSTOMIZATIONS)?;
        Ok(all.iter().all(|it| {
            let at = it["metadata"]["name"].as_str().and_then(|name| asked.get(name));
            at.is_none_or(|at| it["status"]["lastHandledReconcileAt"] == **at)
        }))
    })
}

/// What the API server says of each object of the tree: its resource version, or for Flux' own, whose status changes,
/// its generation.
fn versions(flux: &Flux, state: &State) -> Result<BTreeMap<String, Value>, Fault> {
    let mut versions = BTreeMap::new();
    for object in &state.objects {
        let path = flux.control.api.path(object)?;
        let answer = flux.control.api.ask("GET", &path, "", &Value::Null)?;
        let metadata = &answer.body["metadata"];
        let is_flux = object["apiVersion"].as_str().is_some_and(|it| it.contains("toolkit.fluxcd.io"));
        // The status of a workload is its pods', that of a claim its volume's: what was written counts.
        let version = if is_flux || object["spec"].is_object() {
            &metadata["generation"]
        } else {
            &metadata["resourceVersion"]
        };
        let version = if version.is_null() { &metadata["resourceVersion"] } else { version };
        versions.insert(path, if answer.ok() { json!([metadata["uid"], version]) } else { Value::Null });
    }
    Ok(versions)
}

fn same(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Result<(), String> {
    let differ: Vec<String> = before
        .iter()
        .filter(|(path, it)| after.get(*path) != Some(it))
        .map(|(path, it)| format!("{path}: {it} became {:?}", after.get(path)))
        .collect();
    if differ.is_empty() { Ok(()) } else { Err(differ.join("\n")) }
}
