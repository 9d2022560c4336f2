//! Puts a tree on disk, all or nothing: compare, stage beside, exchange.
//!
//! Whatever fails, and whenever the process is killed, `generated/` is the old tree or the new one. Against a
//! loss of power there is no such promise: syncing 10,000 files takes longer than all else, and what is lost
//! can be rendered again; `SHA256SUMS` tells whether it has to be.
//!
//! Two runs at once wait for each other, by a lock on the folder that holds `generated/`: it needs no file,
//! and the system lets go of it when a process is killed.

#![allow(clippy::disallowed_methods, reason = "the one place of this crate that touches the file system")]

mod compare;
mod error;
mod stage;

use crate::{CHECKSUMS, Tree};
use std::path::Path;

pub use error::{ByHand, How, WriteError};

#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write over files that a hand changed. What a hand made, where nothing of ours goes, is refused even so.
    pub overwrite: bool,
}

/// What is different on disk, all paths relative to `generated/` and sorted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    pub added: Vec<String>,
    pub changed: Vec<Replaced>,
    pub removed: Vec<Replaced>,
    pub unchanged: Vec<String>,
    /// What a hand did, or undid; `write` refuses it unless told to overwrite.
    pub by_hand: Vec<ByHand>,
}

impl Outcome {
    /// Whether the disk has exactly the tree.
    pub fn is_unchanged(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty() && self.by_hand.is_empty()
    }
}

/// A file that goes or changes, and what it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaced {
    pub path: String,
    pub old: Vec<u8>,
}

/// Compares a sealed tree with what is at `target`, and writes nothing.
pub fn plan(tree: &Tree, target: &Path) -> Result<Outcome, WriteError> {
    assert!(tree.get(CHECKSUMS).is_some(), "a tree is sealed before it is written");
    compare::compare(tree, target)
}

/// Makes `target` the tree, or leaves it as it was. What is there already is not touched at all.
pub fn write(tree: &Tree, target: &Path, options: Options) -> Result<Outcome, WriteError> {
    let place = stage::Place::of(target)?;
    let _lock = place.lock()?;
    place.sweep()?;
    let outcome = plan(tree, target)?;
    let refused: Vec<ByHand> =
        outcome.by_hand.iter().filter(|it| !(options.overwrite && it.how.may_go())).cloned().collect();
    if !refused.is_empty() {
        return Err(WriteError::ByHand { target: target.into(), files: refused });
    }
    if !outcome.is_unchanged() {
        place.replace(tree, &outcome.unchanged)?;
    }
    Ok(outcome)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
