//! The certificate that the ingress shows where a host brings none of its own.

use crate::{Component, Context, Declaration, File, Plan, Unit, hosts, route};
use model::Phase;

pub const COMPONENT: Component = Component { declare, emit };

/// Its name, that of its Secret, and what it provides.
const NAME: &str = "default-certificate";

fn declare(context: &Context) -> Vec<Declaration> {
    let definition = context.definition;
    let (Some(ingress), Some(since)) = (&definition.ingress, definition.certificates_since()) else {
        return Vec::new();
    };
    if definition.dns.is_none() || hosts::certificate_names(definition, context.phase).is_empty() {
        return Vec::new();
    }
    let since: Phase = since.max(ingress.since());
    let mut unit = Declaration::new(NAME, "ingress", "certificates").since(since).needs("issuers");
    unit.pod_security = None;
    vec![unit]
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let names = hosts::certificate_names(plan.definition, plan.phase);
    route::certificate(plan, unit, NAME, NAME, names).into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    fn names(definition: &str) -> String {
        let certificate =
            file(definition, Phase::Cleanup, "apps/ingress/default-certificate/app/certificate.yaml");
        let (_, names) = certificate.split_once("dnsNames:\n").expect("a certificate has names");
        names.lines().take_while(|line| line.starts_with("    -")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_served_host() {
        assert_snapshot!(names(SMALL), @"
        - git.example.org
        - www.example.org
        ");
    }

    #[test]
    fn a_wildcard_and_what_it_does_not_cover() {
        let definition = edit(SMALL, "hosts: [git.example.org]", "hosts: [git.example.org, a.b.example.org]");
        let definition =
            edit(&definition, "  environment: staging", "  environment: staging\n  wildcard: true");
        assert_snapshot!(names(&definition), @r#"
        - "*.example.org"
        - a.b.example.org
        - example.org
        "#);
    }
}
