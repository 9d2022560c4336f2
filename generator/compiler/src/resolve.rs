//! Joins what the components declare into one [`Plan`]: needs meet what provides them, and become an order.

use components::{COMPONENTS, Context, Need, Plan, Unit};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// The plan of one phase. What cannot be joined is left in it for the checks to report.
pub fn resolve(context: Context<'_>) -> Plan<'_> {
    let mut units = BTreeMap::new();
    let mut claimed_twice = Vec::new();
    for component in COMPONENTS {
        for declaration in (component.declare)(&context) {
            if declaration.phases.contains(context.phase) {
                let name = declaration.name.clone();
                let unit = Unit { declaration, component, depends_on: Vec::new(), awaited: false };
                match units.entry(name) {
                    Entry::Vacant(place) => drop(place.insert(unit)),
                    Entry::Occupied(place) => claimed_twice.push(place.key().clone()),
                }
            }
        }
    }
    let mut plan = Plan {
        definition: context.definition,
        phase: context.phase,
        cluster: context.cluster,
        files: context.files,
        adopted: context.adopted,
        units,
        claimed_twice,
        unmet: Vec::new(),
        cycle: Vec::new(),
    };
    order(&mut plan);
    plan
}

/// Works out who waits for whom, and leaves out what follows from the rest.
fn order(plan: &mut Plan) {
    let names: Vec<String> = plan.units.keys().cloned().collect();
    let mut providers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, unit) in plan.units.values().enumerate() {
        providers.entry(&unit.declaration.name).or_default().push(i);
        for what in &unit.declaration.provides {
            providers.entry(what).or_default().push(i);
        }
    }
    let outside: Vec<bool> = plan.units.values().map(|unit| unit.declaration.outside).collect();
    let mut unmet = Vec::new();
    let mut edges: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); names.len()];
    for (i, unit) in plan.units.values().enumerate() {
        for what in &unit.declaration.needs {
            match providers.get(&***what) {
                Some(_) if unit.declaration.outside => {}
                Some(found) => edges[i].extend(found.iter().copied().filter(|it| *it != i && !outside[*it])),
                None => unmet.push(Need { unit: unit.declaration.name.clone(), what: what.clone() }),
            }
        }
    }
    let cycle = cycle(&edges);
    if cycle.is_empty() {
        edges = reduced(&edges);
    }
    let mut awaited = vec![false; names.len()];
    for targets in &edges {
        for target in targets {
            awaited[*target] = true;
        }
    }
    plan.unmet = unmet;
    plan.cycle = cycle.into_iter().map(|i| names[i].clone()).collect();
    for (i, unit) in plan.units.values_mut().enumerate() {
        unit.depends_on = edges[i].iter().map(|target| names[*target].clone()).collect();
        unit.awaited = awaited[i];
    }
}

/// A cycle, from its least member on, or nothing.
fn cycle(edges: &[BTreeSet<usize>]) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut state = vec![State::New; edges.len()];
    for start in 0..edges.len() {
        if state[start] != State::New {
            continue;
        }
        let mut path = vec![(start, edges[start].iter())];
        state[start] = State::Open;
        while let Some((node, rest)) = path.last_mut() {
            let node = *node;
            match rest.next() {
                Some(next) if state[*next] == State::Open => {
                    let from = path.iter().position(|(it, _)| it == next).unwrap_or(0);
                    let mut cycle: Vec<usize> = path[from..].iter().map(|(it, _)| *it).collect();
                    let least = cycle.iter().enumerate().min_by_key(|(_, it)| **it).map_or(0, |(i, _)| i);
                    cycle.rotate_left(least);
                    return cycle;
                }
                Some(next) if state[*next] == State::New => {
                    state[*next] = State::Open;
                    path.push((*next, edges[*next].iter()));
                }
                Some(_) => {}
                None => {
                    state[node] = State::Done;
                    path.pop();
                }
            }
        }
    }
    Vec::new()
}

/// The transitive reduction of a graph without cycles: an edge goes where a longer way leads to the same end.
fn reduced(edges: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let mut reach: Vec<Option<BTreeSet<usize>>> = vec![None; edges.len()];
    for start in 0..edges.len() {
        let mut stack = vec![start];
        while let Some(node) = stack.last().copied() {
            if reach[node].is_some() {
                stack.pop();
                continue;
            }
            let open: Vec<usize> =
                edges[node].iter().copied().filter(|next| reach[*next].is_none()).collect();
            if open.is_empty() {
                let mut all = edges[node].clone();
                for next in &edges[node] {
                    all.extend(reach[*next].iter().flatten());
                }
                reach[node] = Some(all);
                stack.pop();
            } else {
                stack.extend(open);
            }
        }
    }
    edges
        .iter()
        .map(|targets| {
            let implied = |target: &usize| {
                targets.iter().any(|other| {
                    other != target && reach[*other].as_ref().is_some_and(|it| it.contains(target))
                })
            };
            targets.iter().copied().filter(|target| !implied(target)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{cycle, reduced};
    use std::collections::BTreeSet;

    fn graph(edges: &[&[usize]]) -> Vec<BTreeSet<usize>> {
        edges.iter().map(|targets| targets.iter().copied().collect()).collect()
    }

    #[test]
    fn a_shortcut_is_left_out() {
        assert_eq!(reduced(&graph(&[&[1, 2], &[2], &[]])), graph(&[&[1], &[2], &[]]));
    }

    #[test]
    fn both_arms_of_a_diamond_stay() {
        assert_eq!(reduced(&graph(&[&[1, 2], &[3], &[3], &[]])), graph(&[&[1, 2], &[3], &[3], &[]]));
    }

    #[test]
    fn a_cycle_is_named_from_its_least_member() {
        assert_eq!(cycle(&graph(&[&[], &[3], &[1], &[2]])), [1, 3, 2]);
        assert_eq!(cycle(&graph(&[&[1], &[2], &[]])), [0usize; 0]);
    }
}
