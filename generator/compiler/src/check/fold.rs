//! What one cause makes several checks, or one check several times, say is said once.
//!
//! Diagnostics are of one cause when they are of one code and help, and either stand at the same place, or differ in
//! one name alone and have something else in common: the place that makes it so, or another name.

use model::{Code, Diagnostic, Severity, Span};
use std::collections::BTreeMap;

/// So many places are shown; of the rest there is their number.
const SHOWN: usize = 3;

/// What diagnostics of one cause have in common.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Cause {
    code: Code,
    severity: Severity,
    because: Vec<Span>,
    notes: Vec<String>,
    help: Vec<String>,
    rest: Rest,
}

#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum Rest {
    /// The message without the first name in it.
    Message(String),
    /// The place.
    Place(Option<Span>),
}

/// Folds into the first of each cause what the others say.
pub(super) fn fold(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let by_place = folded(found, |it| {
        // The same place, and nothing but the message differs.
        it.primary.as_ref().map(|label| Rest::Place(Some(label.span)))
    });
    folded(by_place, |it| {
        let (before, rest) = it.message.split_once('`')?;
        let (_, after) = rest.split_once('`')?;
        let shared = !it.secondary.is_empty() || after.contains('`');
        (shared && it.primary.is_some()).then(|| Rest::Message(format!("{before}`{after}")))
    })
}

fn folded(found: Vec<Diagnostic>, rest: impl Fn(&Diagnostic) -> Option<Rest>) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<Cause, usize> = BTreeMap::new();
    let mut kept: Vec<(Diagnostic, Vec<Diagnostic>)> = Vec::new();
    for diagnostic in found {
        let cause = rest(&diagnostic).map(|rest| Cause {
            code: diagnostic.code,
            severity: diagnostic.severity,
            because: diagnostic.secondary.iter().map(|label| label.span).collect(),
            notes: diagnostic.notes.clone(),
            help: diagnostic.help.clone(),
            rest,
        });
        match cause.map(|cause| groups.entry(cause).or_insert(kept.len())) {
            Some(at) if *at < kept.len() => kept[*at].1.push(diagnostic),
            _ => kept.push((diagnostic, Vec::new())),
        }
    }
    kept.into_iter().map(|(first, others)| joined(first, others)).collect()
}

fn joined(mut first: Diagnostic, mut others: Vec<Diagnostic>) -> Diagnostic {
    others.retain(|it| it.message != first.message || it.primary != first.primary);
    let shown = if others.len() == SHOWN + 1 { SHOWN + 1 } else { others.len().min(SHOWN) };
    let place = |it: &Diagnostic| it.primary.as_ref().map(|label| label.span);
    let here = place(&first);
    let mut notes = Vec::new();
    for other in &others[..shown] {
        match &other.primary {
            Some(label) if Some(label.span) != here => {
                let text = match name(&other.message) {
                    Some(other) if name(&first.message) != Some(other) => format!("and `{other}`"),
                    _ => "here too".to_owned(),
                };
                first.secondary.push(model::Label { span: label.span, text });
            }
            _ => notes.push(format!("and {}", other.message)),
        }
    }
    if others.len() > shown {
        notes.push(format!("and {} more", others.len() - shown));
    }
    first.notes.splice(0..0, notes);
    // Where one holds in all phases, all do together.
    if others.iter().any(|it| it.phases.is_empty()) {
        first.phases.clear();
    } else if !first.phases.is_empty() {
        first.phases.extend(others.iter().flat_map(|it| &it.phases));
        first.phases.sort();
        first.phases.dedup();
    }
    if !first.fix.is_empty() && others.iter().all(|it| !it.fix.is_empty()) {
        first.fix.extend(others.into_iter().flat_map(|it| it.fix));
    }
    first
}

/// The first name in a message.
fn name(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;
    use std::fmt::Write;

    #[test]
    fn many_nodes_at_a_site_that_is_none() {
        let mut more = String::new();
        for i in 1..=6 {
            let _ = writeln!(
                more,
                "  worker{i}: {{ site: hmoe, role: worker, addresses: [10.2.2.{}/16] }}",
                i + 1
            );
        }
        let definition = edit(SMALL, "addresses:\n", &format!("{more}addresses:\n"));
        assert_snapshot!(report("node-at-unknown-site", &definition), @"
        error[node-at-unknown-site]: the node `worker1` is at `hmoe`, which is no site
           ┌─ cluster.yaml:28:20
           │
        28 │   worker1: { site: hmoe, role: worker, addresses: [10.2.2.2/16] }
           │                    ^^^^ not declared below `sites`
        29 │   worker2: { site: hmoe, role: worker, addresses: [10.2.2.3/16] }
           │                    ---- and `worker2`
        30 │   worker3: { site: hmoe, role: worker, addresses: [10.2.2.4/16] }
           │                    ---- and `worker3`
        31 │   worker4: { site: hmoe, role: worker, addresses: [10.2.2.5/16] }
           │                    ---- and `worker4`
           │
           = and 2 more
           = help: did you mean `home`?
        ");
    }

    #[test]
    fn two_nodes_and_two_reasons() {
        let definition = edit(SMALL, "worker0: { site: home,", "worker0: { site: hmoe,");
        let definition = edit(&definition, "vps0: { site: vps,", "vps0: { site: vsp,");
        assert_snapshot!(report("node-at-unknown-site", &definition), @"
        error[node-at-unknown-site]: the node `worker0` is at `hmoe`, which is no site
           ┌─ cluster.yaml:26:20
           │
        26 │   worker0: { site: hmoe, role: worker, addresses: [10.2.2.1/16] }
           │                    ^^^^ not declared below `sites`
           │
           = help: did you mean `home`?

        error[node-at-unknown-site]: the node `vps0` is at `vsp`, which is no site
           ┌─ cluster.yaml:27:17
           │
        27 │   vps0: { site: vsp, role: worker, addresses: [198.51.99.10/24] }
           │                 ^^^ not declared below `sites`
           │
           = help: did you mean `vps`?
        ");
    }
}
