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
    assert_snapshot!(table, @"
     1 error   annotation-prefix-ignored
     1 error   announcer-off-its-segment
     1 error   dangling-address
     1 error   direct-routes-across-sites
     2 error   host-still-serving
     1 error   ingress-controller-retired
     1 error   kubespan-with-native-routing
     1 error   kubespan-without-discovery
     1 error   node-ip-outside-subnets
     3 error   object-owned-twice
     3 error   phase-out-of-order
     1 error   plaintext-secret
     1 error   pod-networks-advertised-with-foreign-ipam
     1 error   storage-not-at-site
     1 warning api-host-unreachable-from-site
     1 warning cutover-before-ttl
     1 warning document-unknown-to-contract
     1 warning driver-off-its-site
     1 warning exclusive-volume-rolling-update
     1 warning flux-root-twice
     2 warning ingress-controller-retired
     2 warning issuer-misnamed
     2 warning node-port-bypasses-firewall
     1 warning object-owned-twice
    17 warning order-missing
     1 warning readiness-deadlock
    15 warning readiness-not-awaited
     3 warning record-ownership-unclear
     3 warning removed-api
     1 warning self-check-sees-private-dns
     1 warning transfers-without-notify
     1 warning unencrypted-fallback
     4 warning unpinned-image
     1 warning unsigned-transfers
     1 warning unsupported-powerdns
    ");
}

#[test]
fn all_of_it_was_read() {
    let adopted = cluster().adopted;
    assert_eq!(adopted.gaps, []);
    let steps = adopted.objects.iter().filter(|it| it.is_flux_kustomization() && it.name != "flux-system");
    // Three of the 46 are listed by no kustomization.yaml, so Flux does not know them.
    assert_eq!(steps.count(), 43);
}
