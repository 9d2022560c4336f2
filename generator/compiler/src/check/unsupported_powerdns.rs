//! A PowerDNS that there is no image of, or that cannot do what is asked.
//!
//! Each series has an image of its own, and its own settings; those that we write are for the series that the message
//! names. Before 5.0 the LMDB backend takes no updates by DNS, which the solver `rfc2136` makes. 4.9 has had no fixes
//! since September 2026: a warning.
//!
//! Fix: write a series that there is; with 4.9 and `rfc2136`, take `backend: gsqlite3`.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   powerdns: { version: "6.0" }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   powerdns: { version: "5.1" }
//! ```
//!
//! Source: https://doc.powerdns.com/authoritative/appendices/EOL.html;
//! https://doc.powerdns.com/authoritative/backends/lmdb.html

use components::{POWERDNS_SERIES, Plan};
use model::{
    Diagnostic, Diagnostics,
    definition::{Backend, Solver},
    scalar::Series,
};

super::check!("unsupported-powerdns", Dns, "unsupported_powerdns.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(powerdns) = definition.dns.as_ref().map(|dns| &dns.powerdns) else { return };
    let version = &powerdns.version;
    if !POWERDNS_SERIES.iter().any(|(series, _)| *series == version.value) {
        let all: Vec<String> = POWERDNS_SERIES.iter().map(|(series, _)| format!("`\"{series}\"`")).collect();
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("there is no image of PowerDNS {version}"))
                .at(version, "we do not know this series")
                .help(format!("write one of {}", all.join(", "))),
        );
        return;
    }
    if version.value >= (Series { major: 5, minor: 0 }) {
        return;
    }
    diagnostics.push(
        Diagnostic::warning(CHECK.code, format!("PowerDNS {version} gets no fixes any more"))
            .at(version, "its support has ended")
            .help("write `\"5.1\"`; the database is brought up by itself, and cannot go back"),
    );
    let solver =
        definition.certificates.as_ref().map(|it| &it.solver).filter(|it| it.value == Solver::Rfc2136);
    if let Some(solver) = solver.filter(|_| powerdns.backend() == Backend::Lmdb) {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("PowerDNS {version} takes no updates into LMDB"))
                .at(version, "can from 5.0 on")
                .because(solver, "proves names by updates")
                .help("write `version: \"5.1\"`, or `backend: gsqlite3`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_series_that_is_not_there() {
        assert_snapshot!(report("unsupported-powerdns", &edit(SMALL, "version: \"5.1\"", "version: \"6.0\"")), @r#"
        error[unsupported-powerdns]: there is no image of PowerDNS 6.0
           ┌─ cluster.yaml:47:14
           │
        47 │     version: "6.0"
           │              ^^^^^ we do not know this series
           │
           = help: write one of `"4.9"`, `"5.0"`, `"5.1"`
        "#);
    }

    #[test]
    fn updates_into_an_old_lmdb() {
        let definition = edit(SMALL, "version: \"5.1\"", "version: \"4.9\"");
        let definition = edit(&definition, "solver: powerdns-webhook", "solver: rfc2136");
        assert_snapshot!(report("unsupported-powerdns", &definition), @r#"
        error[unsupported-powerdns]: PowerDNS 4.9 takes no updates into LMDB
           ┌─ cluster.yaml:47:14
           │
        47 │     version: "4.9"
           │              ^^^^^ can from 5.0 on
           ·
        63 │   solver: rfc2136
           │           ------- proves names by updates
           │
           = help: write `version: "5.1"`, or `backend: gsqlite3`

        warning[unsupported-powerdns]: PowerDNS 4.9 gets no fixes any more
           ┌─ cluster.yaml:47:14
           │
        47 │     version: "4.9"
           │              ^^^^^ its support has ended
           │
           = help: write `"5.1"`; the database is brought up by itself, and cannot go
             back
        "#);
    }

    #[test]
    fn the_series_of_today() {
        assert_snapshot!(report("unsupported-powerdns", SMALL), @"");
    }
}
