//! `talos/README.md`: how to apply the patches, and what the network between the nodes looks like.
use super::facts::NodeFacts;
use crate::Plan;

pub(super) fn readme(_: &Plan, _: &[NodeFacts]) -> String {
    String::new()
}
