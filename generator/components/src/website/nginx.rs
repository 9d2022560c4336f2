//! nginx's configuration.

use super::{PORT, content::Content};
use crate::Plan;
use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig};
use model::{
    Phase,
    definition::{AcmeEnvironment, Website},
};

/// Where the content is mounted.
pub const ROOT: &str = "/srv/website";

const TEMPLATE: &str = include_str!("nginx.conf.j2");

pub fn configuration(plan: &Plan, website: &Website, content: &[Content]) -> String {
    let subnets = &plan.definition.kubernetes.pod_subnets;
    let aliases: Vec<String> = website.aliases.iter().map(ToString::to_string).collect();
    // Browsers keep the promise of HTTPS for a year: it is given once everything stands, with a certificate that
    // they trust.
    let trusted = plan
        .definition
        .certificates
        .as_ref()
        .is_some_and(|it| it.environment.value == AcmeEnvironment::Production);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are minijinja's own"));
    environment
        .render_str(
            TEMPLATE,
            context! {
                host => website.host.to_string(),
                aliases => aliases,
                scheme => if plan.definition.certificates.is_some() { "https" } else { "http" },
                port => PORT,
                root => ROOT,
                ipv6 => subnets.iter().any(|subnet| subnet.0.addr().is_ipv6()),
                pods => subnets.iter().map(ToString::to_string).collect::<Vec<_>>(),
                not_found => content.iter().any(|it| it.path == "404.html"),
                hsts => trusted && plan.phase == Phase::Cleanup,
            },
        )
        .expect("the template has every value it names")
}
