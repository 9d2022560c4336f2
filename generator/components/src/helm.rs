//! A third party's Helm chart: where Flux has it from, and the release.

use crate::{Chart, File, Plan, Unit};
use serde_json::Value;
use tree::{
    Object,
    k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    resources::flux::{
        ChartRefKind, ChartSourceKind, ChartTemplate, ChartTemplateSpec, CrdsPolicy, HelmRelease,
        HelmReleaseSpec, HelmRepository, HelmRepositorySpec, Install, LayerSelector, OciRef, OciRepository,
        OciRepositorySpec, Remediation, SourceRef, Strategy, StrategyName, Upgrade,
    },
};

/// How long a unit with a release may take: longer than the release itself, so that Flux reports Helm's reason.
pub const UNIT_TIMEOUT: &str = "12m";
const TIMEOUT: &str = "10m";
const INTERVAL: &str = "1h";

/// The release of a chart in the unit's namespace, under the unit's name, and its source.
pub fn release(plan: &Plan, unit: &Unit, chart: &Chart, values: Value) -> Vec<File> {
    release_of(plan, unit, chart, chart.version, values)
}

/// The same with a version that the definition says.
pub fn release_of(plan: &Plan, unit: &Unit, chart: &Chart, version: &str, values: Value) -> Vec<File> {
    let (source, chart, chart_ref) = if chart.url.starts_with("oci://") {
        let reference =
            SourceRef { kind: ChartRefKind::OciRepository, name: unit.name.clone(), namespace: None };
        (oci(unit, chart, version), None, Some(reference))
    } else {
        let spec = ChartTemplateSpec {
            chart: chart.name.into(),
            version: Some(version.into()),
            source_ref: SourceRef {
                kind: ChartSourceKind::HelmRepository,
                name: unit.name.clone(),
                namespace: None,
            },
            interval: Some(INTERVAL.into()),
        };
        (repository(unit, chart), Some(ChartTemplate { spec }), None)
    };
    // A failed release is tried again and never taken away: without Cilium or the ingress, an operator who mends
    // it would have no way in. Flux knows that from 2.7 on; before, only upgrades are tried again.
    let retries = plan.definition.cluster.flux.version.minor() >= RETRY_SINCE;
    let strategy =
        retries.then(|| Strategy { name: StrategyName::RetryOnFailure, retry_interval: Some("2m".into()) });
    let remediation =
        (!retries).then_some(Remediation { retries: Some(3), remediate_last_failure: Some(false) });
    let release = HelmRelease {
        metadata: metadata(unit),
        spec: HelmReleaseSpec {
            interval: INTERVAL.into(),
            timeout: Some(TIMEOUT.into()),
            chart,
            chart_ref,
            install: Some(Install {
                crds: Some(CrdsPolicy::CreateReplace),
                strategy: strategy.clone(),
                ..Default::default()
            }),
            upgrade: Some(Upgrade {
                crds: Some(CrdsPolicy::CreateReplace),
                strategy,
                remediation,
                ..Default::default()
            }),
            values: Some(values),
            ..Default::default()
        },
    };
    vec![source.into(), Object::new(&release).into()]
}

const RETRY_SINCE: model::scalar::Contract = model::scalar::Contract { major: 2, minor: 7 };

fn oci(unit: &Unit, chart: &Chart, version: &str) -> Object {
    // The digest belongs to the version that the catalogue names, and to no other.
    let digest = chart.digest.filter(|_| version == chart.version).map(str::to_owned);
    Object::new(&OciRepository {
        metadata: metadata(unit),
        spec: OciRepositorySpec {
            interval: INTERVAL.into(),
            url: chart.url.into(),
            reference: Some(OciRef { tag: Some(version.into()), digest, ..Default::default() }),
            layer_selector: Some(LayerSelector::helm_chart()),
            ..Default::default()
        },
    })
}

fn repository(unit: &Unit, chart: &Chart) -> Object {
    Object::new(&HelmRepository {
        metadata: metadata(unit),
        spec: HelmRepositorySpec {
            interval: Some(INTERVAL.into()),
            url: chart.url.into(),
            ..Default::default()
        },
    })
}

fn metadata(unit: &Unit) -> ObjectMeta {
    ObjectMeta {
        name: Some(unit.name.clone()),
        namespace: Some(unit.namespace.clone()),
        ..Default::default()
    }
}

/// Lays `over` onto `values`: maps are joined key by key, all else is replaced.
pub fn merge(values: &mut Value, over: &Value) {
    match (values, over) {
        (Value::Object(values), Value::Object(over)) => {
            for (key, value) in over {
                merge(values.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (values, over) => values.clone_from(over),
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn maps_are_joined_and_lists_replaced() {
        let mut values = json!({ "a": { "x": 1, "y": [1, 2] }, "b": true });
        merge(&mut values, &json!({ "a": { "y": [3], "z": null }, "c": {} }));
        assert_eq!(values, json!({ "a": { "x": 1, "y": [3], "z": null }, "b": true, "c": {} }));
    }
}
