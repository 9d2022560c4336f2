//! How long compiling takes, and how it grows: `cargo bench -p tombolo`.
//!
//! The clusters are made up: N workers at home beside the smallest cluster, and M apps that need its ingress.

use compiler::{Options, testing};
use std::fmt::Write;

fn main() {
    divan::main();
}

/// The smallest cluster with more nodes and apps.
fn definition(nodes: usize, apps: usize) -> String {
    let mut more = String::new();
    for node in 1..nodes {
        let (high, low) = (node / 250 + 10, node % 250 + 1);
        writeln!(more, "  worker{node}: {{ site: home, role: worker, addresses: [10.2.{high}.{low}/16] }}")
            .expect("text");
    }
    let with_nodes = testing::edit(testing::SMALL, "addresses:\n", &format!("{more}addresses:\n"));
    // A certificate has at most a hundred names: with a wildcard the apps need none of their own.
    let mut out = testing::edit(
        &with_nodes,
        "  solver: powerdns-webhook\n",
        "  solver: powerdns-webhook\n  wildcard: true\n",
    );
    for app in 0..apps {
        writeln!(
            out,
            "  app{app}: {{ path: ./k8s/app{app}, namespace: app{app}, site: home, needs: [ingress, certificates], hosts: [app{app}.example.org] }}"
        )
        .expect("text");
    }
    out
}

fn compile(definition: &str) -> usize {
    let cluster = testing::cluster(definition);
    let compiled = compiler::compile(&cluster, Options::default());
    let tree =
        compiled.tree.unwrap_or_else(|| panic!("{}", compiled.diagnostics.render(&cluster.sources, false)));
    tree.files().map(|(_, bytes)| bytes.len()).sum()
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn nodes(bencher: divan::Bencher, nodes: usize) {
    let definition = definition(nodes, 0);
    bencher.bench_local(|| compile(&definition));
}

/// Each app is a Kustomization, a folder and a row of the index.
#[divan::bench(args = [10, 100, 1000, 5000])]
fn apps(bencher: divan::Bencher, apps: usize) {
    let definition = definition(1, apps);
    bencher.bench_local(|| compile(&definition));
}

#[divan::bench]
fn the_users_cluster(bencher: divan::Bencher) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cluster = compiler::load::load(&root, &root.join("clusters/agentydragon")).expect("it loads");
    bencher.bench_local(|| compiler::compile(&cluster, Options::default()));
}

/// All checks in all phases, without reading and writing: nodes and apps.
#[divan::bench(args = [(10, 20), (100, 200), (1000, 2000), (2000, 4000)])]
fn checks(bencher: divan::Bencher, (nodes, apps): (usize, usize)) {
    let cluster = testing::cluster(&definition(nodes, apps));
    let definition = testing::definition(&cluster).expect("it is read");
    bencher.bench_local(|| testing::checks(&definition, &cluster));
}

#[divan::bench]
fn checks_of_the_users_cluster(bencher: divan::Bencher) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cluster = compiler::load::load(&root, &root.join("clusters/agentydragon")).expect("it loads");
    let definition = testing::definition(&cluster).expect("it is read");
    bencher.bench_local(|| testing::checks(&definition, &cluster));
}
