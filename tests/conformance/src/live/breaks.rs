//! The suite can fail: what is broken on purpose is found, in the words of whoever finds it.

use super::{applies, control::Control, lands};
use crate::{fault::Fault, report::Report};
use serde_json::{Value, json};

pub(crate) fn run(
    control: &mut Control,
    title: &str,
    definition: &Value,
    report: &mut Report,
) -> Result<(), Fault> {
    let name = |it: &str| format!("breaks: {title}: {it}");
    let refused = |object: Value| applies::apply(&control.api, &object).map(Result::err);

    let mut unknown = pod("unknown", json!({}), None);
    unknown["spec"]["containers"][0]["hostPorts"] = json!(53);
    report.words(
        &name("an unknown field"),
        Some("field not declared in schema"),
        refused(unknown)?.as_deref(),
    );
    let mut insecure = pod("insecure", json!({}), None);
    insecure["metadata"]["namespace"] = json!("website");
    report.words(
        &name("a pod that may too much"),
        Some("violates PodSecurity"),
        refused(insecure)?.as_deref(),
    );
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "wrong", "namespace": "flux-system"},
        "spec": {"interval": "1 hour", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "any"}},
    });
    report.words(&name("an interval in words"), Some("spec.interval"), refused(kustomization)?.as_deref());

    // Whoever serves DNS at a site holds port 53 of its node, and a second one must wait.
    let site = definition["dns"]["powerdns"]["site"].as_str().unwrap_or_default();
    let nodes = definition["nodes"].as_object().into_iter().flatten();
    let mut at_site = nodes.filter(|(_, node)| node["site"] == site).map(|(name, _)| name.as_str());
    let node = at_site.next().unwrap_or_default();
    let second = pod("second", json!({"kubernetes.io/hostname": node}), Some(53));
    control.api.apply(&second)?.value("a second pod on port 53")?;
    report.words(&name("two on one port"), Some("free ports"), pending(control, "second")?.as_deref());
    let nowhere = pod("nowhere", json!({"topology.kubernetes.io/zone": "nowhere"}), None);
    control.api.apply(&nowhere)?.value("a pod that fits nowhere")?;
    report.words(
        &name("a zone of no node"),
        Some("node affinity/selector"),
        pending(control, "nowhere")?.as_deref(),
    );
    for it in ["second", "nowhere"] {
        control.api.delete(&format!("/api/v1/namespaces/dns-system/pods/{it}?gracePeriodSeconds=0"))?;
    }
    Ok(())
}

/// What the check of the pods says of one, when the scheduler has looked at it.
fn pending(control: &mut Control, pod: &str) -> Result<Option<String>, Fault> {
    let mut said = None;
    let of_pod = format!("pod \"{pod}\"");
    control.until("the scheduler to say why it waits", 20, |api| {
        said = lands::waiting(api)?.into_iter().find(|it| it.starts_with(&of_pod) && it.contains("nodes"));
        Ok(said.is_some())
    })?;
    Ok(said)
}

fn pod(name: &str, selector: Value, port: Option<u16>) -> Value {
    let ports = port.map(|it| json!([{"containerPort": it, "hostPort": it, "protocol": "UDP"}]));
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "dns-system"},
        "spec": {
            "nodeSelector": selector,
            "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "any", "image": "example.org/any:1", "ports": ports.unwrap_or(json!([]))}],
        },
    })
}
