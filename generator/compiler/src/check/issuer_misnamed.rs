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
    manifests(plan, diagnostics);
    let Some(certificates) = &plan.definition.certificates else { return };
    let environment = &certificates.environment;
    for (at, alias) in certificates.issuer_aliases.iter().enumerate() {
        if let Some(first) = certificates.issuer_aliases[..at].iter().find(|it| *it == alias) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{alias}` is there twice"))
                    .at(alias, "again here")
                    .because(first, "first here")
                    .help("take one out"),
            );
            continue;
        }
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

/// Issuers that the repository holds.
fn manifests(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (_, object) in plan.adopted.in_phase(plan).filter(|(_, it)| it.group() == "cert-manager.io") {
        let Some(server) = object.node.at("spec.acme.server") else { continue };
        let staging = server.str().is_some_and(|it| it.contains("staging"));
        if staging && object.name.contains("prod") {
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    format!(
                        "{} asks the staging server, whose certificates no browser takes",
                        object.title()
                    ),
                )
                .at_span(server.span, "for trying out")
                .because_span(object.span(), "says otherwise")
                .help(
                    "write `https://acme-v02.api.letsencrypt.org/directory`, with an account key of its own",
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report, report_of};
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
    fn a_further_name_twice() {
        let definition =
            edit(SMALL, "  environment: staging", "  environment: staging\n  issuerAliases: [acme, acme]");
        assert_snapshot!(report("issuer-misnamed", &definition), @"
        error[issuer-misnamed]: `acme` is there twice
           ┌─ cluster.yaml:63:25
           │
        63 │   issuerAliases: [acme, acme]
           │                   ----  ^^^^ again here
           │                   │
           │                   first here
           │
           = help: take one out
        ");
    }

    #[test]
    fn a_further_name_that_says_nothing_of_the_side() {
        let definition =
            edit(SMALL, "  environment: staging", "  environment: staging\n  issuerAliases: [acme]");
        assert_snapshot!(report("issuer-misnamed", &definition), @"");
    }

    #[test]
    fn an_issuer_of_the_repository_that_says_otherwise() {
        let text = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata:\n  name: letsencrypt-prod\nspec:\n  acme:\n    server: https://acme-staging-v02.api.letsencrypt.org/directory\n";
        assert_snapshot!(report_of("issuer-misnamed", SMALL, &[("k8s/gitea/issuer.yaml", text)]), @"
        warning[issuer-misnamed]: ClusterIssuer `letsencrypt-prod` asks the staging
          server, whose certificates no browser takes
          ┌─ k8s/gitea/issuer.yaml:7:13
          │
        4 │   name: letsencrypt-prod
          │         ---------------- says otherwise
          ·
        7 │     server: https://acme-staging-v02.api.letsencrypt.org/directory
          │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          │             for trying out
          │
          = in the phases `dns` to `cleanup`
          = help: write `https://acme-v02.api.letsencrypt.org/directory`, with an
            account key of its own
        ");
    }
}
