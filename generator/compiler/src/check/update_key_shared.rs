//! The key that changes the zones is held by others, or cannot be used.
//!
//! With the solver `rfc2136`, cert-manager signs updates with a key. Where `dns.powerdns.updateKey` is not said it is
//! the key of transfers, which whoever runs a secondary has as well, and could then change the zones with: a warning.
//! cert-manager knows no HMAC-SHA384: an error.
//!
//! Fix: add `updateKey` with a key of its own, by `hmac-sha256` or `hmac-sha512`.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   powerdns:
//!     outsideSecondaries: { second: { address: second-ns } }
//!     tsig: { name: transfer, key: { secret: powerdns-transfer-key, key: secret } }
//! certificates: { solver: rfc2136, updateKey: { secret: powerdns-update-key, key: secret } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   powerdns:
//!     outsideSecondaries: { second: { address: second-ns } }
//!     tsig: { name: transfer, key: { secret: powerdns-transfer-key, key: secret } }
//!     updateKey: { name: acme, key: { secret: powerdns-update-key, key: secret } }
//! certificates: { solver: rfc2136, updateKey: { secret: powerdns-update-key, key: secret } }
//! ```
//!
//! Source: https://cert-manager.io/docs/configuration/acme/dns01/rfc2136/

use components::Plan;
use model::{
    Diagnostic, Diagnostics,
    definition::{Solver, TsigAlgorithm},
};

super::check!("update-key-shared", Dns, "update_key_shared.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(powerdns) = definition.dns.as_ref().map(|dns| &dns.powerdns) else { return };
    let solver =
        definition.certificates.as_ref().map(|it| &it.solver).filter(|it| it.value == Solver::Rfc2136);
    let (Some(solver), Some(key)) = (solver, powerdns.update_key()) else { return };
    if let Some(algorithm) = key.algorithm.as_ref().filter(|it| it.value == TsigAlgorithm::HmacSha384) {
        diagnostics.push(
            Diagnostic::error(CHECK.code, "cert-manager cannot sign by `hmac-sha384`")
                .at(algorithm, "PowerDNS would refuse each update")
                .because(solver, "signs updates with this key")
                .help("write `hmac-sha512`"),
        );
    }
    let outside = powerdns.outside_secondaries.iter().find(|(_, it)| it.there_in(plan.phase));
    if let Some((secondary, _)) = outside.filter(|_| powerdns.update_key.is_none()) {
        diagnostics.push(
            Diagnostic::warning(
                CHECK.code,
                format!("whoever runs `{secondary}` has the key that changes the zones"),
            )
            .at(&key.name, "signs transfers, and updates too")
            .because(secondary, "has this key for its transfers")
            .because(solver, "signs updates with it")
            .help("add `updateKey: { name: cert-manager, key: { secret: …, key: … } }` to `dns.powerdns`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    const SOLVER: &str = "solver: powerdns-webhook";
    const UPDATES: &str = "solver: rfc2136\n  updateKey: { secret: powerdns-update-key, key: secret }";
    const TSIG: &str = "    tsig: { name: transfer, key: { secret: powerdns-transfer-key, key: secret } }\n";

    #[test]
    fn a_secondary_that_could_write() {
        assert_snapshot!(report("update-key-shared", &edit(SMALL, SOLVER, UPDATES)), @"
        warning[update-key-shared]: whoever runs `second` has the key that changes the
          zones
           ┌─ cluster.yaml:52:19
           │
        51 │       second: { address: second-ns }
           │       ------ has this key for its transfers
        52 │     tsig: { name: transfer, key: { secret: powerdns-transfer-key, key: sec…
           │                   ^^^^^^^^ signs transfers, and updates too
           ·
        63 │   solver: rfc2136
           │           ------- signs updates with it
           │
           = help: add `updateKey: { name: cert-manager, key: { secret: …, key: … } }`
             to `dns.powerdns`
        ");
    }

    #[test]
    fn a_digest_that_cert_manager_lacks() {
        let key = "    updateKey: { name: acme, algorithm: hmac-sha384, key: { secret: powerdns-update-key, key: secret } }\n";
        let definition = edit(&edit(SMALL, SOLVER, UPDATES), TSIG, &format!("{TSIG}{key}"));
        assert_snapshot!(report("update-key-shared", &definition), @"");
    }

    #[test]
    fn a_key_of_its_own() {
        let key = "    updateKey: { name: acme, key: { secret: powerdns-update-key, key: secret } }\n";
        let definition = edit(&edit(SMALL, SOLVER, UPDATES), TSIG, &format!("{TSIG}{key}"));
        assert_snapshot!(report("update-key-shared", &definition), @"");
    }
}
