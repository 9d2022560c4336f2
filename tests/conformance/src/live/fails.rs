//! Fails well: sites, the API server and commits are lost and come back, and what must go on goes on.

use super::{
    condition,
    control::{Control, SITE},
    flux::{Flux, KUSTOMIZATIONS},
    lands,
    state::State,
    syncs::SECONDS,
    world::of_kind,
};
use crate::{fault::Fault, report::Report};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn run(
    flux: &mut Flux,
    definition: &Value,
    state: &State,
    report: &mut Report,
) -> Result<(), Fault> {
    for site in sites(&flux.control)? {
        lost(flux, definition, state, &site, report)?;
    }
    let name = |it: &str| format!("fails well: {}: {it}", state.title);
    flux.control.restart("kube-apiserver")?;
    flux.control.restart("kubectl-proxy")?;
    flux.control.until("the API server to be back", 60, |api| {
        Ok(api.ask("GET", "/readyz", "", &Value::Null).is_ok_and(|it| it.ok()))
    })?;
    let settled = flux.settle(SECONDS)?;
    report.none(&name("the API server is lost and back"), &settled.waiting);
    drained(flux, definition, state, report)?;
    restarted(flux, state, report)?;
    broken(flux, state, report)
}

fn all(wrong: Vec<String>) -> Result<(), String> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn sites(control: &Control) -> Result<BTreeSet<String>, Fault> {
    let nodes = control.api.list("/api/v1/nodes")?;
    Ok(nodes
        .iter()
        .filter_map(|it| it["metadata"]["annotations"][SITE].as_str().map(str::to_owned))
        .collect())
}

/// The site of each node.
fn placed(control: &Control) -> Result<BTreeMap<String, String>, Fault> {
    let nodes = control.api.list("/api/v1/nodes")?;
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    Ok(nodes
        .iter()
        .map(|it| (text(&it["metadata"]["name"]), text(&it["metadata"]["annotations"][SITE])))
        .collect())
}

/// Pods that run and are ready, by workload and site. A workload is what a pod's labels say.
fn running(control: &Control) -> Result<BTreeMap<(String, String), u32>, Fault> {
    let placed = placed(control)?;
    let mut running = BTreeMap::new();
    for pod in control.api.list("/api/v1/pods")? {
        let ready = condition(&pod, "Ready").is_some_and(|it| it["status"] == "True");
        let site = pod["spec"]["nodeName"].as_str().and_then(|it| placed.get(it));
        if let Some(site) = site.filter(|_| ready && pod["metadata"]["deletionTimestamp"].is_null()) {
            let labels = pod["metadata"]["labels"].as_object().into_iter().flatten();
            let own = labels.filter(|(key, _)| {
                !key.contains("hash")
                    && !key.contains("index")
                    && !key.contains("pod-name")
                    && !key.contains("generation")
            });
            let own: Vec<String> = own.map(|(key, value)| format!("{key}={value}")).collect();
            *running
                .entry((format!("{}: {}", pod["metadata"]["namespace"], own.join(",")), site.clone()))
                .or_insert(0) += 1;
        }
    }
    Ok(running)
}

