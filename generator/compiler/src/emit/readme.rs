//! The index of a tree: its nodes, what runs where, and how to take it into use.

use components::{Plan, Unit};
use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig};
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("README.md.j2");

pub(super) fn index(plan: &Plan, folders: &BTreeMap<&str, Vec<&Unit>>) -> String {
    let nodes: Vec<_> = plan
        .nodes()
        .map(|(name, node)| {
            let addresses: Vec<String> = node.addresses.iter().map(ToString::to_string).collect();
            context! {
                name => name.to_string(),
                role => node.role.to_string(),
                site => node.site.to_string(),
                addresses => addresses.join(", "),
            }
        })
        .collect();
    let units: Vec<_> = folders
        .values()
        .flatten()
        .map(|unit| {
            let hosts: Vec<String> = unit.routes.iter().map(|route| route.host.to_string()).collect();
            context! {
                name => unit.name.clone(),
                namespace => unit.namespace.clone(),
                folder => unit.adopted.as_ref().map_or_else(
                    || format!("apps/{}/{}", unit.namespace, unit.name),
                    |(path, repository)| format!("{path} in {repository}"),
                ),
                site => unit.site.clone().unwrap_or_else(|| "any".into()),
                hosts => hosts.join(", "),
                waits_for => unit.depends_on.join(", "),
                keeps_data => unit.holds_data,
            }
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are the usual ones"));
    environment
        .render_str(
            TEMPLATE,
            context! {
                cluster => plan.cluster,
                name => plan.definition.cluster.name.to_string(),
                phase => plan.phase.name(),
                path => plan.definition.cluster.flux.path.to_string(),
                site_label => plan.definition.site_label(),
                terraform_cilium => plan.definition.cni.cilium.managed_by.value
                    == model::definition::ManagedBy::Terraform,
                nodes,
                units,
            },
        )
        .expect("the template has every value it names")
}
