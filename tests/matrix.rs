//! Every combination of mesh, routing, pools, Talos and masquerading: the verdict is that of the sources, in `matrix.yaml`.

use compiler::testing::{SMALL, diagnostics, edit};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    sources: BTreeMap<String, String>,
    rows: Vec<Row>,
}

/// Mesh, routing, pools, Talos, masquerading; the codes that are reported, and the sources that say so.
#[derive(Debug, Deserialize)]
struct Row(String, String, String, String, String, BTreeSet<String>, Vec<String>);

fn definition(Row(mesh, routing, ipam, talos, masquerade, ..): &Row) -> String {
    let contract = talos.rsplit_once('.').map_or(talos.as_str(), |(minor, _)| minor);
    let text = edit(
        SMALL,
        "version: v1.13.9\n  contract: v1.13",
        &format!("version: {talos}\n  contract: {contract}"),
    );
    // One that each of these versions of Talos runs.
    let text = edit(&text, "version: v1.36.3", "version: v1.34.2");
    // An endpoint that every node reaches, whatever the mesh is.
    let text = edit(&text, "endpoint: https://10.2.3.1:6443", "endpoint: https://192.0.1.80:6443");
    let text = match mesh.as_str() {
        "none" => edit(&text, "mesh:\n  kubespan: {}\n", ""),
        "kubespan" => text,
        mesh => {
            let announces = mesh == "announcing";
            edit(&text, "kubespan: {}", &format!("kubespan: {{ advertiseKubernetesNetworks: {announces} }}"))
        }
    };
    let masquerade = match masquerade.as_str() {
        "bpf-past-host" => "bpf, hostLegacyRouting: false",
        other => other,
    };
    edit(&text, "routing: tunnel", &format!("routing: {routing}, ipam: {ipam}, masquerade: {masquerade}"))
}

#[test]
fn each_combination_has_the_verdict_of_its_source() {
    let matrix: Matrix = serde_yaml::from_str(include_str!("matrix.yaml")).expect("a table");
    let mut failures = String::new();
    let mut seen = BTreeSet::new();
    for row in &matrix.rows {
        let Row(mesh, routing, ipam, talos, masquerade, wanted, sources) = row;
        let name = [mesh, routing, ipam, talos, masquerade].map(String::as_str).join(" ");
        assert!(!sources.is_empty(), "{name} has no source");
        for source in sources {
            assert!(matrix.sources.contains_key(source), "{name}: {source} is no source");
        }
        assert!(seen.insert(name.clone()), "{name} is there twice");
        let (cluster, mut found) = diagnostics(&definition(row));
        found.retain(|it| it.code != "document-unknown-to-contract");
        let codes: BTreeSet<String> = found.iter().map(|it| it.code.to_owned()).collect();
        if codes != *wanted {
            let report = found.render(&cluster.sources, false);
            let _ = writeln!(failures, "{name}: gives {codes:?} for {wanted:?}\n{report}");
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(seen.len() >= 200, "{} combinations", seen.len());
}
