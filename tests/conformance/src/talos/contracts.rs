//! Every committed cluster at every contract, in every phase: by Talos of the contract's own minor, which is the
//! oldest that must read it, and by the newest, which will run it. And the reverse: the minor before refuses it.

use super::{
    meant,
    trees::unexplained,
    validator::{Index, Validators},
};
use crate::{
    fault::Fault,
    report::Report,
    trees::{Committed, Tree, with_definition},
};
use compiler::{Cluster, testing};
use components::talos::{
    contract::{self, KNOWN},
    release::{self, Release},
};
use model::{Phase, scalar::Contract};
use std::collections::BTreeSet;

pub(super) fn run(clusters: &[Committed], talos: &mut Validators, report: &mut Report) -> Result<(), Fault> {
    let newest = release::newest();
    println!("\n{:<16} {:<8} {:<9} {:>6} {:>9}", "cluster", "contract", "version", "nodes", "accepted");
    for Committed { cluster, .. } in clusters {
        for forms in KNOWN {
            let contract = forms.contract();
            let own = release::release(contract).expect("a contract has a release");
            let versions = if own.minor == newest.minor { vec![own] } else { vec![own, newest] };
            for version in versions {
                let variant = at(cluster, version, contract);
                let judges = BTreeSet::from([contract, version.contract()]);
                let (mut nodes, mut accepted) = (0, 0);
                let (diagnostics, trees) = testing::talos_unchecked(&variant, &Phase::ALL);
                let title = format!("{}, {contract} on {}", cluster.name, version.latest());
                let said = diagnostics.render(&variant.sources, false);
                report.expect(&title, if diagnostics.has_errors() { Err(said) } else { Ok(()) });
                let definition = testing::definition(&variant).expect("it parses, as it has trees");
                for (phase, tree) in Phase::ALL.into_iter().zip(&trees) {
                    let tree = Tree::of(tree, format!("{title}, {phase}"));
                    let index = Index::of(&tree)?;
                    let questions = index.questions(&tree)?;
                    for judge in &judges {
                        let verdicts = talos.ask(&judge.to_string(), &questions)?;
                        for ((question, verdict), member) in questions.iter().zip(&verdicts).zip(&index.nodes)
                        {
                            nodes += 1;
                            accepted += usize::from(verdict.ok);
                            report.words(&question.name, None, verdict.refusal());
                            unexplained(&question.name, &verdict.warnings, report);
                            if verdict.ok {
                                let found = meant::compare(&definition, phase, &member.name, &verdict.config);
                                report.expect(&format!("{}, read back", question.name), found);
                            }
                        }
                    }
                }
                println!(
                    "{:<16} {contract:<8} {:<9} {nodes:>6} {accepted:>9}",
                    cluster.name,
                    version.latest().to_string()
                );
            }
            newer_is_refused(cluster, contract, talos, report)?;
        }
    }
    Ok(())
}

/// The definition, for another version and contract. Kubernetes goes down to what that version runs.
pub(super) fn at(cluster: &Cluster, version: &Release, contract: Contract) -> Cluster {
    let text = cluster.sources.text(cluster.definition);
    let definition = testing::definition(cluster).expect("a committed cluster parses");
    let mut text = set(
        text,
        "talos",
        &["version", "current", "contract"],
        &[format!("version: {}", version.latest()), format!("contract: {contract}")],
    );
    if !version.runs(&definition.kubernetes.version) {
        let last = version.kubernetes.1;
        text = set(&text, "kubernetes", &["version"], &[format!("version: v1.{last}.0")]);
    }
    if version.minor < 13 {
        // Pod networks go through KubeSpan without a tunnel from 1.13 on.
        text = text.replace("\n    routing: native\n", "\n    routing: tunnel\n");
    }
    with_definition(cluster, &text)
}

/// Takes keys out of a block of the definition, and puts lines at its start.
fn set(text: &str, block: &str, without: &[&str], lines: &[String]) -> String {
    let mut within = false;
    let mut out = String::new();
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && !line.is_empty() {
            within = line == format!("{block}:");
        }
        let dropped = without.iter().any(|key| line.starts_with(&format!("  {key}:")));
        if !(within && dropped) {
            out.push_str(line);
            out.push('\n');
        }
        if within && line == format!("{block}:") {
            for line in lines {
                out.push_str("  ");
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// A tree of a contract, at the minor before it: refused where the contract changed something in it, and where it
/// changed nothing the two trees are the same. Our own check refuses the pair first.
fn newer_is_refused(
    cluster: &Cluster,
    contract: Contract,
    talos: &mut Validators,
    report: &mut Report,
) -> Result<(), Fault> {
    let Some(older) = contract::known(Contract { major: 1, minor: contract.minor - 1 }) else {
        return Ok(());
    };
    let older = older.contract();
    let own = release::release(contract).expect("a contract has a release");
    let before = release::release(older).expect("a contract has a release");
    let name = format!("{}: contract {contract} on {}", cluster.name, before.latest());

    let (diagnostics, _) = testing::talos_unchecked(&at(cluster, before, contract), &[Phase::Cleanup]);
    let codes: BTreeSet<&str> =
        diagnostics.iter().filter(|it| it.severity == model::Severity::Error).map(|it| it.code).collect();
    let first = codes.contains("document-unknown-to-contract");
    report.expect(&name, if first { Ok(()) } else { Err(format!("our check is silent: {codes:?}")) });

    let tree = Tree::render(&at(cluster, own, contract), Phase::Cleanup, name.clone())?;
    let same = Tree::render(&at(cluster, own, older), Phase::Cleanup, name.clone())?;
    let index = Index::of(&tree)?;
    let questions = index.questions(&tree)?;
    let verdicts = talos.ask(&older.to_string(), &questions)?;
    for (question, verdict) in questions.iter().zip(&verdicts) {
        let path = format!("talos/nodes/{}.yaml", question.name.rsplit(": ").next().unwrap_or_default());
        let unchanged = tree.text(&path) == same.text(&path);
        let said = match (unchanged, verdict.refusal()) {
            (true, None) => Ok(()),
            (true, Some(refusal)) => Err(format!("nothing changed in it, and it is refused: {refusal}")),
            (false, Some(refusal))
                if refusal.contains("not registered") || refusal.contains("unknown key") =>
            {
                Ok(())
            }
            (false, Some(refusal)) => Err(format!("it is refused for another reason: {refusal}")),
            (false, None) => Err(format!("Talos {older} accepts what contract {contract} changed")),
        };
        report.expect(&question.name, said);
    }
    Ok(())
}
