//! `talos/**` of the tree: each node's whole patch, its boot image, and how to apply and upgrade them.
//!
//! [`facts`] says what is true of a node, [`contract`] which form each fact has, [`patch`] joins the two.
//! Nothing here is a secret: a patch goes onto a base that `talosctl` makes out of the cluster's own secrets.

pub mod contract;
mod document;
pub mod facts;
pub mod firewall;
pub mod image;
mod network;
mod patch;
pub mod reach;
mod readme;
pub mod release;
mod schematic;
pub mod upgrade;

use crate::Plan;
use facts::NodeFacts;
use serde::Serialize;
use tree::Object;

/// What a file below `talos/` holds.
#[derive(Debug)]
pub enum TalosContent {
    /// Documents of Talos, and the key of the definition that they come from.
    Documents { key: String, documents: Vec<Object> },
    /// Text as it is.
    Text(String),
}

/// The files below `talos/` in this phase, by path.
pub fn files(plan: &Plan) -> Vec<(String, TalosContent)> {
    let nodes = facts::all(plan);
    let forms = contract::forms(plan.definition.talos.contract());
    let mut files = Vec::new();
    for node in &nodes {
        let documents = patch::documents(plan.definition, node, forms);
        let key = format!("nodes.{}", node.name);
        files.push((format!("talos/nodes/{}.yaml", node.name), TalosContent::Documents { key, documents }));
        // As the Factory has it, to the byte: a header would give it another id.
        let schematic = TalosContent::Text(node.image.schematic.clone());
        files.push((format!("talos/schematics/{}.yaml", node.name), schematic));
        if let Some(network) = network::document(node) {
            files.push((network_path(node), TalosContent::Text(network)));
        }
    }
    files.push(("talos/nodes.json".into(), TalosContent::Text(index(plan, &nodes))));
    files.push(("talos/README.md".into(), TalosContent::Text(readme::readme(plan, &nodes))));
    if let Some(upgrade) = upgrade::upgrade(plan, &nodes) {
        files.push(("talos/UPGRADE.md".into(), TalosContent::Text(upgrade)));
    }
    files
}

fn network_path(node: &NodeFacts) -> String {
    format!("talos/network/{}.yaml", node.name)
}

/// What programs read: Nix for images, the conformance tests for modes.
fn index(plan: &Plan, nodes: &[NodeFacts]) -> String {
    #[derive(Serialize)]
    struct Index<'a> {
        cluster: &'a str,
        /// The phase of the migration that the whole tree is of.
        phase: &'static str,
        endpoint: String,
        kubernetes: String,
        contract: String,
        nodes: Vec<Entry<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry<'a> {
        name: &'a str,
        role: String,
        site: String,
        platform: String,
        mode: &'a str,
        architecture: String,
        version: String,
        schematic: &'a str,
        installer: String,
        image: String,
        disk: &'a str,
        public: bool,
        /// Kernel arguments in the order of the command line: the platform's, then the definition's own.
        platform_args: Vec<String>,
        kernel_args: Vec<String>,
        extensions: &'a [String],
        disk_format: &'a str,
        /// The file of its network, where META is to hold it.
        network: Option<String>,
    }
    let version = &plan.definition.talos.version;
    let index = Index {
        cluster: &plan.definition.cluster.name,
        phase: plan.phase.name(),
        endpoint: plan.definition.cluster.endpoint.to_string(),
        kubernetes: plan.definition.kubernetes.version.to_string(),
        contract: plan.definition.talos.contract().to_string(),
        nodes: nodes
            .iter()
            .map(|node| Entry {
                name: node.name,
                role: node.node.role.to_string(),
                site: node.node.site.to_string(),
                platform: node.image.platform.to_string(),
                mode: node.mode(),
                architecture: node.image.architecture.to_string(),
                version: version.to_string(),
                schematic: &node.image.id,
                installer: node.image.installer(version),
                image: node.image.url(version),
                disk: node.machine.disk(),
                public: node.site.public(),
                platform_args: node.image.platform_arguments(),
                kernel_args: node.machine.kernel_args.iter().map(ToString::to_string).collect(),
                extensions: &node.image.extensions,
                disk_format: node.image.disk_format(),
                network: network::document(node).map(|_| network_path(node)),
            })
            .collect(),
    };
    serde_json::to_string_pretty(&index).expect("the index is plain data") + "\n"
}
