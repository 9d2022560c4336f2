//! The reader of whole configurations notices what is wrong: each is spoiled in one place, and it says where.

use super::{
    contracts, meant,
    validator::{Index, Validators},
};
use crate::{
    engine,
    fault::Fault,
    report::Report,
    trees::{Committed, Tree},
};
use components::talos::release;
use model::{
    Phase,
    scalar::{Contract, Scalar},
};
use serde::Deserialize;
use std::{collections::BTreeMap, fs};

/// A row of `fixtures/talos/spoiled.yaml`.
#[derive(Debug, Deserialize)]
#[serde(from = "(String, String, String, String, String, String)")]
struct Row {
    cluster: String,
    contract: String,
    node: String,
    from: String,
    to: String,
    says: String,
}

impl From<(String, String, String, String, String, String)> for Row {
    fn from(row: (String, String, String, String, String, String)) -> Self {
        let (cluster, contract, node, from, to, says) = row;
        Self { cluster, contract, node, from, to, says }
    }
}

pub(super) fn run(clusters: &[Committed], talos: &mut Validators, report: &mut Report) -> Result<(), Fault> {
    let path = engine::suite().join("fixtures/talos/spoiled.yaml");
    let text = fs::read_to_string(&path).map_err(Fault::at(&path))?;
    let rows: Vec<Row> =
        serde_yaml::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", path.display())))?;
    let mut known = BTreeMap::new();
    for row in &rows {
        let key = (row.cluster.clone(), row.contract.clone());
        if !known.contains_key(&key) {
            known.insert(key.clone(), configurations(clusters, row, talos)?);
        }
        let (definition, nodes) = &known[&key];
        let config =
            nodes.get(&row.node).ok_or_else(|| Fault::new(format!("there is no node {}", row.node)))?;
        if !config.contains(&row.from) {
            return Err(Fault::new(format!("{}: {:?} is not in the configuration", row.node, row.from)));
        }
        let spoiled = config.replace(&row.from, &row.to);
        let found = match meant::compare(definition, Phase::Cleanup, &row.node, &spoiled) {
            Err(said) if said.contains(&row.says) => Ok(()),
            Err(said) => Err(format!("expected {:?}, got:\n{said}", row.says)),
            Ok(()) => Err("nobody noticed".into()),
        };
        report.expect(&format!("{} of {} at {}, {:?}", row.node, row.cluster, row.contract, row.to), found);
    }
    println!("{} configurations spoiled in one place", rows.len());
    Ok(())
}

type Configurations = (model::Definition, BTreeMap<String, String>);

/// The whole configurations of a cluster at a contract.
fn configurations(
    clusters: &[Committed],
    row: &Row,
    talos: &mut Validators,
) -> Result<Configurations, Fault> {
    let cluster = clusters.iter().find(|it| it.cluster.name == row.cluster);
    let cluster = &cluster.ok_or_else(|| Fault::new(format!("there is no {}", row.cluster)))?.cluster;
    let contract = Contract::parse(&row.contract).map_err(|it| Fault::new(it.message))?;
    let variant = contracts::at(cluster, release::newest(), contract);
    let tree = Tree::render(&variant, Phase::Cleanup, row.cluster.clone())?;
    let index = Index::of(&tree)?;
    let verdicts = talos.ask(&row.contract, &index.questions(&tree)?)?;
    let nodes = index.nodes.iter().zip(verdicts).map(|(node, it)| (node.name.clone(), it.config)).collect();
    let definition = compiler::testing::definition(&variant).expect("it compiles, so it parses");
    Ok((definition, nodes))
}
