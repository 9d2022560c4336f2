//! `talos/UPGRADE.md`: the steps from the version that runs to the one that is to run.

use super::{
    contract,
    facts::NodeFacts,
    readme::render,
    release::{self, RELEASES, Release},
};
use crate::Plan;
use minijinja::{Value, context};
use model::scalar::Version;
use std::collections::BTreeMap;

/// The versions from `current` to `target`, both ends in it: the latest patch of each minor in between.
///
/// The first is the latest patch of the minor that runs, where the way leaves it: fixes for upgrades land there.
pub fn path(current: &Version, target: &Version) -> Vec<Version> {
    let mut path = vec![current.clone()];
    if current.minor() < target.minor() {
        let between = |it: &&Release| it.contract() >= current.minor() && it.contract() < target.minor();
        path.extend(RELEASES.iter().filter(between).map(Release::latest).filter(|it| it > current));
    }
    if target > current {
        path.push(target.clone());
    }
    path
}

pub(super) fn upgrade(plan: &Plan, nodes: &[NodeFacts]) -> Option<String> {
    let talos = &plan.definition.talos;
    let current = &talos.current.as_ref()?.value;
    let path = path(current, &talos.version);
    let steps: Vec<Value> = path.windows(2).map(|step| one(plan, nodes, &step[0], &step[1])).collect();
    if steps.is_empty() {
        return None;
    }
    let values = context! {
        current => current.to_string(),
        target => talos.version.to_string(),
        contract => talos.contract().to_string(),
        steps,
    };
    Some(render(include_str!("UPGRADE.md.j2"), values))
}

fn one(plan: &Plan, nodes: &[NodeFacts], from: &Version, to: &Version) -> Value {
    let forms = contract::known(to.minor());
    let known = release::release(to.minor());
    let before = release::release(from.minor()).zip(known).filter(|(from, to)| from.minor != to.minor);
    let crosses = |minor: u64| from.minor().minor < minor && to.minor().minor >= minor;
    context! {
        from => from.to_string(),
        to => to.to_string(),
        kubernetes => known.map_or_else(|| "unknown to this program".into(), |it| span(it.kubernetes)),
        before => before.map(|(from, to)| meeting(from, to)).unwrap_or_default(),
        images => images(nodes, to),
        note => if crosses(10) {
            "From here on each platform has an installer of its own, as in the commands above."
        } else if crosses(14) {
            "`ghcr.io/siderolabs/installer` is no longer published: only the Image Factory's installers are left."
        } else {
            ""
        },
        contract => to.minor().to_string(),
        written => plan.definition.talos.contract() >= to.minor(),
        changes => forms.filter(|_| from.minor() != to.minor()).map(|it| it.changes.to_vec()).unwrap_or_default(),
        verify => known.filter(|_| from.minor() != to.minor()).map(|it| it.verify.to_vec()).unwrap_or_default(),
    }
}

/// What Kubernetes must be before a step, so that both ends of it run it.
fn meeting(from: &Release, to: &Release) -> String {
    let both = (from.kubernetes.0.max(to.kubernetes.0), from.kubernetes.1.min(to.kubernetes.1));
    format!("Kubernetes must be at {} before this step: both ends of it run that.", span(both))
}

fn span((first, last): (u64, u64)) -> String {
    format!("1.{first} to 1.{last}")
}

fn images(nodes: &[NodeFacts], version: &Version) -> Vec<Value> {
    let mut images: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    // Who has yet to join comes with the newest image.
    for node in nodes.iter().filter(|it| !it.site.public()) {
        images.entry(node.image.installer(version)).or_default().push(node.name);
    }
    if images.is_empty() {
        for node in nodes {
            images.entry(node.image.installer(version)).or_default().push(node.name);
        }
    }
    images.into_iter().map(|(installer, nodes)| context! { installer, nodes => nodes.join(", ") }).collect()
}

#[cfg(test)]
mod tests {
    use super::path;
    use model::scalar::{Scalar, Version};

    fn steps(current: &str, target: &str) -> Vec<String> {
        let version = |text| Version::parse(text).expect("a version");
        path(&version(current), &version(target)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_minor_is_gone_through_at_its_latest_patch() {
        let expected = ["v1.9.1", "v1.9.6", "v1.10.9", "v1.11.6", "v1.12.11", "v1.13.10", "v1.14.2"];
        assert_eq!(steps("v1.9.1", "v1.14.2"), expected);
    }

    #[test]
    fn a_patch_is_one_step() {
        assert_eq!(steps("v1.14.0", "v1.14.2"), ["v1.14.0", "v1.14.2"]);
        assert_eq!(steps("v1.13.10", "v1.14.2"), ["v1.13.10", "v1.14.2"]);
    }

    #[test]
    fn nothing_goes_down() {
        assert_eq!(steps("v1.14.2", "v1.13.10"), ["v1.14.2"]);
    }
}
