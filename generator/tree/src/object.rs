//! One Kubernetes or Talos document, in the one order in which we print documents.

use serde::Serialize;
use serde_json::{Map, Value};

/// Keys hoisted to the front at every level, in this order; the rest keep the order of their type.
const FIRST: &[&str] = &["apiVersion", "kind", "metadata", "name", "namespace", "type"];

/// Keys under which an empty map says the same as no key at all.
///
/// Types of k8s-openapi leave out what is `None`, so any other empty map was meant: `emptyDir: {}` is a
/// volume, `podSelector: {}` is every pod. These are the ones that required fields and helpers leave over.
const EMPTY_SAYS_NOTHING: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "limits",
    "matchLabels",
    "metadata",
    "nodeSelector",
    "requests",
    "resources",
    "securityContext",
    "strategy",
    "stringData",
    "updateStrategy",
];

/// A document that is ready to print: keys in order, nothing in it that says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Object(Value);

impl Object {
    /// The document of a typed value.
    ///
    /// Dropped are nulls, the status, and the empty maps that say nothing. Helm values are left as they are
    /// but for key order: there a null takes a default away.
    pub fn new(typed: &impl Serialize) -> Self {
        let mut value = serde_json::to_value(typed).expect("documents serialize to JSON");
        if let Value::Object(map) = &mut value {
            map.shift_remove("status");
        }
        let helm_release = value["kind"] == "HelmRelease";
        Self(canonical(value, if helm_release { Place::HelmRelease } else { Place::Inside }))
    }

    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Empty for the one Talos document that has no kind.
    pub fn kind(&self) -> &str {
        self.0["kind"].as_str().unwrap_or_default()
    }

    pub fn api_version(&self) -> &str {
        self.0["apiVersion"].as_str().unwrap_or_default()
    }

    /// `metadata.name`, or `name` where a Talos document has one; else empty.
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().or_else(|| self.0["name"].as_str()).unwrap_or_default()
    }

    pub fn namespace(&self) -> Option<&str> {
        self.0["metadata"]["namespace"].as_str()
    }

    /// `<kind>.yaml` where the object has the component's name, else `<kind>-<rest>.yaml`.
    ///
    /// The name depends on nothing but the object and its component. Dots stay; `:` (RBAC allows it) and
    /// whatever else a shell or a file system minds become `_`.
    pub fn file_name(&self, component: &str) -> String {
        let kind = self.kind().to_ascii_lowercase();
        let name = self.name();
        let rest = match name.strip_prefix(component) {
            Some("") => return format!("{kind}.yaml"),
            Some(rest) => rest.strip_prefix('-').filter(|rest| !rest.is_empty()).unwrap_or(name),
            None => name,
        };
        let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
        format!("{kind}-{}.yaml", rest.replace('*', "wildcard").chars().map(safe).collect::<String>())
    }
}

/// Where in a document a value stands, as far as it matters to what may be dropped.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    HelmRelease,
    HelmReleaseSpec,
    HelmValues,
    Inside,
}

impl Place {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::HelmRelease, "spec") => Self::HelmReleaseSpec,
            (Self::HelmReleaseSpec, "values") | (Self::HelmValues, _) => Self::HelmValues,
            _ => Self::Inside,
        }
    }
}

fn canonical(value: Value, place: Place) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map
                .into_iter()
                .map(|(key, value)| {
                    let value = canonical(value, place.below(&key));
                    (key, value)
                })
                .filter(|(key, value)| place == Place::HelmValues || says_something(key, value))
                .collect();
            entries.sort_by_key(|(key, _)| rank(key));
            Value::Object(Map::from_iter(entries))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| canonical(item, place)).collect()),
        scalar => scalar,
    }
}

fn says_something(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty() || !EMPTY_SAYS_NOTHING.contains(&key),
        _ => true,
    }
}

fn rank(key: &str) -> usize {
    FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use k8s_openapi::api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStatus},
        core::v1::{Container, EmptyDirVolumeSource, PodSpec, PodTemplateSpec, ResourceRequirements, Volume},
        networking::v1::{NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicySpec},
    };
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn empty_maps_that_say_nothing_and_status_go() {
        let deployment = Deployment {
            spec: Some(DeploymentSpec {
                template: PodTemplateSpec {
                    metadata: Some(ObjectMeta::default()),
                    spec: Some(PodSpec {
                        containers: vec![Container {
                            name: "a".into(),
                            resources: Some(ResourceRequirements {
                                limits: Some(BTreeMap::new()),
                                ..Default::default()
                            }),
                            ..Default::default()
                        }],
                        volumes: Some(vec![Volume {
                            name: "tmp".into(),
                            empty_dir: Some(EmptyDirVolumeSource::default()),
                            ..Default::default()
                        }]),
                        ..Default::default()
                    }),
                },
                ..Default::default()
            }),
            status: Some(DeploymentStatus::default()),
            ..Default::default()
        };
        let value = Object::new(&deployment).value()["spec"]["template"].clone();
        assert_eq!(
            value,
            json!({"spec": {"containers": [{"name": "a"}], "volumes": [{"name": "tmp", "emptyDir": {}}]}})
        );
    }

    #[test]
    fn empty_selectors_and_lists_stay() {
        let policy = NetworkPolicy {
            spec: Some(NetworkPolicySpec {
                pod_selector: Some(LabelSelector::default()),
                ingress: Some(vec![NetworkPolicyIngressRule { from: Some(vec![]), ports: None }]),
                egress: Some(vec![]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let value = Object::new(&policy).value()["spec"].clone();
        assert_eq!(value, json!({"egress": [], "ingress": [{"from": []}], "podSelector": {}}));
    }

    #[test]
    fn known_keys_come_first_at_every_level() {
        let object = Object::new(&json!({
            "spec": {"b": 1, "type": "ClusterIP", "a": [{"value": "x", "name": "y"}]},
            "metadata": {"labels": {"z": "1", "a": "2"}, "namespace": "dns", "name": "powerdns", "creationTimestamp": null},
            "kind": "Service", "apiVersion": "v1", "status": {},
        }));
        assert_snapshot!(object.value(), @r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"powerdns","namespace":"dns","labels":{"z":"1","a":"2"}},"spec":{"type":"ClusterIP","b":1,"a":[{"name":"y","value":"x"}]}}"#);
    }

    #[test]
    fn helm_values_keep_null_and_empty() {
        let release = |kind| {
            Object::new(&json!({
                "kind": kind, "spec": {"install": null, "values": {"a": null, "resources": {}, "l": [{"b": null}]}},
            }))
            .value()["spec"]
                .clone()
        };
        assert_eq!(
            release("HelmRelease"),
            json!({"values": {"a": null, "resources": {}, "l": [{"b": null}]}})
        );
        assert_eq!(release("Other"), json!({"values": {"l": [{}]}}));
    }

    #[test]
    fn file_names() {
        let name = |kind: &str, name: &str| {
            Object::new(&json!({"kind": kind, "metadata": {"name": name}})).file_name("powerdns")
        };
        assert_snapshot!(name("StatefulSet", "powerdns"), @"statefulset.yaml");
        assert_snapshot!(name("Service", "powerdns-api"), @"service-api.yaml");
        assert_snapshot!(name("Service", "powerdnsx"), @"service-powerdnsx.yaml");
        assert_snapshot!(name("Certificate", "www.example.com"), @"certificate-www.example.com.yaml");
        assert_snapshot!(name("Certificate", "*.example.com"), @"certificate-wildcard.example.com.yaml");
        assert_snapshot!(name("ClusterRole", "powerdns:read/all"), @"clusterrole-powerdns_read_all.yaml");
    }
}
