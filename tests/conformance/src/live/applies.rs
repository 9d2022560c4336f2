//! Applies: the API server takes every object, strictly, without a warning, stores all of it, and a second time
//! changes nothing.

use super::api::Api;
use crate::{fault::Fault, report::Report};
use serde_json::Value;

pub(crate) fn run(api: &Api, title: &str, objects: &[Value], report: &mut Report) -> Result<(), Fault> {
    if objects.is_empty() {
        report.fail(title, "there is nothing to apply");
    }
    let mut stored = Vec::new();
    for object in objects {
        let found = apply(api, object)?;
        stored.push(found.as_ref().ok().cloned());
        report.expect(&format!("applies: {title}: {}", name(object)), found.map(drop));
    }
    for (object, stored) in objects.iter().zip(stored) {
        let Some(stored) = stored else { continue };
        let again = apply(api, object)?;
        report.expect(&format!("stays: {title}: {}", name(object)), again.and_then(|it| same(&stored, &it)));
    }
    Ok(())
}

/// Applies one object. What the API server stored, or what is wrong.
pub(super) fn apply(api: &Api, object: &Value) -> Result<Result<Value, String>, Fault> {
    let answer = match api.apply(object) {
        Ok(answer) => answer,
        // A kind that nobody serves is the tree's mistake, not the suite's.
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    if !answer.ok() {
        return Ok(Err(answer.why()));
    }
    if !answer.warnings.is_empty() {
        return Ok(Err(format!("the API server warns:\n{}", answer.warnings.join("\n"))));
    }
    let stored = api.get(&api.path(object)?)?;
    let mut lost = Vec::new();
    compare("", object, &stored, &mut lost);
    Ok(if lost.is_empty() { Ok(stored) } else { Err(format!("not stored as written:\n{}", lost.join("\n"))) })
}

/// Everything written that is not stored as it was written.
fn compare(path: &str, written: &Value, stored: &Value, lost: &mut Vec<String>) {
    match (written, stored) {
        (Value::Object(written), Value::Object(_)) => {
            for (key, value) in written {
                compare(&format!("{path}.{key}"), value, &stored[key], lost);
            }
        }
        (Value::Array(written), Value::Array(all)) if written.len() == all.len() => {
            for (i, (value, stored)) in written.iter().zip(all).enumerate() {
                compare(&format!("{path}[{i}]"), value, stored, lost);
            }
        }
        // An empty map or list and none are the same.
        (Value::Object(map), Value::Null) if map.is_empty() => {}
        (Value::Array(items), Value::Null) if items.is_empty() => {}
        (Value::String(text), Value::Null) if text.is_empty() => {}
        _ if written == stored => {}
        _ => lost.push(format!("{path}: {written} became {stored}")),
    }
}

/// The specification is at the generation that it was: a second time wrote nothing.
fn same(before: &Value, after: &Value) -> Result<(), String> {
    let fields = |it: &Value| {
        let owner = |it: &&Value| it["manager"] == "kustomize-controller" && it.get("subresource").is_none();
        let entries = it["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let time = entries.iter().find(owner).map(|it| it["time"].clone());
        (it["metadata"]["generation"].clone(), time)
    };
    let (before, after) = (fields(before), fields(after));
    if before == after { Ok(()) } else { Err(format!("written anew: {before:?} became {after:?}")) }
}

fn name(object: &Value) -> String {
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    format!("{} {}/{}", text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}
