//! What the user's repository already has: a stand-in for each adopted app, at the path that the definition names.
//!
//! An app without storage is a Deployment, a Service, and an Ingress for its hosts; one with storage is a release of
//! a chart beside it, with a StatefulSet that claims a volume, a Deployment and a CronJob. None says where it runs.

use super::{repository::Files, world::of_kind};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The files of all adopted apps.
pub(crate) fn files(definition: &Value, trees: &[Value]) -> Files {
    let mut files = Files::new();
    for (name, app) in definition["apps"].as_object().into_iter().flatten() {
        let path = app["path"].as_str().unwrap_or_default().trim_start_matches("./");
        let namespace = app["namespace"].as_str().unwrap_or("default");
        let mut objects = Vec::new();
        match app["storage"].as_array().and_then(|it| it.first()) {
            Some(class) => {
                objects.push(release(name, path, namespace));
                let chart = chart(name, class.as_str().unwrap_or_default());
                files.extend(
                    chart.into_iter().map(|(file, text)| (format!("{path}/chart/{file}"), text.into_bytes())),
                );
            }
            None => objects.extend([deployment(name, namespace), service(name, namespace)]),
        }
        if let Some(hosts) = app["hosts"].as_array() {
            objects.push(ingress(name, namespace, hosts));
        }
        if name == "storage" {
            objects.extend(classes(definition, trees));
        }
        let mut names = Vec::new();
        for object in objects {
            let file = format!("{}.yaml", object["kind"].as_str().unwrap_or_default().to_lowercase());
            let file = if names.contains(&file) { format!("{}-{file}", names.len()) } else { file };
            files.insert(format!("{path}/{file}"), object.to_string().into_bytes());
            names.push(file);
        }
        // The chart lies below, and kustomize takes what is named alone.
        let kustomization = json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": names});
        files.insert(format!("{path}/kustomization.yaml"), kustomization.to_string().into_bytes());
    }
    files
}

/// The namespaces that the cluster has today.
pub(crate) fn namespaces(definition: &Value) -> BTreeSet<String> {
    let apps = definition["apps"].as_object().into_iter().flatten();
    apps.filter_map(|(_, app)| app["namespace"].as_str().map(str::to_owned)).collect()
}

fn labels(name: &str) -> Value {
    json!({"app": name})
}

fn template(name: &str) -> Value {
    json!({
        "metadata": {"labels": labels(name)},
        "spec": {"containers": [{"name": "app", "image": format!("example.org/{name}:1"), "ports": [{"name": "http", "containerPort": 8080}]}]},
    })
}

fn deployment(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels(name)}, "template": template(name)},
    })
}

fn service(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": labels(name), "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    })
}

fn ingress(name: &str, namespace: &str, hosts: &[Value]) -> Value {
    let rule = |host: &Value| {
        let backend = json!({"service": {"name": name, "port": {"name": "http"}}});
        json!({"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}})
    };
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "ingressClassName": "nginx",
            "rules": hosts.iter().map(rule).collect::<Vec<_>>(),
            "tls": [{"hosts": hosts, "secretName": format!("{name}-tls")}],
        },
    })
}

/// The classes of the definition that no tree has.
fn classes(definition: &Value, trees: &[Value]) -> Vec<Value> {
    let ours: BTreeSet<&str> =
        of_kind(trees, "StorageClass").filter_map(|it| it["metadata"]["name"].as_str()).collect();
    let all = definition["storage"]["classes"].as_object().into_iter().flatten();
    all.filter(|(name, _)| !ours.contains(name.as_str()))
        .map(|(name, class)| {
            json!({
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": name},
                "provisioner": class["driver"],
                "volumeBindingMode": "WaitForFirstConsumer",
                "reclaimPolicy": "Retain",
            })
        })
        .collect()
}

fn release(name: &str, path: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "interval": "1h",
            "chart": {"spec": {
                "chart": format!("./{path}/chart"),
                "sourceRef": {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"},
            }},
        },
    })
}

/// A chart's files: JSON is YAML, and nothing of it is a template but by its place.
fn chart(name: &str, class: &str) -> Vec<(String, String)> {
    let stateful = format!("{name}-data");
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": stateful},
        "spec": {
            "serviceName": name,
            "selector": {"matchLabels": labels(&stateful)},
            "template": template(&stateful),
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "1Gi"}}},
            }],
        },
    });
    set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "data", "mountPath": "/data"}]);
    let mut job = template(&format!("{name}-nightly"));
    job["spec"]["restartPolicy"] = json!("Never");
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": format!("{name}-nightly")},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": job}}},
    });
    let mut deployment = deployment(name, "");
    deployment["metadata"].as_object_mut().expect("it has a name").remove("namespace");
    let mut service = service(name, "");
    service["metadata"].as_object_mut().expect("it has a name").remove("namespace");
    vec![
        ("Chart.yaml".into(), format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n")),
        (
            "templates/all.yaml".into(),
            [set, job, deployment, service].map(|it| it.to_string()).join("\n---\n"),
        ),
    ]
}
