//! A repository as people have them: 46 Flux Kustomizations, Cilium by Terraform, and a plan to add a VPS.

use compiler::{Cluster, Options, load};
use insta::assert_snapshot;
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

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
    let names: BTreeSet<&str> = adopted
        .objects
        .iter()
        .filter(|it| it.is_flux_kustomization() && it.name != "flux-system")
        .map(|it| it.name.as_str())
        .collect();
    // Three of the 46 are listed by no kustomization.yaml, so Flux does not know them.
    assert_eq!(names.len(), 43);
}

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_that_nobody_means_well_with_are_told_and_do_not_end_the_run() {
    let folder = Folder(env::temp_dir().join(format!("tombolo-existing-{}", std::process::id())));
    let root = &folder.0;
    let app = root.join("k8s/gitea");
    fs::create_dir_all(root.join("clusters/home")).expect("a folder");
    fs::create_dir_all(&app).expect("a folder");
    let definition = include_str!("fixtures/small/cluster.yaml");
    let website = root.join("clusters/home/website");
    fs::create_dir_all(&website).expect("a folder");
    fs::write(website.join("index.html"), "<p>A page.").expect("written");
    fs::write(root.join("clusters/home/cluster.yaml"), definition).expect("written");
    let list = "resources: [round, huge.yaml, bytes.yaml, template.yaml, secret.yaml, ../../../etc, missing.yaml, folder]\n";
    fs::write(app.join("kustomization.yaml"), list).expect("written");
    symlink(&app, app.join("round")).expect("a link");
    fs::write(app.join("huge.yaml"), vec![b'#'; 5 << 20]).expect("written");
    fs::write(app.join("bytes.yaml"), b"kind: \xff\n").expect("written");
    fs::write(app.join("template.yaml"), "kind: A\n{{- if .Values.on }}\na: b\n{{- end }}\n")
        .expect("written");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { key: 'ENC[AES256_GCM,data:x]' }\nsops: { mac: x }\n";
    fs::write(app.join("secret.yaml"), secret).expect("written");
    fs::create_dir(app.join("folder")).expect("a folder");
    fs::write(app.join("folder/kustomization.yaml"), "resources: [../folder]\n").expect("written");
    let cluster = load::load(root, &root.join("clusters/home")).expect("it loads all the same");
    let mut said = compiler::compile(&cluster, Options::default()).diagnostics;
    said.retain(|it| {
        matches!(
            it.code,
            "path-not-found" | "unreadable-manifest" | "plaintext-secret" | "resource-before-definition"
        )
    });
    let lines: Vec<String> =
        said.iter().map(|it| format!("{}[{}]: {}", it.severity, it.code, it.message)).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    error[path-not-found]: `k8s/gitea/round` is, or lies behind, a symbolic link
    warning[unreadable-manifest]: `k8s/gitea/huge.yaml` is larger than 4 MiB, the most that is read of one file
    error[unreadable-manifest]: `k8s/gitea/bytes.yaml` is not UTF-8: it has the byte 0xFF at line 1, byte 7; save it as UTF-8
    error[path-not-found]: `../../../etc` leads out of the repository
    error[path-not-found]: the repository has no `k8s/gitea/missing.yaml`
    error[unreadable-manifest]: `k8s/gitea/template.yaml` is no YAML: "-" is only valid inside a block
    error[unreadable-manifest]: `k8s/gitea/folder` draws itself in
    "#);
}
