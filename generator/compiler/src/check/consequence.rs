//! What only follows from something else that is wrong, and is left out beside it.
//!
//! A name that leads nowhere, or a value that cannot be meant, makes other checks see what nobody wrote. Mend the
//! cause, and the rest is gone or is seen in its own right.

use model::{Code, Diagnostic, Diagnostics};
use std::collections::BTreeSet;

/// Where a consequence is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    /// Where it points at the place of the cause.
    Place,
    /// Everywhere: what the cause spoils is worked out of the whole.
    All,
}

use Reach::{All, Place};

/// A cause, and what is left out beside it.
const HIDES: &[(Code, Reach, &[Code])] = &[
    (
        "bpf-masquerade-with-kubespan",
        Place,
        &["host-dns-behind-bpf-masquerade", "kubespan-with-native-routing"],
    ),
    ("dangling-address", All, &["delegation-mismatch", "zone-without-authority"]),
    ("direct-routes-across-sites", Place, &["setting-without-effect"]),
    ("dns-api-exposed", All, &["public-node-unfirewalled"]),
    (
        "endpoint-not-on-interface",
        All,
        &["private-address-in-public-zone", "unreachable-node-pair", "zone-without-authority"],
    ),
    ("endpoint-unreachable-before-join", Place, &["phase-out-of-order"]),
    ("invalid-value", All, GUESSED),
    ("missing-key", All, GUESSED),
    ("name-without-solver", All, &["update-key-shared"]),
    (
        "node-at-unknown-site",
        All,
        &[
            "driver-off-its-site",
            "endpoint-unreachable-before-join",
            "fragile-control-plane",
            "storage-not-at-site",
            "unreachable-node-pair",
            "workload-without-eligible-node",
            "zone-without-authority",
        ],
    ),
    ("node-without-address", Place, &["unreachable-node-pair"]),
    ("object-owned-twice", All, &["unknown-dependency"]),
    ("unknown-key", All, GUESSED),
    ("unknown-node", All, &["delegation-mismatch", "zone-without-authority"]),
    ("vip-outside-network", All, &["endpoint-unreachable-before-join"]),
    ("wildcard-bind-on-port-53", Place, &["endpoint-not-on-interface"]),
    ("workload-without-eligible-node", All, &["zone-without-authority"]),
    ("wrong-type", All, GUESSED),
];

/// What is worked out of all nodes together, and so of values that were guessed in the place of bad ones.
const GUESSED: &[Code] = &[
    "endpoint-unreachable-before-join",
    "fragile-control-plane",
    "unreachable-node-pair",
    "workload-without-eligible-node",
];

/// Whether each diagnostic is to be kept, beside what is said of the definition's form.
pub(super) fn kept(form: &Diagnostics, found: &[Diagnostic]) -> Vec<bool> {
    let codes: BTreeSet<Code> = form.iter().chain(found).map(|it| it.code).collect();
    let causes: Vec<_> = HIDES.iter().filter(|(cause, ..)| codes.contains(cause)).collect();
    let follows = |it: &Diagnostic| {
        causes.iter().any(|(cause, reach, hidden)| {
            hidden.contains(&it.code)
                && (*reach == All || found.iter().any(|other| other.code == *cause && points_at(it, other)))
        })
    };
    found.iter().map(|it| !follows(it)).collect()
}

/// Whether one of its places is the one that the cause says to change.
fn points_at(it: &Diagnostic, cause: &Diagnostic) -> bool {
    let Some(place) = &cause.primary else { return false };
    it.labels().any(|label| label.span.overlaps(place.span))
}

#[cfg(test)]
mod tests {
    use super::HIDES;
    use crate::check::CHECKS;

    #[test]
    fn every_code_is_one_of_a_check() {
        let known = |code: &str| CHECKS.iter().any(|check| check.code == code);
        let form = |code: &str| crate::pages::FORM.iter().any(|(it, _)| *it == code);
        for (cause, _, hidden) in HIDES {
            assert!(known(cause) || form(cause), "{cause}");
            hidden.iter().for_each(|code| assert!(known(code), "{code}"));
        }
        assert!(HIDES.is_sorted_by_key(|(cause, ..)| cause));
    }
}
