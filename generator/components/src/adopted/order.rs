//! Who waits for whom among what is adopted and what we write.

use super::{Adopted, Bundle};
use crate::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// What each Flux Kustomization waits for: those of today by their `dependsOn`, apps and ours by the plan.
#[derive(Debug)]
pub struct Order<'a> {
    direct: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Order<'a> {
    pub fn of(plan: &'a Plan) -> Self {
        let mut direct: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, unit) in &plan.units {
            direct.insert(name, unit.depends_on.iter().map(String::as_str).collect());
        }
        for (bundle, found) in plan.adopted.steps(plan) {
            if bundle.app(plan).is_none() {
                let waits = found.node.items_at("spec.dependsOn").iter().filter_map(|it| it.str_at("name"));
                direct.entry(bundle.name(plan.adopted)).or_default().extend(waits);
            }
        }
        Self { direct }
    }

    /// Whether one waits for the other, by however many steps.
    pub fn after(&self, later: &str, earlier: &str) -> bool {
        self.way(later, earlier).is_some()
    }

    /// The steps from one to what it waits for, both included; the shortest way.
    pub fn way(&self, later: &'a str, earlier: &str) -> Option<Vec<&'a str>> {
        let mut from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut next = vec![later];
        while !next.is_empty() {
            let mut further = Vec::new();
            for at in next {
                for &wait in self.direct.get(at).into_iter().flatten() {
                    if wait == later || from.contains_key(wait) {
                        continue;
                    }
                    from.insert(wait, at);
                    if wait == earlier {
                        let mut way = vec![wait];
                        while let Some(&before) = way.last().and_then(|it| from.get(it)) {
                            way.push(before);
                        }
                        way.reverse();
                        return Some(way);
                    }
                    further.push(wait);
                }
            }
            next = further;
        }
        None
    }
}

impl Adopted {
    /// The Flux Kustomizations of today that are applied in a phase, each with what it applies.
    pub fn steps<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (&'a Bundle, &'a super::Object)> {
        self.bundles
            .iter()
            .filter(|bundle| bundle.there_in(plan))
            .filter_map(|bundle| Some((bundle, bundle.found(self)?)))
    }
}