/// A site goes dark: what runs at others goes on, what is tied to it goes nowhere, and when it is back all is ready.
fn lost(
    flux: &mut Flux,
    definition: &Value,
    state: &State,
    site: &str,
    report: &mut Report,
) -> Result<(), Fault> {
    let name = |it: &str| format!("fails well: {}: {site} is lost: {it}", state.title);
    let before = running(&flux.control)?;
    flux.control.stop(&format!("kubelets-{site}"));
    let of_site: Vec<String> =
        placed(&flux.control)?.into_iter().filter(|(_, it)| it == site).map(|(node, _)| node).collect();
    flux.control.until("the site's nodes to be given up", 60, |api| {
        let nodes = api.list("/api/v1/nodes")?;
        let gone = |node: &Value| condition(node, "Ready").is_some_and(|it| it["status"] != "True");
        Ok(nodes.iter().filter(|it| of_site.iter().any(|node| it["metadata"]["name"] == *node)).all(gone))
    })?;
    // Its pods are given up some seconds later; whatever moves has moved by then.
    std::thread::sleep(std::time::Duration::from_secs(8));
    let during = running(&flux.control)?;
    let at = |all: &BTreeMap<(String, String), u32>, name: &str| -> u32 {
        all.iter().filter(|((it, at), _)| it == name && at != site).map(|(_, count)| count).sum()
    };
    let workloads: BTreeSet<&String> = before.keys().map(|(name, _)| name).collect();
    let fewer = workloads.iter().filter(|it| at(&during, it) < at(&before, it));
    let fewer: Vec<String> =
        fewer.map(|it| format!("{it}: {} of {} left", at(&during, it), at(&before, it))).collect();
    report.none(&name("what runs elsewhere goes on"), &fewer);
    let tied = tied_to(definition, state, site);
    let moved = workloads
        .iter()
        .filter(|it| tied.iter().any(|app| it.contains(&format!("=\"{app}\""))) && at(&during, it) > 0);
    report
        .expect(&name("what is tied to it goes nowhere else"), all(moved.map(ToString::to_string).collect()));
    let servers = dns(definition, site);
    let left =
        servers.iter().filter(|(app, _)| during.keys().any(|(it, _)| it.contains(&format!("=\"{app}\""))));
    let names: Vec<&(String, String)> = left.collect();
    report.expect(
        &name("a name server at another site answers"),
        // Where the definition has one alone, that one is lost with its site.
        if names.len() == servers.len() {
            Ok(())
        } else {
            Err(format!("{servers:?} should run, {names:?} do"))
        },
    );
    flux.control.kubelets(site)?;
    let _ = flux.control.until("every pod to run again", 90, |api| Ok(lands::waiting(api)?.is_empty()));
    let waiting = lands::waiting(&flux.control.api)?;
    report.none(&name("back, every pod runs"), &waiting);
    let settled = flux.settle(SECONDS)?;
    report.none(&name("back, all is ready"), &settled.waiting);
    Ok(())
}

/// What is tied to a site: the adopted apps of this state, and the website.
fn tied_to(definition: &Value, state: &State, site: &str) -> BTreeSet<String> {
    let apps = definition["apps"].as_object().into_iter().flatten();
    let here = |name: &str, path: &Value| {
        of_kind(&state.objects, "Kustomization")
            .any(|it| it["metadata"]["name"] == name && it["spec"]["path"] == *path)
    };
    let tied = apps.filter(|(name, app)| app["site"] == site && here(name, &app["path"]));
    let website = Some("website".to_owned()).filter(|_| definition["website"]["site"] == site);
    tied.map(|(name, _)| name.clone()).chain(website).collect()
}

