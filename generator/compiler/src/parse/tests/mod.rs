//! What is read where there is no mistake, or one that can be mended; and what the other tests here share.

mod agreement;
mod hostile;
mod mistakes;

use super::parse;
use model::{
    Diagnostics, FileId, Sources, Span, Spanned,
    scalar::{Cidr, LabelKey, Mtu, Name, Series, Version},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A definition in small.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Small {
    /// What it is called. By everyone.
    name: Spanned<Name>,
    /// The release.
    release: Option<Spanned<Series>>,
    /// The version.
    version: Option<Spanned<Version>>,
    #[serde(default)]
    machine: Machine,
    /// The machines.
    #[serde(default)]
    nodes: BTreeMap<Spanned<Name>, Node>,
    /// Passed on.
    values: Option<Spanned<serde_json::Value>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Machine {
    disk: Option<Spanned<String>>,
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Route {
    network: Spanned<Cidr>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Node {
    /// What it runs beside pods.
    role: Spanned<Role>,
    public_address: Option<Spanned<bool>>,
    mtu: Option<Spanned<Mtu>>,
    count: Option<u8>,
    #[serde(default)]
    networks: Vec<Spanned<Cidr>>,
    #[serde(default)]
    labels: BTreeMap<Spanned<LabelKey>, Spanned<String>>,
    store: Option<Store>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Role {
    /// The control plane.
    ControlPlane,
    /// Pods alone.
    Worker,
}

#[derive(Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Store {
    Memory,
    Disk(String),
    Remote { host: String },
}

fn read(text: &str) -> (Option<(Small, Vec<Span>)>, Diagnostics, Sources) {
    let sources = Sources::single("a.yaml", text);
    let mut diagnostics = Diagnostics::default();
    let parsed = parse::<Small>(&sources, FileId(0), &mut diagnostics);
    diagnostics.sort();
    (parsed.map(|it| (it.value, it.poisoned)), diagnostics, sources)
}

/// What is said of a text.
fn report(text: &str) -> String {
    let (parsed, diagnostics, sources) = read(text);
    assert!(parsed.is_some() || !diagnostics.is_empty(), "nothing was read, and nothing said");
    diagnostics.render(&sources, false)
}

/// The value of a text with mistakes that could be mended, and the text of the places that were.
fn mended(text: &str) -> (Small, Vec<&str>) {
    let (parsed, ..) = read(text);
    let (value, poisoned) = parsed.expect("it could be mended");
    (value, poisoned.iter().map(|span| &text[span.start as usize..span.end as usize]).collect())
}

#[test]
fn every_kind_of_value_and_its_place() {
    let text = "\
name: home # a comment
release: '5.1'
version: v1.14.0
machine:
  disk: |
    two
    lines
  routes:
    - network: 10.1.0.0/16
    - { network: 10.2.0.0/16 }
nodes:
  a:
    role: worker
    publicAddress: true
    count: 0x10
    mtu: 1500
    store: memory
  b: { role: controlPlane, networks: [10.0.0.0/8], store: { disk: /dev/sda } }
  c:
    role: worker
    labels:
      example.org/rack: \"1\"
    store:
      remote:
        host: x
values: { a: [1, -2, 1.5, true, null, text], b: { c: } }
";
    let (parsed, diagnostics, sources) = read(text);
    assert_eq!(diagnostics.render(&sources, false), "");
    let (small, poisoned) = parsed.expect("it is right");
    assert_eq!(poisoned, []);
    let at = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!(at(small.name.span), "home");
    assert_eq!(at(small.release.expect("given").span), "'5.1'");
    assert_eq!(at(small.version.expect("given").span), "v1.14.0");
    let routes = small.machine.routes.iter();
    assert_eq!(
        routes.map(|route| at(route.network.span)).collect::<Vec<_>>(),
        ["10.1.0.0/16", "10.2.0.0/16"]
    );
    let disk = small.machine.disk.expect("given");
    assert_eq!((at(disk.span), disk.value.as_str()), ("two", "two\nlines\n"));
    let nodes: Vec<&str> = small.nodes.keys().map(|key| at(key.span)).collect();
    assert_eq!(nodes, ["a", "b", "c"]);
    let [a, b, c] = ["a", "b", "c"].map(|name| &small.nodes[name]);
    assert_eq!(
        (a.role.value, a.mtu.map(|it| it.value), a.public_address.map(|it| it.value), a.count, &a.store),
        (Role::Worker, Some(Mtu(1500)), Some(true), Some(16), &Some(Store::Memory))
    );
    assert_eq!((at(b.networks[0].span), &b.store), ("10.0.0.0/8", &Some(Store::Disk("/dev/sda".into()))));
    assert_eq!(c.store, Some(Store::Remote { host: "x".into() }));
    assert_eq!(c.labels.keys().map(|key| at(key.span)).collect::<Vec<_>>(), ["example.org/rack"]);
    let values = small.values.expect("given");
    assert_eq!(values.value.to_string(), r#"{"a":[1,-2,1.5,true,null,"text"],"b":{"c":null}}"#);
    assert_eq!(at(values.span), "{ a: [1, -2, 1.5, true, null, text], b: { c: } }");
}

#[test]
fn what_follows_from_mending_is_marked() {
    let (small, poisoned) =
        mended("nam: Home_1\nnodes:\n  a: { role: wroker, mtu: 900, nat: yes }\n  b: {}\n");
    assert_eq!(&*small.name.value, "home-1");
    assert_eq!(small.nodes["a"].role.value, Role::Worker);
    assert_eq!(small.nodes["a"].mtu.expect("given").value, Mtu(1280));
    assert_eq!(poisoned, ["nam", "Home_1", "wroker", "900", "nat", "{}"]);
}

#[test]
fn a_name_that_is_lost_stops_the_checks() {
    let (parsed, diagnostics, _) = read("name: home\nnodes: [a, b]\n");
    assert!(parsed.is_none());
    assert_eq!(diagnostics.iter().count(), 1);
}
