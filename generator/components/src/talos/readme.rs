//! `talos/README.md`: how to apply the patches, and what the network between the nodes looks like.

use super::{
    facts::{DiscoveryFact, NodeFacts, port_text, tailscale},
    firewall::Rule,
    image, network,
    patch::DISCOVERY,
    reach::{self, Group},
};
use crate::Plan;
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};
use model::{Phase, definition::FirewallDefault};
use std::{collections::BTreeMap, net::IpAddr};

/// One rule for all texts of this folder: a value that is missing is a fault of the template.
pub(super) fn render(template: &str, values: Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are the usual ones"));
    let text = environment.render_str(template, values).expect("the template has every value it names");
    text.trim_end().to_owned() + "\n"
}

pub(super) fn readme(plan: &Plan, nodes: &[NodeFacts]) -> String {
    let definition = plan.definition;
    let version = &definition.talos.version;
    // The node that the examples speak of: one that has yet to join, or else the first.
    let joining: Vec<&NodeFacts> = nodes.iter().filter(|it| it.site.public()).collect();
    let Some(example) = joining.first().copied().or(nodes.first()) else { return String::new() };
    let discovery = match &example.discovery {
        DiscoveryFact::On { endpoint: Some(endpoint), .. } if endpoint != DISCOVERY => {
            format!("the discovery service at {endpoint}")
        }
        _ => "discovery.talos.dev, a service of Sidero Labs".into(),
    };
    render(
        include_str!("README.md.j2"),
        context! {
            cluster => definition.cluster.name.to_string(),
            endpoint => definition.cluster.endpoint.to_string(),
            phase => plan.phase.name(),
            contract => definition.talos.contract().to_string(),
            version => version.to_string(),
            kubernetes => definition.kubernetes.version.to_string(),
            kubernetes_plain => definition.kubernetes.version.0.to_string(),
            nodes => nodes.iter().map(row).collect::<Vec<_>>(),
            images => images(plan, nodes),
            folder => plan.cluster,
            public => joining.first().map(|it| it.name),
            networks => nodes.iter().any(|it| network::document(it).is_some()),
            example => context! {
                name => example.name,
                role => example.node.role.to_string(),
                mode => example.mode(),
                contact => contact(example).map_or_else(String::new, |ip| ip.to_string()),
            },
            joining => if plan.phase < Phase::Node { String::new() } else { names(&joining) },
            kubespan => plan.kubespan(),
            mtu => plan.kubespan_mtu(),
            tailscale => tailscale(plan),
            discovery,
            pairs => pairs(plan),
            firewalls => firewalls(nodes),
            sysctls => sysctls(nodes),
        },
    )
}

/// The address that a person names a node by on the command line.
fn contact(facts: &NodeFacts) -> Option<IpAddr> {
    let public = if facts.site.public() { reach::announced(facts.node, facts.site) } else { Vec::new() };
    public.first().copied().or(facts.node.address())
}

fn names(nodes: &[&NodeFacts]) -> String {
    nodes.iter().map(|it| it.name).collect::<Vec<_>>().join(", ")
}

fn row(node: &NodeFacts) -> Value {
    let mut addresses: Vec<String> = node.node.addresses.iter().map(ToString::to_string).collect();
    addresses.extend(node.node.public_address.iter().map(|ip| format!("{ip} outside")));
    addresses.extend(node.vips.iter().map(|ip| format!("{ip} shared")));
    context! {
        name => node.name,
        role => node.node.role.to_string(),
        site => node.node.site.to_string(),
        addresses => addresses.join(", "),
        platform => node.image.platform.to_string(),
        architecture => node.image.architecture.to_string(),
        user_data => image::user_data(node.image.platform),
    }
}

fn images(plan: &Plan, nodes: &[NodeFacts]) -> Vec<Value> {
    let version = &plan.definition.talos.version;
    let mut images: BTreeMap<String, Vec<&NodeFacts>> = BTreeMap::new();
    for node in nodes {
        images.entry(node.image.url(version)).or_default().push(node);
    }
    let row = |(url, nodes): (String, Vec<&NodeFacts>)| {
        context! {
            id => nodes[0].image.id.clone(),
            first => nodes[0].name,
            nodes => names(&nodes),
            installer => nodes[0].image.installer(version),
            url,
        }
    };
    images.into_iter().map(row).collect()
}

/// Every ordered pair of groups, and each group with itself where it has two nodes.
fn pairs(plan: &Plan) -> Vec<Value> {
    let groups = reach::groups(plan);
    let mut rows = Vec::new();
    for from in &groups {
        for to in &groups {
            let same = std::ptr::eq(from, to);
            if same && to.nodes.len() < 2 {
                continue;
            }
            let target = if same { to.nodes[1].1 } else { to.first() };
            rows.push(context! {
                from => if same { format!("each of {}", from.title()) } else { from.title() },
                to => if same { "each other".to_owned() } else { to.title() },
                way => way_text(plan, from, target, if same { from.nodes.len() } else { to.nodes.len() }),
            });
        }
    }
    rows
}

fn way_text(plan: &Plan, from: &Group, to: &model::definition::Node, many: usize) -> String {
    match reach::way(plan, from.first(), to) {
        Some(way) if many == 1 => way.to_string(),
        Some(reach::Way::Shared(_)) => "at their own addresses, on the same network".into(),
        Some(reach::Way::Routed(_)) => "at their own addresses, routed".into(),
        Some(reach::Way::Internet(_)) => "at their public addresses, over the internet".into(),
        None if plan.site_of(to).is_some_and(model::definition::Site::nat) => "none: behind NAT".into(),
        None => "none".into(),
    }
}

/// Nodes with equal rules share a table.
fn firewalls(nodes: &[NodeFacts]) -> Vec<Value> {
    let mut tables: Vec<(&[Rule], Vec<&NodeFacts>)> = Vec::new();
    for node in nodes {
        let Some(rules) = &node.firewall else { continue };
        let alike = |known: &[Rule], nodes: &[&NodeFacts]| {
            known == rules.as_slice() && nodes[0].site.firewall() == node.site.firewall()
        };
        match tables.iter_mut().find(|(known, nodes)| alike(known, nodes)) {
            Some((_, nodes)) => nodes.push(node),
            None => tables.push((rules, vec![node])),
        }
    }
    let rule = |rule: &Rule| {
        let sources: Vec<String> = rule.sources.iter().map(ToString::to_string).collect();
        context! {
            name => rule.name.clone(),
            ports => port_text(&rule.ports, rule.protocol),
            sources => sources.join(", "),
        }
    };
    tables
        .into_iter()
        .map(|(rules, nodes)| {
            let provider = nodes[0].site.firewall() == FirewallDefault::Provider;
            context! { nodes => names(&nodes), provider, rules => rules.iter().map(rule).collect::<Vec<_>>() }
        })
        .collect()
}

fn sysctls(nodes: &[NodeFacts]) -> Vec<Value> {
    let mut rows: BTreeMap<(&str, &str), Vec<&NodeFacts>> = BTreeMap::new();
    for node in nodes {
        for (key, value) in &node.sysctls {
            rows.entry((key, value)).or_default().push(node);
        }
    }
    rows.into_iter().map(|((key, value), nodes)| context! { nodes => names(&nodes), key, value }).collect()
}
