//! Migrates: the phases are committed one after the other onto the running cluster, and back again, one by one.

use super::{api::Api, flux::Flux, nodes, state::State, syncs::SECONDS, world::of_kind};
use crate::{fault::Fault, report::Report, trees::Tree};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What holds data, or without which something that does would go.
const KEPT: [&str; 5] = [
    "/api/v1/persistentvolumeclaims",
    "/api/v1/persistentvolumes",
    "/api/v1/namespaces",
    "/api/v1/secrets",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
];

pub(crate) fn run(
    flux: &mut Flux,
    definition: &Value,
    states: &[(State, Tree)],
    report: &mut Report,
) -> Result<(), Fault> {
    let there = states.windows(2).map(|pair| (Some(&pair[0]), &pair[1], "to"));
    let back = states.windows(2).rev().map(|pair| (Some(&pair[1]), &pair[0], "back to"));
    let first = states.first().map(|it| (None, it, "to"));
    for (from, (state, tree), way) in first.into_iter().chain(there).chain(back) {
        let name = |it: &str| format!("migrates: {way} {}: {it}", state.title);
        nodes::register(&mut flux.control, definition, tree)?;
        let kept = kept(&flux.control.api)?;
        let removed =
            from.map(|(from, _)| removed(&flux.control.api, from, state)).transpose()?.unwrap_or_default();
        flux.push(state)?;
        let settled = flux.settle(SECONDS)?;
        println!(
            "   {way:<7} {:<26} {:>4.1} s, {} objects fewer",
            state.title,
            settled.took.as_secs_f64(),
            removed.len()
        );
        let ready = settled.waiting.is_empty();
        report.expect(
            &name("everything becomes ready"),
            if ready { Ok(()) } else { Err(settled.waiting.join("\n")) },
        );
        let now = self::kept(&flux.control.api)?;
        let lost: Vec<&String> = kept.difference(&now).collect();
        report.expect(
            &name("nothing that holds data goes"),
            if lost.is_empty() { Ok(()) } else { Err(format!("{lost:#?}")) },
        );
        let wrong = wrong(flux, &removed);
        report.none(&name("what is no longer wanted goes, and no more"), &wrong);
        let missing = missing(&flux.control.api, state)?;
        report.none(&name("all of the phase is there"), &missing);
        secrets(&flux.control.api, state)?;
    }
    straight(flux, states, report)
}

/// From the first phase straight to the last. Flux does not know of phases, and takes it: `tombolo render` refuses it,
/// which a test of the command shows. Even so nothing that holds data may go.
fn straight(flux: &mut Flux, states: &[(State, Tree)], report: &mut Report) -> Result<(), Fault> {
    let Some((end, _)) = states.last() else { return Ok(()) };
    let name = |it: &str| format!("migrates: straight to {}: {it}", end.title);
    let kept = kept(&flux.control.api)?;
    flux.push(end)?;
    let settled = flux.settle(SECONDS)?;
    println!("   straight {:<25} {:>4.1} s", end.title, settled.took.as_secs_f64());
    report.none(&name("Flux refuses nothing of it"), &settled.waiting);
    let now = self::kept(&flux.control.api)?;
    let lost: Vec<String> = kept.difference(&now).cloned().collect();
    report.none(&name("nothing that holds data goes"), &lost);
    Ok(())
}

/// An object that the next state does not have: where it is, and whether Flux is to delete it.
type Removed = BTreeMap<String, bool>;

fn removed(api: &Api, from: &State, to: &State) -> Result<Removed, Fault> {
    // By name: what is to come may be of a kind that nobody serves yet.
    let names = |it: &Value| {
        let metadata = &it["metadata"];
        [&it["apiVersion"], &it["kind"], &metadata["namespace"], &metadata["name"]].map(ToString::to_string)
    };
    let next: BTreeSet<_> = to.objects.iter().map(names).collect();
    let mut removed = Removed::new();
    for object in from.objects.iter().filter(|it| !next.contains(&names(it))) {
        let path = api.path(object)?;
        let stored = api.get(&path)?;
        let owner = &stored["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"];
        let prunes = of_kind(&from.objects, "Kustomization")
            .any(|it| it["metadata"]["name"] == *owner && it["spec"]["prune"] == true);
        let held = object["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/prune"] == "disabled";
        removed.insert(path, prunes && !held);
    }
    Ok(removed)
}

/// What should have gone and is there, and what should be there and has gone.
fn wrong(flux: &mut Flux, removed: &Removed) -> Vec<String> {
    let mut wrong = Vec::new();
    // The garbage collector and the finalizers take their time.
    let _ = flux.control.until("what was removed to go", 30, |api| {
        wrong.clear();
        for (path, goes) in removed {
            let there = api.ask("GET", path, "", &Value::Null)?.ok();
            if there == *goes {
                wrong.push(format!("{path} is {}", if there { "still there" } else { "gone" }));
            }
        }
        Ok(wrong.is_empty())
    });
    wrong
}

fn missing(api: &Api, state: &State) -> Result<Vec<String>, Fault> {
    let mut missing = Vec::new();
    for object in &state.objects {
        match api.path(object) {
            Ok(path) if api.ask("GET", &path, "", &Value::Null)?.ok() => {}
            Ok(path) => missing.push(path),
            // Nobody serves such a kind.
            Err(fault) => missing.push(fault.to_string()),
        }
    }
    Ok(missing)
}

/// Each object that holds data, with the identity that a new one of its name would not have.
fn kept(api: &Api) -> Result<BTreeSet<String>, Fault> {
    let mut kept = BTreeSet::new();
    for path in KEPT {
        for it in api.list(path)? {
            // Helm's records of its releases come and go.
            if it["type"] != "helm.sh/release.v1" && it["status"]["phase"] != "Terminating" {
                let metadata = &it["metadata"];
                kept.insert(format!(
                    "{path} {}/{} {}",
                    metadata["namespace"], metadata["name"], metadata["uid"]
                ));
            }
        }
    }
    Ok(kept)
}

/// Makes the Secrets that pods of the tree name, as a person does: they are not in the tree.
fn secrets(api: &Api, state: &State) -> Result<(), Fault> {
    fn names(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let name = match key.as_str() {
                        "secretKeyRef" => &value["name"],
                        "secretName" => value,
                        _ => &Value::Null,
                    };
                    found.extend(name.as_str().map(str::to_owned));
                    names(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|it| names(it, found)),
            _ => {}
        }
    }
    for object in &state.objects {
        let Some(template) = object.pointer("/spec/template") else { continue };
        let mut found = BTreeSet::new();
        names(template, &mut found);
        for name in found {
            let metadata = json!({"name": name, "namespace": object["metadata"]["namespace"]});
            let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"any": "any"}});
            api.ask("POST", &api.path(&secret)?.replace(&format!("/{name}"), ""), "", &secret)?;
        }
    }
    Ok(())
}
