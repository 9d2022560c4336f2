//! The trees as they are, by the code of the contract that each declares.

use super::validator::{Index, Validators};
use crate::{fault::Fault, report::Report, trees::Scope};

pub(super) fn run(scope: &Scope, talos: &mut Validators, report: &mut Report) -> Result<(), Fault> {
    println!("{:<34} {:<8} {:>6} {:>9} {:>9}", "tree", "contract", "nodes", "accepted", "warnings");
    for tree in scope.trees()? {
        let index = Index::of(&tree)?;
        let questions = index.questions(&tree)?;
        let verdicts = talos.ask(&index.contract, &questions)?;
        let accepted = verdicts.iter().filter(|it| it.ok).count();
        let warnings: usize = verdicts.iter().map(|it| it.warnings.len()).sum();
        println!(
            "{:<34} {:<8} {:>6} {accepted:>9} {warnings:>9}",
            tree.title,
            index.contract,
            verdicts.len()
        );
        for (question, verdict) in questions.iter().zip(&verdicts) {
            report.words(&question.name, None, verdict.refusal());
            unexplained(&question.name, &verdict.warnings, report);
        }
    }
    Ok(())
}

/// What Talos warns of where nothing is wrong. Each must be known here, with the reason why it stays.
const EXPLAINED: &[(&str, &str)] = &[];

/// A warning that nobody has explained is a failure.
pub(super) fn unexplained(name: &str, warnings: &[String], report: &mut Report) {
    for warning in warnings {
        let known = EXPLAINED.iter().any(|(words, _)| warning.contains(words));
        let why = format!("Talos warns, and nobody has said why that is well: {warning}");
        report.expect(name, if known { Ok(()) } else { Err(why) });
    }
}
