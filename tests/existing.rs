//! A repository as people have them: 46 Flux Kustomizations, Cilium by Terraform, and a plan to add a VPS.

use compiler::{Cluster, Options, load};
use insta::assert_snapshot;
use std::{collections::BTreeMap, fmt::Write, path::Path};

fn cluster() -> Cluster {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/existing");
    load::load(&root, &root.join("clusters/home")).expect("the fixture loads")
}

#[test]
fn what_check_says_of_it() {
    let cluster = cluster();
    let said = compiler::compile(&cluster, Options::default()).diagnostics;
    assert_snapshot!("existing", said.render(&cluster.sources, false));
}

#[test]
fn how_often_each_check_fires() {
    let cluster = cluster();
    let said = compiler::compile(&cluster, Options::default()).diagnostics;
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for it in said.iter() {
        *counts.entry((it.severity.to_string(), it.code)).or_default() += 1;
    }
    let mut table = String::new();
    for ((severity, code), count) in counts {
        writeln!(table, "{count:>3} {severity:<7} {code}").expect("a string takes all");
    }
    assert_snapshot!(table, @"");
}

#[test]
fn all_of_it_was_read() {
    let adopted = cluster().adopted;
    assert_eq!(adopted.gaps, []);
    let steps = adopted.objects.iter().filter(|it| it.is_flux_kustomization() && it.name != "flux-system");
    // Three of the 46 are listed by no kustomization.yaml, so Flux does not know them.
    assert_eq!(steps.count(), 43);
}
