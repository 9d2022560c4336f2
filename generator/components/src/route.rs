//! What a route becomes: an Ingress or HTTPRoute, and its certificate.

use crate::{Plan, Route, Unit};
use tree::Object;

/// The objects of one route of a unit.
pub fn objects(_plan: &Plan, _unit: &Unit, _route: &Route) -> Vec<Object> {
    Vec::new()
}
