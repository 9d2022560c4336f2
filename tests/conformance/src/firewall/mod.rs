//! The firewall of each node that has one, as the kernel enforces it: who gets in, and who does not.
//!
//! The rules are read back from the configuration that Talos' own code made of our patch, put into nftables in a
//! network namespace, and packets are sent to it from every kind of place. What may come in stands in
//! `fixtures/firewall/`, written by hand from the definition; all other pairs of place and port must be shut out.
//!
//! Talos' controller that does this on a node cannot be had as a library: `ruleset` does as its documentation says.

mod namespace;
mod ruleset;

use crate::{
    engine,
    fault::Fault,
    report::Report,
    talos::{
        seen::Seen,
        validator::{Index, Validators},
    },
    trees::{Scope, Tree, with_definition},
};
use model::Phase;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::IpAddr,
};

pub(crate) use namespace::inside;

/// A file of `fixtures/firewall`: what is open on the nodes of a cluster that block, in some phases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The cluster, by its folder.
    cluster: String,
    /// Edits of its definition: what stands there once, and what it becomes.
    #[serde(default)]
    edits: Vec<(String, String)>,
    /// Places that packets come from.
    places: BTreeMap<String, Vec<IpAddr>>,
    /// The ports that every place tries, beside those that are open.
    ports: BTreeMap<String, Vec<u16>>,
    /// What is open, by phase and node.
    phases: BTreeMap<String, BTreeMap<String, Open>>,
}

/// What is open on one node.
#[derive(Debug, Deserialize)]
struct Open {
    addresses: Vec<IpAddr>,
    /// Places by port and protocol, `443/tcp`; `anywhere` is all of them.
    #[serde(flatten)]
    ports: BTreeMap<String, Vec<String>>,
}

pub(crate) fn run(scope: &Scope, report: &mut Report) -> Result<(), Fault> {
    let Scope::Whole(clusters) = scope else {
        println!("only the committed clusters have a table of what is open");
        return Ok(());
    };
    namespace::tools()?;
    let mut talos = Validators::new()?;
    println!("{:<20} {:<14} {:<14} {:>6} {:>6}", "table", "phase", "node", "open", "shut");
    for (title, table) in tables()? {
        let cluster = clusters.iter().map(|it| &it.cluster).find(|it| it.name == table.cluster);
        let cluster = cluster.ok_or_else(|| Fault::new(format!("{title}: there is no {}", table.cluster)))?;
        let mut text = cluster.sources.text(cluster.definition).to_owned();
        for (from, to) in &table.edits {
            if text.matches(from.as_str()).count() != 1 {
                return Err(Fault::new(format!("{title}: {from:?} is not there exactly once")));
            }
            text = text.replace(from, to);
        }
        let cluster = &with_definition(cluster, &text);
        for (phase, nodes) in &table.phases {
            let phase = Phase::ALL
                .into_iter()
                .find(|it| it.name() == phase)
                .ok_or_else(|| Fault::new(format!("{title}: `{phase}` is no phase")))?;
            let tree = Tree::render(cluster, phase, format!("{title}, {phase}"))?;
            let index = Index::of(&tree)?;
            let verdicts = talos.ask(&index.contract, &index.questions(&tree)?)?;
            let mut blocking = BTreeSet::new();
            for (member, verdict) in index.nodes.iter().zip(&verdicts) {
                let seen = Seen::read(&verdict.config).map_err(Fault::new)?;
                if seen.blocks() {
                    blocking.insert(member.name.clone());
                    if let Some(open) = nodes.get(&member.name) {
                        let flows = flows(&table, open)?;
                        let name = format!("{}: {}", tree.title, member.name);
                        let (through, shut) = ask(&name, &seen, open, &flows, report)?;
                        println!(
                            "{title:<20} {:<14} {:<14} {through:>6} {shut:>6}",
                            phase.name(),
                            member.name
                        );
                    }
                }
            }
            let named: BTreeSet<String> = nodes.keys().cloned().collect();
            // What is edited for a purpose names the nodes that show it.
            let same = if table.edits.is_empty() { named == blocking } else { named.is_subset(&blocking) };
            let why = || Err(format!("the table has {named:?}, and these block: {blocking:?}"));
            let found = if same { Ok(()) } else { why() };
            report.expect(&format!("{}: nodes that block", tree.title), found);
        }
    }
    broken(report)
}

/// The tables by their names, in order.
fn tables() -> Result<BTreeMap<String, Table>, Fault> {
    let folder = engine::suite().join("fixtures/firewall");
    let mut tables = BTreeMap::new();
    for entry in fs::read_dir(&folder).map_err(Fault::at(&folder))? {
        let path = entry.map_err(Fault::at(&folder))?.path();
        let text = fs::read_to_string(&path).map_err(Fault::at(&path))?;
        let table =
            serde_yaml::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", path.display())))?;
        tables.insert(path.file_stem().unwrap_or_default().display().to_string(), table);
    }
    Ok(tables)
}

