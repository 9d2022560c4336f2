//! Patches written by hand, each with what the validators must say of it: the suite can fail.

use super::validator::{Question, Validators};
use crate::{engine, fault::Fault, report::Report};
use serde::Deserialize;
use std::fs;

/// A file of `fixtures/talos`, and the words that Talos of a version refuses it with; none where it accepts it.
#[derive(Debug, Deserialize)]
struct Fixture {
    patch: String,
    contract: String,
    says: String,
}

pub(super) fn run(talos: &mut Validators, report: &mut Report) -> Result<(), Fault> {
    let folder = engine::suite().join("fixtures/talos");
    let list = folder.join("expected.json");
    let text = fs::read_to_string(&list).map_err(Fault::at(&list))?;
    let fixtures: Vec<Fixture> =
        serde_json::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", list.display())))?;
    for Fixture { patch, contract, says } in &fixtures {
        let path = folder.join(patch);
        let question = Question {
            name: format!("fixture {patch} at {contract}"),
            role: "worker".into(),
            contract: contract.clone(),
            kubernetes: "1.32.0".into(),
            mode: "metal".into(),
            patch: fs::read_to_string(&path).map_err(Fault::at(&path))?,
            cluster_name: "fixture".into(),
            endpoint: "https://10.0.0.1:6443".into(),
            show: false,
        };
        let verdict = &talos.ask(contract, std::slice::from_ref(&question))?[0];
        report.words(&question.name, (!says.is_empty()).then_some(says.as_str()), verdict.refusal());
    }
    println!("\n{} patches written by hand", fixtures.len());
    Ok(())
}
