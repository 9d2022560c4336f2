//! `talos/UPGRADE.md`: the steps from the version that runs to the one that is to run.
use super::facts::NodeFacts;
use crate::Plan;

pub(super) fn upgrade(_: &Plan, _: &[NodeFacts]) -> Option<String> {
    None
}
