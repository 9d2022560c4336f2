//! The types behind every document that we emit, and the way back: from a document to its type.

pub mod cert_manager;
pub mod cilium;
pub mod flux;
pub mod gateway;
pub mod kustomize;
pub mod metallb;
pub mod monitoring;

use crate::Object;
use k8s_openapi::api::{apps, batch, core, networking, policy, rbac, storage};
use kube::Resource;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// Reads a document into its type and says what the type could not hold.
pub type Read = fn(&Value) -> Result<(), String>;

struct Kind {
    read: Read,
    schema: fn() -> Value,
}

/// How to read a document of this kind, if it is one that we emit.
pub fn known(api_version: &str, kind: &str) -> Option<Read> {
    find(api_version, kind).map(|kind| kind.read)
}

/// The JSON Schema of a kind that we emit.
pub fn schema(api_version: &str, kind: &str) -> Option<Value> {
    find(api_version, kind).map(|kind| (kind.schema)())
}

/// Every kind that we emit, as API version and kind.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.keys().map(|(api_version, kind)| (api_version.as_str(), kind.as_str()))
}

fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.get(&(api_version.to_owned(), kind.to_owned()))
}

static KINDS: LazyLock<BTreeMap<(String, String), Kind>> = LazyLock::new(|| {
    BTreeMap::from([
        entry::<apps::v1::DaemonSet>(),
        entry::<apps::v1::Deployment>(),
        entry::<apps::v1::StatefulSet>(),
        entry::<batch::v1::CronJob>(),
        entry::<batch::v1::Job>(),
        entry::<cert_manager::Certificate>(),
        entry::<cert_manager::ClusterIssuer>(),
        entry::<cert_manager::Issuer>(),
        entry::<cilium::CiliumL2AnnouncementPolicy>(),
        entry::<cilium::CiliumLoadBalancerIpPool>(),
        entry::<cilium::CiliumNetworkPolicy>(),
        entry::<core::v1::ConfigMap>(),
        entry::<core::v1::LimitRange>(),
        entry::<core::v1::Namespace>(),
        entry::<core::v1::PersistentVolume>(),
        entry::<core::v1::PersistentVolumeClaim>(),
        entry::<core::v1::ResourceQuota>(),
        entry::<core::v1::Secret>(),
        entry::<core::v1::Service>(),
        entry::<core::v1::ServiceAccount>(),
        entry::<flux::GitRepository>(),
        entry::<flux::HelmRelease>(),
        entry::<flux::HelmRepository>(),
        entry::<flux::Kustomization>(),
        entry::<flux::OciRepository>(),
        entry::<gateway::Gateway>(),
        entry::<gateway::GatewayClass>(),
        entry::<gateway::HttpRoute>(),
        entry::<metallb::IpAddressPool>(),
        entry::<metallb::L2Advertisement>(),
        entry::<monitoring::PodMonitor>(),
        entry::<monitoring::Probe>(),
        entry::<monitoring::PrometheusRule>(),
        entry::<monitoring::ServiceMonitor>(),
        entry::<networking::v1::Ingress>(),
        entry::<networking::v1::IngressClass>(),
        entry::<networking::v1::NetworkPolicy>(),
        entry::<policy::v1::PodDisruptionBudget>(),
        entry::<rbac::v1::ClusterRole>(),
        entry::<rbac::v1::ClusterRoleBinding>(),
        entry::<rbac::v1::Role>(),
        entry::<rbac::v1::RoleBinding>(),
        entry::<storage::v1::StorageClass>(),
        (
            ("kustomize.config.k8s.io/v1beta1".into(), "Kustomization".into()),
            behind::<kustomize::Kustomization>(),
        ),
    ])
});

fn entry<T>() -> ((String, String), Kind)
where
    T: Resource<DynamicType = ()> + DeserializeOwned + JsonSchema + Serialize,
{
    ((T::api_version(&()).into(), T::kind(&()).into()), behind::<T>())
}

fn behind<T: DeserializeOwned + JsonSchema + Serialize>() -> Kind {
    Kind { read: read::<T>, schema: || schemars::schema_for!(T).to_value() }
}

fn read<T: DeserializeOwned + Serialize>(document: &Value) -> Result<(), String> {
    let typed: T = serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
    let mut differences = Vec::new();
    compare("", document, Object::new(&typed).value(), &mut differences);
    if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
}

/// Names each place where the document and what its type made of it differ.
fn compare(path: &str, document: &Value, read: &Value, differences: &mut Vec<String>) {
    match (document, read) {
        (Value::Object(document), Value::Object(read)) => {
            for (key, value) in document {
                match read.get(key) {
                    Some(read) => compare(&format!("{path}.{key}"), value, read, differences),
                    None => differences.push(format!("`{path}.{key}` is not in the type")),
                }
            }
            let added = read.keys().filter(|key| !document.contains_key(*key));
            differences.extend(added.map(|key| format!("`{path}.{key}` is missing")));
        }
        (Value::Array(document), Value::Array(read)) if document.len() == read.len() => {
            for (index, (document, read)) in document.iter().zip(read).enumerate() {
                compare(&format!("{path}[{index}]"), document, read, differences);
            }
        }
        _ if document == read => {}
        _ => differences.push(format!("`{path}` is {document}, and is read as {read}")),
    }
}

#[cfg(test)]
mod tests;
