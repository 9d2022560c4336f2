//! What Talos itself says of the patches: one validator a minor version, from Talos' own module of that version.

mod contracts;
mod fixtures;
mod generated;
mod meant;
mod refusals;
pub(crate) mod seen;
mod spoiled;
mod trees;
pub(crate) mod validator;

use crate::{fault::Fault, report::Report, trees::Scope};
use validator::Validators;

pub(crate) fn run(scope: &Scope, cases: u32, seed: u64, report: &mut Report) -> Result<(), Fault> {
    let mut talos = Validators::new()?;
    trees::run(scope, &mut talos, report)?;
    if let Scope::Whole(clusters) = scope {
        contracts::run(clusters, &mut talos, report)?;
        spoiled::run(clusters, &mut talos, report)?;
        fixtures::run(&mut talos, report)?;
        refusals::run(&mut talos, report)?;
        generated::run(cases, seed, &mut talos, report);
    }
    Ok(())
}
