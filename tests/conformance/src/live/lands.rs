//! Lands: the scheduler places every pod, at its site; what is routed to is there; claims are bound.

use super::{api::Api, condition, control::Control, pods};
use crate::{fault::Fault, report::Report};
use serde_json::{Value, json};

pub(crate) fn run(
    control: &mut Control,
    title: &str,
    definition: &Value,
    report: &mut Report,
) -> Result<(), Fault> {
    // What is pending for good is said below, by name.
    let _ = control.until("every pod to run", 45, |api| Ok(waiting(api)?.is_empty()));
    let api = &control.api;
    let name = |it: &str| format!("lands: {title}: {it}");
    let waiting = waiting(api)?;
    report.none(&name("every pod runs"), &waiting);
    for (app, site) in sites(definition) {
        report.expect(&name(&format!("{app} is at {site}")), at_site(api, definition, &app, &site)?);
    }
    for (object, found) in endpoints(api)?.into_iter().chain(policies(api)?).chain(claims(api)?) {
        report.expect(&name(&object), found);
    }
    Ok(())
}

/// Each pod that does not run, and why the scheduler says so; workloads that have made no pod at all.
pub(super) fn waiting(api: &Api) -> Result<Vec<String>, Fault> {
    let mut waiting = Vec::new();
    for kind in ["deployments", "statefulsets", "daemonsets"] {
        for it in api.list(&format!("/apis/apps/v1/{kind}"))? {
            let status = &it["status"];
            let wanted = it["spec"]["replicas"].as_u64().or(status["desiredNumberScheduled"].as_u64());
            let ready = status["readyReplicas"].as_u64().or(status["numberReady"].as_u64()).unwrap_or(0);
            if it["status"]["observedGeneration"] != it["metadata"]["generation"] || Some(ready) != wanted {
                waiting.push(format!("{kind} {}: {ready} of {wanted:?} ready", it["metadata"]["name"]));
            }
        }
    }
    for pod in api.list("/api/v1/pods")? {
        if pod["status"]["phase"] != "Running" {
            let why = condition(&pod, "PodScheduled").map(|it| it["message"].clone()).unwrap_or_default();
            waiting.push(format!("pod {}: {why}", pod["metadata"]["name"]));
        }
    }
    Ok(waiting)
}

/// What the definition says stands where: the label of the pods, and the site.
fn sites(definition: &Value) -> Vec<(String, String)> {
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let mut sites = Vec::new();
    sites.extend(text(&definition["website"]["site"]).map(|site| ("website".to_owned(), site)));
    let powerdns = &definition["dns"]["powerdns"];
    sites.extend(text(&powerdns["site"]).map(|site| ("powerdns".to_owned(), site)));
    let more = powerdns["secondarySites"].as_array().into_iter().flatten().filter_map(text);
    sites.extend(more.map(|site| (format!("powerdns-{site}"), site)));
    sites
}

fn at_site(api: &Api, definition: &Value, app: &str, site: &str) -> Result<Result<(), String>, Fault> {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for pod in api.list("/api/v1/pods")? {
        let labels = &pod["metadata"]["labels"];
        // Where there is one of a kind, it has a name alone.
        let instance = labels.get("app.kubernetes.io/instance").unwrap_or(&labels["app.kubernetes.io/name"]);
        if instance == app {
            seen += 1;
            let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
            if definition["nodes"][node]["site"] != site {
                wrong.push(format!("{} is on {node:?}", pod["metadata"]["name"]));
            }
        }
    }
    Ok(match (seen, wrong.is_empty()) {
        (0, _) => Err("it has no pod".into()),
        (_, true) => Ok(()),
        _ => Err(wrong.join("\n")),
    })
}

type Found = Vec<(String, Result<(), String>)>;

/// Every Service with a selector has a pod behind it.
fn endpoints(api: &Api) -> Result<Found, Fault> {
    let slices = api.list("/apis/discovery.k8s.io/v1/endpointslices")?;
    let services = api.list("/api/v1/services")?;
    let with_selector = services.iter().filter(|it| it["spec"]["selector"].is_object());
    Ok(with_selector
        .map(|service| {
            let metadata = &service["metadata"];
            let ready = slices.iter().any(|it| {
                it["metadata"]["labels"]["kubernetes.io/service-name"] == metadata["name"]
                    && it["metadata"]["namespace"] == metadata["namespace"]
                    && it["endpoints"]
                        .as_array()
                        .is_some_and(|it| it.iter().any(|endpoint| endpoint["conditions"]["ready"] == true))
            });
            let found = if ready { Ok(()) } else { Err("no pod is behind it".into()) };
            (format!("Service {}", metadata["name"]), found)
        })
        .collect())
}

/// Every NetworkPolicy selects a pod.
fn policies(api: &Api) -> Result<Found, Fault> {
    let mut found = Vec::new();
    for policy in api.list("/apis/networking.k8s.io/v1/networkpolicies")? {
        let namespace = policy["metadata"]["namespace"].as_str().unwrap_or_default();
        let pods = pods(api, namespace, &policy["spec"]["podSelector"]["matchLabels"])?;
        let selects = if pods.is_empty() { Err("it selects no pod".into()) } else { Ok(()) };
        found.push((format!("NetworkPolicy {}", policy["metadata"]["name"]), selects));
    }
    Ok(found)
}

/// Every claim names a class that exists, or none, and is bound.
fn claims(api: &Api) -> Result<Found, Fault> {
    let classes = api.list("/apis/storage.k8s.io/v1/storageclasses")?;
    let claims = api.list("/api/v1/persistentvolumeclaims")?;
    Ok(claims
        .iter()
        .map(|claim| {
            let class = &claim["spec"]["storageClassName"];
            let known = class == &json!("") || classes.iter().any(|it| it["metadata"]["name"] == *class);
            let found = if !known {
                Err(format!("there is no class {class}"))
            } else if claim["status"]["phase"] != "Bound" {
                Err(format!("it is {}", claim["status"]["phase"]))
            } else {
                Ok(())
            };
            (format!("PersistentVolumeClaim {}", claim["metadata"]["name"]), found)
        })
        .collect())
}