/// A packet of a place to a port, and whether it comes in.
#[derive(Clone, Debug, serde::Serialize, Deserialize)]
pub(super) struct Flow {
    place: String,
    from: IpAddr,
    to: IpAddr,
    protocol: String,
    port: u16,
    open: bool,
}

/// Every pair of place and port, of the families that both ends have.
fn flows(table: &Table, open: &Open) -> Result<Vec<Flow>, Fault> {
    let mut allowed: BTreeSet<(String, u16, &str)> = BTreeSet::new();
    let mut ports: BTreeSet<(String, u16)> = BTreeSet::new();
    for (protocol, all) in &table.ports {
        ports.extend(all.iter().map(|port| (protocol.clone(), *port)));
    }
    for (port, places) in &open.ports {
        let parsed = port.split_once('/').and_then(|(port, it)| Some((it.to_owned(), port.parse().ok()?)));
        let (protocol, port): (String, u16) =
            parsed.ok_or_else(|| Fault::new(format!("`{port}` is no port and protocol, as 443/tcp is")))?;
        ports.insert((protocol.clone(), port));
        for place in places {
            if place == "anywhere" {
                allowed.extend(table.places.keys().map(|it| (protocol.clone(), port, it.as_str())));
            } else if let Some((place, _)) = table.places.get_key_value(place) {
                allowed.insert((protocol.clone(), port, place));
            } else {
                return Err(Fault::new(format!("`{place}` is no place of the table")));
            }
        }
    }
    let mut flows = Vec::new();
    for (place, sources) in &table.places {
        for from in sources.iter().filter(|it| !open.addresses.contains(it)) {
            for to in open.addresses.iter().filter(|it| it.is_ipv4() == from.is_ipv4()) {
                for (protocol, port) in &ports {
                    flows.push(Flow {
                        place: place.clone(),
                        from: *from,
                        to: *to,
                        protocol: protocol.clone(),
                        port: *port,
                        open: allowed.contains(&(protocol.clone(), *port, place)),
                    });
                }
            }
        }
    }
    Ok(flows)
}

/// Sends the packets, and counts what came through and what did not.
fn ask(
    name: &str,
    seen: &Seen,
    open: &Open,
    flows: &[Flow],
    report: &mut Report,
) -> Result<(usize, usize), Fault> {
    let rules = ruleset::text(&seen.rules());
    let outcomes = namespace::send("eth0", &open.addresses, &rules, flows)?;
    let (mut through, mut shut) = (0, 0);
    for (flow, outcome) in flows.iter().zip(outcomes) {
        let Flow { place, from, to, protocol, port, .. } = flow;
        let what = format!("{name}: {place} ({from}) to {port}/{protocol} of {to}");
        let found = match outcome {
            Ok(came) => {
                through += usize::from(came);
                shut += usize::from(!came);
                let words = |open| if open { "let in" } else { "shut out" };
                if came == flow.open {
                    Ok(())
                } else {
                    Err(format!("it should be {}, and is {}", words(flow.open), words(came)))
                }
            }
            Err(why) => Err(why),
        };
        report.expect(&what, found);
    }
    Ok((through, shut))
}

/// The test can fail: a rule too few, and one too many, are both noticed.
fn broken(report: &mut Report) -> Result<(), Fault> {
    let node: IpAddr = [198, 18, 0, 1].into();
    let flow = |port, open| Flow {
        place: "anywhere".into(),
        from: [198, 18, 9, 9].into(),
        to: node,
        protocol: "tcp".into(),
        port,
        open,
    };
    let seen = Seen::read(
        "kind: NetworkDefaultActionConfig\ningress: block\n---\nkind: NetworkRuleConfig\nname: web\n\
         portSelector: { ports: [80, 8000-8002], protocol: tcp }\ningress: [{ subnet: 198.18.9.0/24 }]\n",
    )
    .map_err(Fault::new)?;
    let flows = [flow(80, false), flow(8001, false), flow(443, true)];
    let rules = ruleset::text(&seen.rules());
    let outcomes = namespace::send("eth0", &[node], &rules, &flows)?;
    let found = if outcomes == [Ok(true), Ok(true), Ok(false)] {
        Ok(())
    } else {
        Err(format!("80 and 8001 are open and 443 is not, but: {outcomes:?}"))
    };
    report.expect("a rule too many and one too few are noticed", found);
    let outcomes = namespace::send("kubespan", &[node], &rules, &flows)?;
    let found =
        if outcomes == [Ok(true), Ok(true), Ok(true)] { Ok(()) } else { Err(format!("{outcomes:?}")) };
    report.expect("what comes over the mesh is let in", found);
    Ok(())
}
