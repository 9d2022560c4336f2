//! Zones are handed out to whoever has the right address.
//!
//! Without a key the primary knows a secondary by its address alone, and a secondary its primary: who can send from
//! such an address, or sits on the way, reads the whole zone or writes another.
//! A key (TSIG) proves both ends, and the address counts for nothing then.
//!
//! Fix: add `tsig` to `dns.powerdns`, and give the key to whoever runs the secondaries.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   powerdns:
//!     outsideSecondaries: { second: { address: second-ns } }
//!     tsig: ~
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   powerdns:
//!     outsideSecondaries: { second: { address: second-ns } }
//!     tsig: { name: transfer, key: { secret: powerdns-transfer-key, key: secret } }
//! ```
//!
//! Source: RFC 8945; https://doc.powerdns.com/authoritative/tsig.html

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("unsigned-transfers", Dns, "unsigned_transfers.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(powerdns) = plan.definition.dns.as_ref().map(|dns| &dns.powerdns).filter(|it| it.tsig.is_none())
    else {
        return;
    };
    let outside =
        powerdns.outside_secondaries.iter().filter(|(_, it)| it.there_in(plan.phase)).map(|(name, _)| name);
    if let Some(secondary) = powerdns.secondary_sites.iter().chain(outside).next() {
        diagnostics.push(
            Diagnostic::warning(CHECK.code, "transfers of the zones are not signed")
                .at(secondary, "has the zones for its address alone")
                .help("add `tsig: { name: transfer, key: { secret: …, key: … } }` to `dns.powerdns`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_secondary_without_a_key() {
        let definition = edit(
            SMALL,
            "    tsig: { name: transfer, key: { secret: powerdns-transfer-key, key: secret } }\n",
            "",
        );
        assert_snapshot!(report("unsigned-transfers", &definition), @"
        warning[unsigned-transfers]: transfers of the zones are not signed
           ┌─ cluster.yaml:51:7
           │
        51 │       second: { address: second-ns }
           │       ^^^^^^ has the zones for its address alone
           │
           = help: add `tsig: { name: transfer, key: { secret: …, key: … } }` to
             `dns.powerdns`
        ");
    }

    #[test]
    fn a_secondary_with_a_key() {
        assert_snapshot!(report("unsigned-transfers", SMALL), @"");
    }
}
