//! One certificate, or one Gateway, would have more names than it can.
//!
//! Let's Encrypt puts at most 100 names on a certificate, and a Gateway has at most 64 listeners, one of which
//! is for HTTP.
//! The ingress shows one certificate for every host that brings none of its own, so this grows with the hosts.
//!
//! Fix: `wildcard: true`, with which two names stand for all hosts of a zone.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   gitea: { hosts: ["h{1..101}.example.org"] }   # h1 to h101
//! ```
//!
//! Right:
//!
//! ```yaml
//! certificates: { wildcard: true }
//! apps:
//!   gitea: { hosts: ["h{1..101}.example.org"] }
//! ```
//!
//! Source: https://letsencrypt.org/docs/rate-limits/; the field `listeners` of the Gateway API

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::Controller};

super::check!("too-many-names", Certificates, "too_many_names.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let (Some(ingress), Some(certificates)) = (&plan.definition.ingress, &plan.definition.certificates)
    else {
        return;
    };
    let names = components::certificate_names(plan.definition, plan.phase).len();
    let gateway = ingress.controller.value == Controller::CiliumGateway;
    let (most, what) = if gateway { (63, "a Gateway takes") } else { (100, "one certificate has") };
    if names > most {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("the ingress serves more names than {what}: {most}"))
                .at(&certificates.environment, "each host is a name of its own")
                .help("write `wildcard: true` under `certificates`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn hosts(wildcard: &str) -> String {
        let hosts: Vec<String> = (0..101).map(|i| format!("h{i}.example.org")).collect();
        let definition = edit(SMALL, "hosts: [git.example.org]", &format!("hosts: [{}]", hosts.join(", ")));
        edit(&definition, "  environment: staging", &format!("  environment: staging{wildcard}"))
    }

    #[test]
    fn a_hundred_hosts_and_one() {
        assert_snapshot!(report("too-many-names", &hosts("")), @"
        error[too-many-names]: the ingress serves more names than one certificate has:
          100
           ┌─ cluster.yaml:62:16
           │
        62 │   environment: staging
           │                ^^^^^^^ each host is a name of its own
           │
           = in the phases `dns` to `cleanup`
           = help: write `wildcard: true` under `certificates`
        ");
    }

    #[test]
    fn a_wildcard_stands_for_them() {
        assert_snapshot!(report("too-many-names", &hosts("\n  wildcard: true")), @"");
    }
}
