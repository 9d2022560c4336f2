//! What fixes make of a text: nothing changes but what is meant.

use super::{applied, fix, settled};
use crate::testing;
use insta::assert_snapshot;
use model::{Edit, FileId, Span};
use std::fmt::Write;

/// The text without the entry that holds a word.
fn without(text: &str, word: &str) -> String {
    let start = u32::try_from(text.find(word).expect("it is there")).expect("short");
    let span = Span { file: FileId(0), start, end: start + u32::try_from(word.len()).expect("short") };
    match settled(text, FileId(0), &[Edit::Remove { span }]) {
        Some(edits) => applied(text, &edits),
        None => "cannot be taken out\n".into(),
    }
}

#[test]
fn entries_of_blocks() {
    let text = "# top\na:\n  # of b\n  b: 1 # one\n  c: 2\n\n  # end\nd: 3\n";
    assert_snapshot!(without(text, "1"), @r"
    # top
    a:
      # of b
      c: 2

      # end
    d: 3
    ");
    assert_snapshot!(without(text, "c"), @r"
    # top
    a:
      # of b
      b: 1 # one

      # end
    d: 3
    ");
    assert_snapshot!(without("a:\n  # why\n  b: 1\nc: 2\n", "b"), @r"
    a: {}
      # why
    c: 2
    ");
    assert_snapshot!(without("a:\n  - b: 1\n    c: 2\n", "1"), @r"
    a:
      - c: 2
    ");
    assert_snapshot!(without("a:\n  - b: 1 # why\n    c: 2\n", "1"), @"cannot be taken out");
    assert_snapshot!(without("a: 1\nb:\n  - x\n  - y\n", "y"), @"a: 1");
    assert_eq!(without("a: 1\r\nb: 2\r\nc: 3\r\n", "2"), "a: 1\r\nc: 3\r\n");
    assert_eq!(without("a: 1\nb: 2", "2"), "a: 1\n");
}

#[test]
fn entries_in_braces() {
    let text = "x: { a: 1, b: [p, q], c: 3 }  # said\n";
    assert_snapshot!(without(text, "1"), @"x: { b: [p, q], c: 3 }  # said");
    assert_snapshot!(without(text, "q"), @"x: { a: 1, c: 3 }  # said");
    assert_snapshot!(without(text, "3"), @"x: { a: 1, b: [p, q] }  # said");
    assert_snapshot!(without("x: { a: 1 }\n", "1"), @"x: {}");
    assert_snapshot!(without("x: {\n  a: 1, # one\n  b: 2,\n}\n", "a"), @"cannot be taken out");
}

/// The smallest definition with one edit, mended: how it differs, and what is said of it.
fn mended(from: &str, to: &str) -> String {
    let definition = testing::edit(testing::SMALL, from, to);
    let mut cluster = testing::cluster(&definition);
    let fixed = fix(&mut cluster, None, |_| true);
    let diff = similar::TextDiff::from_lines(&definition, &fixed.text);
    let mut out = String::new();
    for change in diff.iter_all_changes().filter(|it| it.tag() != similar::ChangeTag::Equal) {
        let _ = write!(out, "{}{}", change.tag(), change.value());
    }
    for (code, message) in fixed.mended {
        let _ = writeln!(out, "{code}: {message}");
    }
    out
}

#[test]
fn names_and_values() {
    assert_snapshot!(mended("vps0: { site: vps,", "vps0: { site: \"vsp\", # there\n "), @r#"
    -  vps0: { site: "vsp", # there
    +  vps0: { site: "vps", # there
    node-at-unknown-site: the node `vps0` is at `vsp`, which is no site
    "#);
    assert_snapshot!(mended("kubespan: {}", "kubespan: { mtu: 1500 }  # as the link"), @"
    -  kubespan: { mtu: 1500 }  # as the link
    +  kubespan: { mtu: 1420 }  # as the link
    mtu-exceeds-path: KubeSpan sends 1500 bytes, and the way leaves 1420
    ");
    assert_snapshot!(mended("  contract: v1.13\n", "  contract: v1.13\n  discovery: { enabled: false }\n"), @"
    -  discovery: { enabled: false }
    +  discovery: { enabled: true }
    kubespan-without-discovery: KubeSpan is on, and discovery is off
    ");
    assert_snapshot!(mended("controller: traefik,", "controler: Traefik,"), @"
    -ingress: { controler: Traefik, site: vps }
    +ingress: { controller: traefik, site: vps }
    unknown-key: unknown key `controler`
    invalid-value: `ingress.controller` cannot be `Traefik`
    ");
    assert_snapshot!(mended("nat: true", "nat: yes"), @"
    -    nat: yes
    +    nat: true
    wrong-type: `sites.home.nat` must be `true` or `false`
    ");
    assert_snapshot!(mended("needs: [ingress, certificates]", "needs: ingres"), @"
    -  gitea: { path: ./k8s/gitea, namespace: gitea, site: home, storage: [proxmox-csi], needs: ingres, hosts: [git.example.org], since: dns }
    +  gitea: { path: ./k8s/gitea, namespace: gitea, site: home, storage: [proxmox-csi], needs: [ingress], hosts: [git.example.org], since: dns }
    unknown-dependency: nothing provides `ingres`, which `gitea` needs
    wrong-type: `apps.gitea.needs` must be a list
    ");
}

#[test]
fn what_needs_judgement_is_left() {
    assert_snapshot!(mended("controller: traefik,", "controller: ingress-nginx,"), @"");
    assert_snapshot!(mended("10.2.2.1/16", "10.2.1.1/16"), @"");
}

/// Two that change the same line, and one whose line another takes away.
#[test]
fn fixes_that_meet() {
    let to = "kubespan: { mtu: 1500, allowDownPeerBypass: true }";
    assert_snapshot!(mended("kubespan: {}", to), @"
    -  kubespan: { mtu: 1500, allowDownPeerBypass: true }
    +  kubespan: { mtu: 1420 }
    mtu-exceeds-path: KubeSpan sends 1500 bytes, and the way leaves 1420
    unencrypted-fallback: `vps0` sends in the clear while a tunnel is down
    ");
    let to = "routing: tunnel, autoDirectNodeRoutes: true, acceleration: native, mtu: 9000";
    assert_snapshot!(mended("routing: tunnel", to), @"
    -  cilium: { version: v1.20.2, managedBy: flux, routing: tunnel, autoDirectNodeRoutes: true, acceleration: native, mtu: 9000 }
    +  cilium: { version: v1.20.2, managedBy: flux, routing: tunnel, acceleration: best-effort, mtu: 1420 }
    direct-routes-across-sites: direct routes between nodes of `home` and `vps`
    native-acceleration-with-kubespan: Cilium wants XDP of every link, and KubeSpan's has none
    mtu-exceeds-path: Cilium sends 9000 bytes, and KubeSpan carries 1420
    ");
}