/// The name servers of ours at other sites.
fn dns(definition: &Value, lost: &str) -> Vec<(String, String)> {
    let powerdns = &definition["dns"]["powerdns"];
    let first = powerdns["site"].as_str().map(|site| ("powerdns".to_owned(), site.to_owned()));
    let more = powerdns["secondarySites"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let more = more.map(|site| (format!("powerdns-{site}"), site.to_owned()));
    first.into_iter().chain(more).filter(|(_, site)| site != lost).collect()
}

/// A node is drained, as before an upgrade: its pods find another at their site, or wait for it.
fn drained(flux: &mut Flux, definition: &Value, state: &State, report: &mut Report) -> Result<(), Fault> {
    let name = |it: &str| format!("fails well: {}: {it}", state.title);
    let workers: BTreeMap<String, String> = placed(&flux.control)?
        .into_iter()
        .filter(|(node, _)| definition["nodes"][node]["role"] != "controlplane")
        .collect();
    let alone = |site: &String| workers.values().filter(|it| *it == site).count() == 1;
    for (node, site) in &workers {
        let path = format!("/api/v1/nodes/{node}");
        let cordon = |on: bool| json!({"spec": {"unschedulable": on}});
        flux.control.api.ask("PATCH", &path, "application/merge-patch+json", &cordon(true))?.value(&path)?;
        let mut refused = Vec::new();
        for pod in flux.control.api.list(&format!("/api/v1/pods?fieldSelector=spec.nodeName={node}"))? {
            let owner = &pod["metadata"]["ownerReferences"][0]["kind"];
            if owner == "DaemonSet" {
                continue;
            }
            let metadata =
                json!({"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]});
            let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
            let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
            let at = format!(
                "/api/v1/namespaces/{}/pods/{}/eviction",
                text(&metadata["namespace"]),
                text(&metadata["name"])
            );
            let answer = flux.control.api.ask("POST", &at, "", &eviction)?;
            if !answer.ok() && answer.status != 404 {
                refused.push(format!("{}: {}", metadata["name"], answer.why()));
            }
        }
        report.none(&name(&format!("{node} can be drained")), &refused);
        if !alone(site) {
            let _ = flux
                .control
                .until("its pods to run elsewhere", 60, |api| Ok(lands::waiting(api)?.is_empty()));
            let waiting = lands::waiting(&flux.control.api)?;
            report.none(&name(&format!("{node} drained, all runs on its neighbours")), &waiting);
        }
        flux.control.api.ask("PATCH", &path, "application/merge-patch+json", &cordon(false))?.value(&path)?;
        let _ = flux.control.until("every pod to run again", 60, |api| Ok(lands::waiting(api)?.is_empty()));
        report
            .expect(&name(&format!("{node} back, every pod runs")), all(lands::waiting(&flux.control.api)?));
    }
    Ok(())
}

/// Every workload that takes ports of its node is rolled out anew, on the one node that it may run on.
fn restarted(flux: &mut Flux, state: &State, report: &mut Report) -> Result<(), Fault> {
    let mut rolled = Vec::new();
    for kind in ["deployments", "statefulsets", "daemonsets"] {
        for it in flux.control.api.list(&format!("/apis/apps/v1/{kind}"))? {
            let pod = &it["spec"]["template"]["spec"];
            let containers = pod["containers"].as_array().into_iter().flatten();
            let mut ports = containers.flat_map(|it| it["ports"].as_array().into_iter().flatten());
            if pod["hostNetwork"] == true || ports.any(|it| it["hostPort"].is_u64()) {
                let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
                let (namespace, name) = (text(&it["metadata"]["namespace"]), text(&it["metadata"]["name"]));
                rolled.push((format!("/apis/apps/v1/namespaces/{namespace}/{kind}/{name}"), name));
            }
        }
    }
    if rolled.is_empty() {
        report.fail(&state.title, "no workload takes ports of its node");
    }
    for (path, name) in rolled {
        let again = json!({"spec": {"template": {"metadata": {"annotations": {"conformance.test/restarted": "yes"}}}}});
        flux.control
            .api
            .ask("PATCH", &path, "application/strategic-merge-patch+json", &again)?
            .value(&path)?;
        let done = flux.control.until("the rollout", 60, |api| {
            let it = api.get(&path)?;
            let (spec, status) = (&it["spec"], &it["status"]);
            let wanted = spec["replicas"].as_u64().or(status["desiredNumberScheduled"].as_u64());
            let updated = status["updatedReplicas"].as_u64().or(status["updatedNumberScheduled"].as_u64());
            let ready = status["readyReplicas"].as_u64().or(status["numberReady"].as_u64());
            let all = status["replicas"].as_u64().or(status["currentNumberScheduled"].as_u64());
            Ok(status["observedGeneration"] == it["metadata"]["generation"]
                && [updated, ready, all].iter().all(|it| *it == wanted))
        });
        report.expect(
            &format!("fails well: {}: {name} can be rolled out on its node", state.title),
            done.map_err(|it| it.to_string()),
        );
    }
    Ok(())
}

/// A broken commit: what ran goes on, Flux says which part is broken, and the next good commit mends it.
fn broken(flux: &mut Flux, state: &State, report: &mut Report) -> Result<(), Fault> {
    let name = |it: &str| format!("fails well: {}: {it}", state.title);
    let unit = of_kind(&state.objects, "Kustomization")
        .find(|it| {
            it["spec"]["prune"] == true && it["spec"]["path"].as_str().is_some_and(|it| it.ends_with("/app"))
        })
        .ok_or_else(|| Fault::new("the tree has no unit that is pruned"))?;
    let unit_name = unit["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let below = unit["spec"]["path"].as_str().unwrap_or_default().trim_start_matches("./").to_owned();
    let before = running(&flux.control)?;
    let mut broken = state.clone();
    broken.title = "a broken commit".into();
    broken.files.insert(format!("{below}/kustomization.yaml"), b"resources: [missing.yaml]\n".to_vec());
    flux.push(&broken)?;
    let settled = flux.settle(15)?;
    let said = flux.control.api.get(&format!("{KUSTOMIZATIONS}/{unit_name}"))?;
    let message = condition(&said, "Ready").map(|it| it["message"].to_string());
    report.words(&name("a broken commit is named by Flux"), Some("missing.yaml"), message.as_deref());
    let noticed = settled.waiting.iter().any(|it| it.starts_with(&format!("{unit_name}: ")));
    report.expect(
        &name("a broken commit is noticed here"),
        if noticed { Ok(()) } else { Err(settled.waiting.join("\n")) },
    );
    let during = running(&flux.control)?;
    report.expect(
        &name("what ran before a broken commit goes on"),
        if before == during { Ok(()) } else { Err(format!("{before:#?} became {during:#?}")) },
    );
    flux.push(state)?;
    let settled = flux.settle(SECONDS)?;
    report.none(&name("the next good commit mends it"), &settled.waiting);
    Ok(())
}
