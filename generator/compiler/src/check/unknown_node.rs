//! A node is named that is not there, or that stands at another site.
//!
//! The primary of PowerDNS keeps its records on one node. Where that node is not found, no server is placed, and no
//! name server answers at the address that the world has been told.
//!
//! Fix: name a node of the primary's site, or leave `node` out: the first by name is taken then.
//!
//! Wrong:
//!
//! ```yaml
//! nodes:
//!   vps0: { site: vps }
//! dns:
//!   powerdns: { site: vps, node: vps1 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nodes:
//!   vps0: { site: vps }
//! dns:
//!   powerdns: { site: vps, node: vps0 }
//! ```
//!
//! Source: the schema of a definition, clusters/cluster.schema.json

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("unknown-node", Placement, "unknown_node.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let definition = plan.definition;
    let Some(powerdns) = definition.dns.as_ref().map(|dns| &dns.powerdns) else { return };
    let Some(stated) = &powerdns.node else { return };
    let here =
        || definition.nodes.iter().filter(|(_, node)| node.site == powerdns.site).map(|(name, _)| &***name);
    match definition.nodes.get_key_value(&***stated) {
        Some((_, node)) if node.site == powerdns.site => {}
        Some((name, node)) => diagnostics.push(
            Diagnostic::error(
                CHECK.code,
                format!("`{stated}` is not at `{}`, where PowerDNS is", powerdns.site),
            )
            .at(stated, "a node of another site")
            .because(&node.site, format!("where `{name}` stands"))
            .because(&powerdns.site, "where PowerDNS is")
            .help(format!("name a node of `{}`, or leave `node` out", powerdns.site)),
        ),
        None => {
            let diagnostic = Diagnostic::error(CHECK.code, format!("there is no node `{stated}`"))
                .at(stated, "nothing has this name");
            diagnostics.push(
                crate::meant(diagnostic, stated.span, stated, here()).unwrap_or_else(|it| {
                    it.help("leave `node` out: the first node of the site is taken then")
                }),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn on(node: &str) -> String {
        let to = format!("    site: vps\n    node: {node}\n    apiKey");
        report("unknown-node", &edit(SMALL, "    site: vps\n    apiKey", &to))
    }

    #[test]
    fn a_slip_of_the_pen() {
        assert_snapshot!(on("vsp0"), @"
        error[unknown-node]: there is no node `vsp0`
           ┌─ cluster.yaml:49:11
           │
        49 │     node: vsp0
           │           ^^^^ nothing has this name
           │
           = help: did you mean `vps0`?
        ");
    }

    #[test]
    fn a_node_of_another_site() {
        assert_snapshot!(on("worker0"), @"
        error[unknown-node]: `worker0` is not at `vps`, where PowerDNS is
           ┌─ cluster.yaml:49:11
           │
        26 │   worker0: { site: home, role: worker, addresses: [10.2.2.1/16] }
           │                    ---- where `worker0` stands
           ·
        48 │     site: vps
           │           --- where PowerDNS is
        49 │     node: worker0
           │           ^^^^^^^ a node of another site
           │
           = help: name a node of `vps`, or leave `node` out
        ");
    }

    #[test]
    fn a_node_of_the_site() {
        assert_snapshot!(on("vps0"), @"");
    }
}
