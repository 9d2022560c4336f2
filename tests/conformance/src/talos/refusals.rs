//! Each definition that a check of ours refuses, rendered all the same: what Talos itself says of it.
//!
//! Where Talos refuses it too, its words stand in the table; where it accepts it, the reason why we do not.

use super::validator::{Index, Validators};
use crate::{engine, fault::Fault, report::Report, trees::Tree};
use compiler::testing::{self, SMALL};
use model::{Code, Phase};
use serde::Deserialize;
use std::{collections::BTreeSet, fs};

/// A row of `fixtures/talos/refusals.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The check that refuses it; all others but warnings are silent.
    code: String,
    /// What a person did.
    situation: String,
    /// Edits of the smallest cluster: what stands there once, and what it becomes.
    edits: Vec<(String, String)>,
    /// The validator's minor version; the contract's own where absent.
    talos: Option<String>,
    /// What Talos refuses it with, for one node at least.
    refuses: Option<String>,
    /// Why we refuse what Talos accepts, with the source.
    accepts: Option<String>,
    /// Why nothing is rendered that Talos could be asked about.
    unsayable: Option<String>,
}

/// The checks of what goes into a machine configuration. Each has a row at least.
const CHECKS: &[&str] = &[
    "api-host-unreachable-from-site",
    "bpf-masquerade-with-kubespan",
    "direct-routes-across-sites",
    "document-unknown-to-contract",
    "duplicate-node-address",
    "endpoint-not-on-interface",
    "endpoint-unreachable-before-join",
    "forbidden-node-label",
    "fragile-control-plane",
    "host-dns-behind-bpf-masquerade",
    "invalid-value",
    "kubernetes-discovery-registry",
    "kubespan-with-native-routing",
    "kubespan-without-discovery",
    "mtu-exceeds-path",
    "native-acceleration-with-kubespan",
    "nested-overlay",
    "node-at-unknown-site",
    "node-ip-outside-subnets",
    "node-without-address",
    "node-without-gateway",
    "overlapping-networks",
    "pod-networks-advertised-with-foreign-ipam",
    "public-node-unfirewalled",
    "repeated-taint",
    "unencrypted-fallback",
    "unknown-extension",
    "unreachable-node-pair",
    "vip-outside-network",
];

pub(super) fn run(talos: &mut Validators, report: &mut Report) -> Result<(), Fault> {
    let path = engine::suite().join("fixtures/talos/refusals.yaml");
    let text = fs::read_to_string(&path).map_err(Fault::at(&path))?;
    let rows: Vec<Row> =
        serde_yaml::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", path.display())))?;
    let (mut refused, mut accepted, mut unsayable) = (0, 0, 0);
    for row in &rows {
        match (&row.refuses, &row.accepts, &row.unsayable) {
            (Some(_), None, None) => refused += 1,
            (None, Some(_), None) => accepted += 1,
            (None, None, Some(_)) => unsayable += 1,
            _ => return Err(Fault::new(format!("{}: one of refuses, accepts, unsayable", row.situation))),
        }
        report.expect(&format!("{}: {}", row.code, row.situation), judge(row, talos)?);
    }
    let seen: BTreeSet<&str> = rows.iter().map(|it| it.code.as_str()).collect();
    for code in CHECKS {
        let found = if seen.contains(code) { Ok(()) } else { Err("no row of the table has it".into()) };
        report.expect(code, found);
    }
    println!(
        "{} definitions that we refuse: Talos refuses {refused} too, accepts {accepted}, {unsayable} cannot be rendered",
        rows.len()
    );
    Ok(())
}

/// What is not as the row says.
fn judge(row: &Row, talos: &mut Validators) -> Result<Result<(), String>, Fault> {
    let mut text = SMALL.to_owned();
    for (from, to) in &row.edits {
        if text.matches(from.as_str()).count() != 1 {
            return Err(Fault::new(format!("{}: {from:?} is not there exactly once", row.situation)));
        }
        text = text.replace(from, to);
    }
    let cluster = testing::cluster(&text);
    let (diagnostics, trees) = testing::talos_unchecked(&cluster, &[Phase::Cleanup]);
    let codes: BTreeSet<Code> = diagnostics.iter().map(|it| it.code).collect();
    if !codes.contains(row.code.as_str()) {
        return Ok(Err(format!("our check is silent; these speak: {codes:?}")));
    }
    let Some(tree) = trees.first() else {
        let fine = row.unsayable.is_some();
        return Ok(if fine { Ok(()) } else { Err("it cannot be rendered".into()) });
    };
    if row.unsayable.is_some() {
        return Ok(Err("it can be rendered, so Talos can be asked".into()));
    }
    let tree = Tree::of(tree, row.situation.clone());
    let index = Index::of(&tree)?;
    let questions = index.questions(&tree)?;
    let judge = row.talos.as_ref().unwrap_or(&index.contract);
    let verdicts = talos.ask(judge, &questions)?;
    let said: Vec<&str> = verdicts.iter().filter_map(|it| it.refusal()).collect();
    Ok(match &row.refuses {
        None if said.is_empty() => Ok(()),
        None => Err(format!("Talos refuses it now, so the row should say so:\n{}", said.join("\n"))),
        Some(words) if said.iter().any(|it| it.contains(words)) => Ok(()),
        Some(words) => Err(format!("expected {words:?} of Talos {judge}, got {said:?}")),
    })
}
