//! Which warnings are accepted: those that `checks.allow` names, to the day that `checks.until` says.

use super::CHECKS;
use model::{
    Diagnostic, Diagnostics, Severity, Spanned,
    definition::{Allow, Checks},
    scalar::Date,
};

/// Takes out the warnings that the definition allows, and reports the allowances that are of no use.
/// Without a day of today none has run out: what is written never depends on when it is.
pub(crate) fn allow(checks: &Checks, today: Option<Date>, diagnostics: &mut Diagnostics) {
    for (code, reason) in &checks.allow {
        one(checks, code, reason, today, diagnostics);
    }
    for code in checks.until.keys() {
        if checks.allow.contains_key(code.value.as_str()) {
            continue;
        }
        let names = checks.allow.keys().map(|it| it.value.as_str());
        let unused =
            Diagnostic::warning("unused-allow", format!("`{code}` has a last day, and is not allowed"))
                .at(code, "no entry of `allow` has this code");
        let unused = crate::meant(unused, code.span, code, names);
        diagnostics.push(unused.unwrap_or_else(|it| it.help("delete this line").fix_by_removing(code.span)));
    }
}

fn one(
    checks: &Checks,
    code: &Spanned<String>,
    reason: &Spanned<Allow>,
    today: Option<Date>,
    diagnostics: &mut Diagnostics,
) {
    let Some(check) = CHECKS.iter().find(|check| check.code == code.value) else {
        let codes = CHECKS.iter().map(|check| check.code);
        let unknown = Diagnostic::error("unknown-check", format!("there is no check `{code}`"))
            .at(code, "allowed here");
        let unknown = crate::meant(unknown, code.span, code, codes);
        diagnostics.push(unknown.unwrap_or_else(|it| it.help("`tombolo explain` lists them")));
        return;
    };
    if reason.reason.trim().is_empty() {
        diagnostics.push(
            Diagnostic::error("allow-without-reason", format!("`{code}` is allowed without a reason"))
                .at(reason, "say here why it is accepted"),
        );
    }
    let silenced = |it: &Diagnostic| it.code == check.code && it.severity == Severity::Warning;
    let error =
        diagnostics.iter().find(|it| it.code == check.code && !silenced(it)).map(|it| it.message.clone());
    if diagnostics.iter().any(silenced) {
        let until = checks.until.get(code.value.as_str());
        match until.filter(|until| today.is_some_and(|today| until.value < today)) {
            None => diagnostics.retain(|it| !silenced(it)),
            Some(until) => {
                for diagnostic in diagnostics.iter_mut().filter(|it| silenced(it)) {
                    *diagnostic = diagnostic
                        .clone()
                        .because(until, "it was allowed to this day")
                        .note(format!("the reason was: {}", reason.reason.trim()));
                }
            }
        }
    } else if let Some(error) = error {
        diagnostics.push(
            Diagnostic::warning(
                "unused-allow",
                format!("`{code}` is an error here, which cannot be allowed"),
            )
            .at(code, "has no effect")
            .note(error)
            .help("mend the error, and delete this line")
            .fix_by_removing(code.span),
        );
    } else {
        diagnostics.push(
            Diagnostic::warning("unused-allow", format!("`{code}` is allowed, and nothing reports it"))
                .at(code, "silences nothing")
                .help("delete this line")
                .fix_by_removing(code.span),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::{Options, compile_on, testing};
    use insta::assert_snapshot;
    use model::Scalar;

    /// What is said on a day of a definition that allows a warning.
    fn on(day: &str, until: &str) -> String {
        let definition = testing::edit(testing::SMALL, "owner: small-cluster", "owner: external-dns");
        let definition = testing::edit(&definition, "version: v1.13.9", "version: v1.14.2")
            + "checks:\n  allow: { record-ownership-unclear: the other one goes in May }\n"
            + until;
        let cluster = testing::cluster(&definition);
        let today = Some(model::scalar::Date::parse(day).expect("a day"));
        compile_on(&cluster, Options::default(), today).diagnostics.render(&cluster.sources, false)
    }

    #[test]
    fn the_last_day_and_the_next() {
        let until = "  until: { record-ownership-unclear: 2027-05-31 }\n";
        assert_snapshot!(on("2027-05-31", until), @"");
        assert_snapshot!(on("2027-06-01", until), @"
        warning[record-ownership-unclear]: the owner `external-dns` could be anybody's
           ┌─ cluster.yaml:53:25
           │
        53 │   externalDns: { owner: external-dns }
           │                         ^^^^^^^^^^^^
           │                  two writers of this name would delete each other's records
           ·
        70 │   until: { record-ownership-unclear: 2027-05-31 }
           │                                      ---------- it was allowed to this day
           │
           = the reason was: the other one goes in May
           = help: write `owner: small`, this cluster's name
        ");
        assert_snapshot!(on("2099-01-01", ""), @"");
    }

    #[test]
    fn a_last_day_of_nothing() {
        assert_snapshot!(on("2027-05-31", "  until: { record-ownership-uncler: 2027-05-31 }\n"), @"
        warning[unused-allow]: `record-ownership-uncler` has a last day, and is not
          allowed
           ┌─ cluster.yaml:70:12
           │
        70 │   until: { record-ownership-uncler: 2027-05-31 }
           │            ^^^^^^^^^^^^^^^^^^^^^^^ no entry of `allow` has this code
           │
           = help: did you mean `record-ownership-unclear`?
        ");
        assert_snapshot!(on("2027-05-31", "  until: { record-ownership-unclear: 2027-02-30 }\n"), @"
        error[invalid-value]: `2027-02-30` is no day
           ┌─ cluster.yaml:70:38
           │
        70 │   until: { record-ownership-unclear: 2027-02-30 }
           │                                      ^^^^^^^^^^
           │                                      expected something like `2027-03-31`
           │
           = help: write year, month and day, like `2027-03-31`
        ");
    }
}
