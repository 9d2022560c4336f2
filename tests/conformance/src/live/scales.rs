//! Scales: the same cluster with 200 nodes at five sites and 300 adopted apps.

use super::{State, documents, nodes, with_flux};
use crate::{fault::Fault, report::Report, trees};
use compiler::Cluster;
use model::Phase;
use std::{fmt::Write, time::Instant};

const NODES: usize = 200;
const APPS: usize = 300;
/// How long all of it may take.
const SECONDS: u64 = 1200;

pub(crate) fn run(cluster: &Cluster, report: &mut Report) -> Result<(), Fault> {
    let text = larger(cluster.sources.text(cluster.definition))?;
    let cluster = trees::with_definition(cluster, &text);
    let definition = documents(&text)?.remove(0);
    let start = Instant::now();
    let compiled = compiler::compile(&cluster, compiler::Options { phase: Some(Phase::Cleanup) });
    let rendered = start.elapsed();
    let files = compiled.tree.as_ref().map_or(0, |it| it.files().count());
    let (state, tree) = State::of_phase(&cluster, &definition, Phase::Cleanup)?;
    let (mut flux, _volumes) = with_flux(&definition, &state.objects)?;
    nodes::register(&mut flux.control, &definition, &tree)?;
    flux.push(&state)?;
    let settled = flux.settle(SECONDS)?;
    println!(
        "{NODES} nodes, {APPS} apps: {files} files rendered in {} ms, {} Kustomizations ready in {:.0} s",
        rendered.as_millis(),
        settled.order.len(),
        settled.took.as_secs_f64()
    );
    for program in ["kube-apiserver", "etcd", "kustomize-controller", "source-controller", "helm-controller"]
    {
        println!("   {program}: {} MB at most", flux.control.memory(program)? / 1000);
    }
    report.none(&format!("scales: {NODES} nodes and {APPS} apps become ready"), &settled.waiting);
    Ok(())
}

/// The definition with two more sites, more workers at each, and more apps: every tenth starts a chain of needs.
fn larger(text: &str) -> Result<String, Fault> {
    let after = |text: &str, key: &str, more: &str| {
        let line = format!("\n{key}:\n");
        let at = text.find(&line).map(|it| it + line.len());
        let at = at.ok_or_else(|| Fault::new(format!("the definition has no {key}")))?;
        Ok::<_, Fault>(format!("{}{more}{}", &text[..at], &text[at..]))
    };
    let mut sites = String::new();
    for (site, v4, v6) in [("east", "192.0.2.0/25", 4), ("west", "198.18.0.0/24", 5)] {
        let gateway = v4.replace(".0/25", ".1").replace(".0/24", ".1");
        write!(
            sites,
            "  {site}:\n    networks: [{v4}, \"2001:db8:{v6}::/64\"]\n    public: true\n    \
             topology: {{ region: {site}, zone: {site} }}\n    \
             machine: {{ platform: nocloud, gateways: [{gateway}, \"2001:db8:{v6}::1\"] }}\n"
        )
        .expect("writing to a string");
    }
    let places = [
        ("office", "198.51.100", 30, 24, 1),
        ("north", "203.0.113", 30, 25, 2),
        ("south", "203.0.113", 150, 25, 3),
        ("east", "192.0.2", 30, 25, 4),
        ("west", "198.18.0", 30, 24, 5),
    ];
    let nodes = (0..NODES - 6).fold(String::new(), |mut lines, i| {
        let (site, network, first, length, v6) = places[i % places.len()];
        let host = first + i / places.len();
        writeln!(
            lines,
            "  w{i:03}: {{ site: {site}, role: worker, \
             addresses: [{network}.{host}/{length}, \"2001:db8:{v6}::{host:x}/64\"] }}"
        )
        .expect("writing to a string");
        lines
    });
    let apps = (0..APPS).fold(String::new(), |mut lines, i| {
        let needs = if i % 10 == 0 { "cilium".into() } else { format!("app{:03}", i - 1) };
        let site = places[i % places.len()].0;
        writeln!(
            lines,
            "  app{i:03}: {{ path: ./apps/app{i:03}, namespace: app{i:03}, site: {site}, needs: [{needs}] }}"
        )
        .expect("writing to a string");
        lines
    });
    let text = after(text, "sites", &sites)?;
    let text = after(&text, "nodes", &nodes)?;
    after(&text, "apps", &apps)
}
