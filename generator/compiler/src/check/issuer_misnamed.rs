//! An issuer is called what it is not.
//!
//! Whoever reads `letsencrypt-prod` believes that browsers trust its certificates.
//! When it asks the staging side they do not, and nobody finds out before a browser does.
//! A further name that is the name of one of our two issuers would be one object with two contents.
//!
//! Fix: go on to `environment: production`, or take the further name out.
//!
//! Wrong:
//!
//! ```yaml
//! certificates: { environment: staging, issuerAliases: [old-prod] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! certificates: { environment: production, issuerAliases: [old-prod] }
//! ```
//!
//! Source: https://letsencrypt.org/docs/staging-environment/

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::AcmeEnvironment};

super::check!("issuer-misnamed", Certificates, "issuer_misnamed.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(certificates) = &plan.definition.certificates else { return };
    let environment = &certificates.environment;
    for alias in &certificates.issuer_aliases {
        let own = [AcmeEnvironment::Staging, AcmeEnvironment::Production].map(AcmeEnvironment::issuer);
        if own.contains(&&***alias) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{alias}` is there already"))
                    .at(alias, "this is one of our two issuers")
                    .help("take it out"),
            );
            continue;
        }
        let (says, asks) = match environment.value {
            AcmeEnvironment::Staging => ("prod", "staging"),
            AcmeEnvironment::Production => ("stag", "production"),
        };
        if alias.contains(says) {
            diagnostics.push(
                Diagnostic::warning(CHECK.code, format!("`{alias}` asks Let's Encrypt's {asks} side"))
                    .at(alias, "the name says otherwise")
                    .because(environment, "this side signs")
                    .help(match environment.value {
                        AcmeEnvironment::Staging => {
                            "write `environment: production` once all certificates are ready"
                        }
                        AcmeEnvironment::Production => "take the name out, or write `environment: staging`",
                    }),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn prod_asks_staging() {
        let definition = edit(
            SMALL,
            "  environment: staging",
            "  environment: staging\n  issuerAliases: [letsencrypt-prod]",
        );
        assert_snapshot!(report("issuer-misnamed", &definition), @"
        warning[issuer-misnamed]: `letsencrypt-prod` asks Let's Encrypt's staging side
           ┌─ cluster.yaml:63:19
           │
        62 │   environment: staging
           │                ------- this side signs
        63 │   issuerAliases: [letsencrypt-prod]
           │                   ^^^^^^^^^^^^^^^^ the name says otherwise
           │
           = help: write `environment: production` once all certificates are ready
        ");
    }

    #[test]
    fn a_further_name_that_says_nothing_of_the_side() {
        let definition =
            edit(SMALL, "  environment: staging", "  environment: staging\n  issuerAliases: [acme]");
        assert_snapshot!(report("issuer-misnamed", &definition), @"");
    }
}
