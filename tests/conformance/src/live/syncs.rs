//! Syncs: Flux makes all of a commit ready, in the order of the derived graph, and without a complaint.

use super::{flux::Flux, state::State, world::of_kind};
use crate::{fault::Fault, report::Report};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How long a whole cluster may take.
pub(crate) const SECONDS: u64 = 240;

pub(crate) fn run(
    flux: &mut Flux,
    state: &State,
    needs: &[(String, String)],
    report: &mut Report,
) -> Result<bool, Fault> {
    let name = |it: &str| format!("syncs: {}: {it}", state.title);
    flux.push(state)?;
    let settled = flux.settle(SECONDS)?;
    println!(
        "{:<34} {:>4} Kustomizations ready in {:.1} s",
        state.title,
        settled.order.len(),
        settled.took.as_secs_f64()
    );
    let ready = settled.waiting.is_empty();
    report.expect(
        &name("everything becomes ready"),
        if ready { Ok(()) } else { Err(settled.waiting.join("\n")) },
    );
    let warnings = flux.warnings()?;
    report.none(&name("Flux complains of nothing"), &warnings);
    let edges = edges(&state.objects);
    report.none(&name("the order is the graph's"), &out_of_order(&edges, &settled.order));
    report.none(&name("every need is in the graph"), &unordered(edges.iter(), needs));
    report.none(&name("no edge can be left out"), &superfluous(&edges, needs));

    // Each of these can fail.
    let mut reversed = settled.order.clone();
    reversed.reverse();
    let found = out_of_order(&edges, &reversed).len();
    report.expect(
        &name("the other way round is noticed"),
        if found == edges.len() { Ok(()) } else { Err(format!("{found} of {} edges", edges.len())) },
    );
    let long_way = edges.iter().find_map(|(from, middle)| {
        let (_, to) = edges.iter().find(|(it, _)| it == middle)?;
        Some((from.clone(), to.clone()))
    });
    if let Some(long_way) = long_way {
        let more: BTreeSet<_> = edges.iter().cloned().chain([long_way.clone()]).collect();
        let found = superfluous(&more, needs);
        let noticed = found.len() == 1 && found[0].starts_with(&long_way.0);
        report.expect(
            &name("an edge too many is noticed"),
            if noticed { Ok(()) } else { Err(found.join("\n")) },
        );
    }
    Ok(ready)
}

/// Who waits for whom, as the Kustomizations say.
fn edges(objects: &[Value]) -> BTreeSet<(String, String)> {
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    of_kind(objects, "Kustomization")
        .flat_map(|it| {
            let from = text(&it["metadata"]["name"]);
            let on = it["spec"]["dependsOn"].as_array().into_iter().flatten();
            on.map(move |to| (from.clone(), text(&to["name"])))
        })
        .collect()
}

/// The edges whose first end was ready before its second.
fn out_of_order(edges: &BTreeSet<(String, String)>, order: &[String]) -> Vec<String> {
    let at = |name: &str| order.iter().position(|it| it == name);
    let wrong = edges.iter().filter(|(from, to)| at(from) < at(to));
    wrong.map(|(from, to)| format!("{from} was ready before {to}")).collect()
}

/// The edges without which every need of the model would still be met in order: none, where the graph is reduced.
fn superfluous(edges: &BTreeSet<(String, String)>, needs: &[(String, String)]) -> Vec<String> {
    let vain = edges.iter().filter(|edge| unordered(edges.iter().filter(|it| it != edge), needs).is_empty());
    vain.map(|(from, to)| format!("{from} waits for {to} in vain")).collect()
}

/// The needs whose unit waits for no provider, by whatever way.
fn unordered<'a>(
    edges: impl Iterator<Item = &'a (String, String)>,
    needs: &[(String, String)],
) -> Vec<String> {
    let mut left: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges {
        left.entry(from).or_default().push(to);
    }
    let unmet = needs.iter().filter(|(unit, provider)| !reaches(&left, unit, provider));
    unmet.map(|(unit, provider)| format!("{unit} does not wait for {provider}")).collect()
}

fn reaches<'a>(edges: &BTreeMap<&'a str, Vec<&'a str>>, from: &'a str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
    while let Some(node) = next.pop() {
        if node == to {
            return true;
        }
        next.extend(edges.get(node).into_iter().flatten().copied().filter(|it| seen.insert(it)));
    }
    false
}
