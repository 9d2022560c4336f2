//! What a person reads who made a mistake, and what is read where there is none.

use super::{Faults, MOST_FAULTS, parse, schema, structure, typed, yaml};
use insta::assert_snapshot;
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
fn ten_mistakes_in_one_file() {
    let text = "\
Name: home
release: 5.10
version: 1.14.0
disk: /dev/sda
nodes:
  A_1:
    rolle: wroker
    mtu: 900
    publicaddress: yes
    networks: 10.0.0.1/8
    labels: { rack: 1 }
  b:
    count: 256
    networks:
      - ${NETWORK}
";
    assert_snapshot!(report(text), @r#"
    error[unknown-key]: unknown key `Name`
      ┌─ a.yaml:1:1
      │
    1 │ Name: home
      │ ^^^^ not a key of the definition
      │
      = help: did you mean `name`?

    error[wrong-type]: `release` must be text
      ┌─ a.yaml:2:10
      │
    2 │ release: 5.10
      │          ^^^^ this is a number
      │
      = help: put it in quotes: `"5.10"`

    error[invalid-value]: `1.14.0` is not a version
      ┌─ a.yaml:3:10
      │
    3 │ version: 1.14.0
      │          ^^^^^^ expected something like `v1.14.2`
      │
      = help: write `v1.14.0`

    error[unknown-key]: unknown key `disk`
      ┌─ a.yaml:4:1
      │
    4 │ disk: /dev/sda
      │ ^^^^ not a key of the definition
      │
      = help: it is a key of `machine`: write it below that

    error[invalid-value]: a name has only `a` to `z`, `0` to `9` and `-`, not `A`
      ┌─ a.yaml:6:3
      │
    6 │   A_1:
      │   ^^^ expected something like `vps0`
      │
      = help: write `a-1`

    error[unknown-key]: unknown key `rolle`
      ┌─ a.yaml:7:5
      │
    7 │     rolle: wroker
      │     ^^^^^ not a key of `nodes.a-1`
      │
      = help: did you mean `role`?

    error[invalid-value]: `nodes.a-1.role` cannot be `wroker`
      ┌─ a.yaml:7:12
      │
    7 │     rolle: wroker
      │            ^^^^^^ expected `controlPlane` or `worker`
      │
      = help: did you mean `worker`?

    error[invalid-value]: `nodes.a-1.mtu` cannot be 900
      ┌─ a.yaml:8:10
      │
    8 │     mtu: 900
      │          ^^^ expected a number from 1280 to 9216

    error[unknown-key]: unknown key `publicaddress`
      ┌─ a.yaml:9:5
      │
    9 │     publicaddress: yes
      │     ^^^^^^^^^^^^^ not a key of `nodes.a-1`
      │
      = help: did you mean `publicAddress`?

    error[wrong-type]: `nodes.a-1.publicAddress` must be `true` or `false`
      ┌─ a.yaml:9:20
      │
    9 │     publicaddress: yes
      │                    ^^^ this is text
      │
      = help: write `true`

    error[invalid-value]: `10.0.0.1/8` is an address within a network, not a network
       ┌─ a.yaml:10:15
       │
    10 │     networks: 10.0.0.1/8
       │               ^^^^^^^^^^ expected something like `10.2.0.0/16`
       │
       = help: write `10.0.0.0/8`

    error[wrong-type]: `nodes.a-1.networks` must be a list
       ┌─ a.yaml:10:15
       │
    10 │     networks: 10.0.0.1/8
       │               ^^^^^^^^^^ this is text
       │
       = help: write `[10.0.0.1/8]`

    error[wrong-type]: `nodes.a-1.labels.rack` must be text
       ┌─ a.yaml:11:21
       │
    11 │     labels: { rack: 1 }
       │                     ^ this is a number
       │
       = help: put it in quotes: `"1"`

    error[missing-key]: `nodes.b` has no `role`
       ┌─ a.yaml:12:3
       │
    12 │   b:
       │   ^ `role` is missing here
       │
       = `role`: What it runs beside pods
       = help: write `role:` and `controlPlane` or `worker`

    error[invalid-value]: `nodes.b.count` cannot be 256
       ┌─ a.yaml:13:12
       │
    13 │     count: 256
       │            ^^^ expected a number from 0 to 255

    error[unexpanded-variable]: `${NETWORK}` would stay as it is
       ┌─ a.yaml:15:9
       │
    15 │       - ${NETWORK}
       │         ^^^^^^^^^^ nothing fills this in
       │
       = tombolo has no variables, and lets Flux have none in what it writes
       = help: write the value itself; for a secret, the name of its Secret
    "#);
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

#[test]
fn a_key_twice() {
    assert_snapshot!(report("name: a\nnodes:\n  a: { role: worker }\n  b: { role: worker }\n  a: { role: worker }\nname: b\n"), @"
    error[duplicate-key]: `a` is here twice
      ┌─ a.yaml:5:3
      │
    3 │   a: { role: worker }
      │   - first here
    4 │   b: { role: worker }
    5 │   a: { role: worker }
      │   ^ again here
      │
      = help: keep one of the two

    error[duplicate-key]: `name` is here twice
      ┌─ a.yaml:6:1
      │
    1 │ name: a
      │ ---- first here
      ·
    6 │ name: b
      │ ^^^^ again here
      │
      = help: keep one of the two
    ");
}

#[test]
fn a_key_at_the_wrong_depth() {
    assert_snapshot!(report("name: a\ndisk: /dev/sda\nmachine:\n  release: \"5.1\"\n"), @r#"
    error[unknown-key]: unknown key `disk`
      ┌─ a.yaml:2:1
      │
    2 │ disk: /dev/sda
      │ ^^^^ not a key of the definition
      │
      = help: it is a key of `machine`: write it below that

    error[unknown-key]: unknown key `release`
      ┌─ a.yaml:4:3
      │
    4 │   release: "5.1"
      │   ^^^^^^^ not a key of `machine`
      │
      = help: it is a key of the definition: is it indented too far?
    "#);
}

#[test]
fn a_key_that_is_like_none() {
    assert_snapshot!(report("name: a\nmachine:\n  colour: red\n"), @"
    error[unknown-key]: unknown key `colour`
      ┌─ a.yaml:3:3
      │
    3 │   colour: red
      │   ^^^^^^ not a key of `machine`
      │
      = help: the keys here are `disk` and `routes`
    ");
}

#[test]
fn keys_that_are_missing() {
    assert_snapshot!(report("version: v1.14.0\nmachine:\n  routes:\n    - {}\nnodes:\n  a: {}\n"), @"
    error[missing-key]: the definition has no `name`
      ┌─ a.yaml:1:1
      │
    1 │ version: v1.14.0
      │ ^^^^^^^ `name` is missing here
      │
      = `name`: What it is called
      = help: write it like `name: vps0`

    error[missing-key]: an entry of `machine.routes` has no `network`
      ┌─ a.yaml:4:7
      │
    4 │     - {}
      │       ^^ `network` is missing here
      │
      = help: write it like `network: 10.2.0.0/16`

    error[missing-key]: `nodes.a` has no `role`
      ┌─ a.yaml:6:6
      │
    6 │   a: {}
      │      ^^ `role` is missing here
      │
      = `role`: What it runs beside pods
      = help: write `role:` and `controlPlane` or `worker`
    ");
}

#[test]
fn keys_without_a_value() {
    assert_snapshot!(report("name:\nmachine:\nnodes:\n  a:\n    role: worker\n    networks:\n    labels: ~\n    count: \n"), @"
    error[wrong-type]: `name` has no value
      ┌─ a.yaml:1:1
      │
    1 │ name:
      │ ^^^^ nothing follows
      │
      = help: write it like `name: vps0`

    error[wrong-type]: `machine` has no value
      ┌─ a.yaml:2:1
      │
    2 │ machine:
      │ ^^^^^^^ nothing follows
      │
      = help: indent what belongs to it, or delete the line

    error[wrong-type]: `nodes.a.networks` has no value
      ┌─ a.yaml:6:5
      │
    6 │     networks:
      │     ^^^^^^^^ nothing follows
      │
      = help: write it as a list, like `networks: [10.2.0.0/16]`, or delete the
        line, or write `[]` for none

    error[wrong-type]: `nodes.a.labels` has no value
      ┌─ a.yaml:7:13
      │
    7 │     labels: ~
      │             ^ nothing follows
      │
      = help: indent what belongs to it, or delete the line, or write `{}` for none

    error[wrong-type]: `nodes.a.count` has no value
      ┌─ a.yaml:8:5
      │
    8 │     count:
      │     ^^^^^ nothing follows
      │
      = help: write `count:` and a value, or delete the line
    ");
}

#[test]
fn values_of_another_type() {
    assert_snapshot!(report("\
name: [home]
release: 5.1
machine:
  disk: { path: x }
  routes: { network: 10.0.0.0/8 }
nodes:
  a: worker
  b: { role: 5, publicAddress: 'true', count: '1_0', networks: { a: b } }
"), @r#"
    error[wrong-type]: `name` must be one text
      ┌─ a.yaml:1:7
      │
    1 │ name: [home]
      │       ^^^^^^ this is a list
      │
      = help: write `home`, without `-` or brackets

    error[wrong-type]: `release` must be text
      ┌─ a.yaml:2:10
      │
    2 │ release: 5.1
      │          ^^^ this is a number
      │
      = help: put it in quotes: `"5.1"`

    error[wrong-type]: `machine.disk` must be text
      ┌─ a.yaml:4:9
      │
    4 │   disk: { path: x }
      │         ^^^^^^^^^^^ this is a mapping

    error[wrong-type]: `machine.routes` must be a list
      ┌─ a.yaml:5:11
      │
    5 │   routes: { network: 10.0.0.0/8 }
      │           ^^^^^^^^^^^^^^^^^^^^^^^ this is a mapping
      │
      = help: begin each entry with `- `, the first too

    error[wrong-type]: `nodes.a` must be a mapping
      ┌─ a.yaml:7:6
      │
    7 │   a: worker
      │      ^^^^^^ this is text
      │
      = help: write its keys, each on a line: `role`, `publicAddress`, `mtu`,
        `count`, `networks`, `labels` and `store`

    error[wrong-type]: `nodes.b.role` must be `controlPlane` or `worker`
      ┌─ a.yaml:8:14
      │
    8 │   b: { role: 5, publicAddress: 'true', count: '1_0', networks: { a: b } }
      │              ^ this is a number

    error[wrong-type]: `nodes.b.publicAddress` must be `true` or `false`
      ┌─ a.yaml:8:32
      │
    8 │   b: { role: 5, publicAddress: 'true', count: '1_0', networks: { a: b } }
      │                                ^^^^^^ this is text
      │
      = help: write `true` without quotes

    error[wrong-type]: `nodes.b.count` must be a whole number
      ┌─ a.yaml:8:47
      │
    8 │   b: { role: 5, publicAddress: 'true', count: '1_0', networks: { a: b } }
      │                                               ^^^^^ this is text
      │
      = help: write `10`, without quotes

    error[wrong-type]: `nodes.b.networks` must be a list
      ┌─ a.yaml:8:64
      │
    8 │   b: { role: 5, publicAddress: 'true', count: '1_0', networks: { a: b } }
      │                                                                ^^^^^^^^
      │                                                            this is a mapping
    "#);
}

#[test]
fn values_that_are_not_possible() {
    assert_snapshot!(report("\
name: home
release: five
nodes:
  a: { role: Worker, count: -1, mtu: 01500, networks: [10.1.0.0/8, 10.0.0.0/33] }
  b: { role: worker, store: tape, labels: { -x: y } }
  c: { role: worker, store: disk }
values: [.nan]
"), @r#"
    error[invalid-value]: `five` is not a release series
      ┌─ a.yaml:2:10
      │
    2 │ release: five
      │          ^^^^ expected something like `5.1`
      │
      = help: write two numbers in quotes: `"5.1"`

    error[invalid-value]: `nodes.a.role` cannot be `Worker`
      ┌─ a.yaml:4:14
      │
    4 │   a: { role: Worker, count: -1, mtu: 01500, networks: [10.1.0.0/8, 10.0.0.0…
      │              ^^^^^^ expected `controlPlane` or `worker`
      │
      = help: did you mean `worker`?

    error[invalid-value]: `nodes.a.count` cannot be -1
      ┌─ a.yaml:4:29
      │
    4 │   a: { role: Worker, count: -1, mtu: 01500, networks: [10.1.0.0/8, 10.0.0.0…
      │                             ^^ expected a number from 0 to 255

    error[invalid-value]: `01500` has a leading zero, which some programs read as octal
      ┌─ a.yaml:4:38
      │
    4 │   a: { role: Worker, count: -1, mtu: 01500, networks: [10.1.0.0/8, 10.0.0.0…
      │                                      ^^^^^ write `1500`

    error[invalid-value]: `10.1.0.0/8` is an address within a network, not a network
      ┌─ a.yaml:4:56
      │
    4 │ …-1, mtu: 01500, networks: [10.1.0.0/8, 10.0.0.0/33] }
      │                             ^^^^^^^^^^ expected something like `10.2.0.0/16`
      │
      = help: write `10.0.0.0/8`

    error[invalid-value]: the prefix length `33` is not a number from 0 to 32
      ┌─ a.yaml:4:68
      │
    4 │ …0, networks: [10.1.0.0/8, 10.0.0.0/33] }
      │                            ^^^^^^^^^^^ expected something like `10.2.0.0/16`

    error[invalid-value]: `nodes.b.store` cannot be `tape`
      ┌─ a.yaml:5:29
      │
    5 │   b: { role: worker, store: tape, labels: { -x: y } }
      │                             ^^^^ expected `memory`, `disk` or `remote`

    error[invalid-value]: a label's key must start and end with a letter or a digit
      ┌─ a.yaml:5:45
      │
    5 │   b: { role: worker, store: tape, labels: { -x: y } }
      │                                             ^^
      │                                   expected something like `example.org/rack`

    error[wrong-type]: `disk` needs a value
      ┌─ a.yaml:6:29
      │
    6 │   c: { role: worker, store: disk }
      │                             ^^^^ expected `disk:` and what belongs to it

    error[invalid-value]: `.nan` cannot be passed on as a number
      ┌─ a.yaml:7:10
      │
    7 │ values: [.nan]
      │          ^^^^ would lose digits or meaning
      │
      = help: put it in quotes: `".nan"`
    "#);
}

#[test]
fn variables() {
    assert_snapshot!(report("\
name: ${NAME}
machine: { disk: '/dev/{{ disk }}' }
nodes:
  ${NODE}: { role: {{ role }} }
values: { passed: '${ON}' }
"), @"
    error[unexpanded-variable]: `${NAME}` would stay as it is
      ┌─ a.yaml:1:7
      │
    1 │ name: ${NAME}
      │       ^^^^^^^ nothing fills this in
      │
      = tombolo has no variables, and lets Flux have none in what it writes
      = help: write the value itself; for a secret, the name of its Secret

    error[unexpanded-variable]: `{{ disk }}` would stay as it is
      ┌─ a.yaml:2:18
      │
    2 │ machine: { disk: '/dev/{{ disk }}' }
      │                  ^^^^^^^^^^^^^^^^^ nothing fills this in
      │
      = tombolo has no variables, and lets Flux have none in what it writes
      = help: write the value itself; for a secret, the name of its Secret

    error[unexpanded-variable]: `${NODE}` would stay as it is
      ┌─ a.yaml:4:3
      │
    4 │   ${NODE}: { role: {{ role }} }
      │   ^^^^^^^ nothing fills this in
      │
      = tombolo has no variables, and lets Flux have none in what it writes
      = help: write the value itself; for a secret, the name of its Secret

    error[unexpanded-variable]: `{{ role }}` would stay as it is
      ┌─ a.yaml:4:20
      │
    4 │   ${NODE}: { role: {{ role }} }
      │                    ^^^^^^^^^^ nothing fills this in
      │
      = tombolo has no variables, and lets Flux have none in what it writes
      = help: write the value itself; for a secret, the name of its Secret
    ");
    assert_snapshot!(report("name: home\nmachine: { disk: ${DISK} }\n"), @"
    error[unexpanded-variable]: `${DISK}` would stay as it is
      ┌─ a.yaml:2:18
      │
    2 │ machine: { disk: ${DISK} }
      │                  ^^^^^^^ nothing fills this in
      │
      = tombolo has no variables, and lets Flux have none in what it writes
      = help: write the value itself; for a secret, the name of its Secret
    ");
}

#[test]
fn aliases_and_tags() {
    assert_snapshot!(report("\
name: &name home
machine:
  <<: *defaults
  disk: !!str 5
nodes:
  *name : { role: worker }
"), @"
    error[yaml-alias]: `&name` is an anchor
      ┌─ a.yaml:1:7
      │
    1 │ name: &name home
      │       ^^^^^ names the value for aliases
      │
      = help: delete it, and write the value where it is used

    error[yaml-alias]: `<<` is a merge key
      ┌─ a.yaml:3:3
      │
    3 │   <<: *defaults
      │   ^^ draws in what is written elsewhere
      │
      = help: write the keys themselves here

    error[yaml-alias]: `*defaults` is an alias
      ┌─ a.yaml:3:7
      │
    3 │   <<: *defaults
      │       ^^^^^^^^^ stands for what is written elsewhere
      │
      = help: write the value itself: a definition says everything where it is

    error[yaml-alias]: `!!str` is a tag
      ┌─ a.yaml:4:9
      │
    4 │   disk: !!str 5
      │         ^^^^^ gives the value another type
      │
      = help: put the value in quotes instead

    error[yaml-alias]: `*name` is an alias
      ┌─ a.yaml:6:3
      │
    6 │   *name : { role: worker }
      │   ^^^^^ stands for what is written elsewhere
      │
      = help: write the value itself: a definition says everything where it is
    ");
}

#[test]
fn an_alias_bomb() {
    let line = |(name, before)| format!("{name}: &{name} [{}]", vec![format!("*{before}"); 10].join(", "));
    let lines: Vec<String> = ('b'..='z').zip('a'..).map(line).collect();
    let text = format!("a: &a [x, x, x, x, x, x, x, x, x, x]\n{}\n", lines.join("\n"));
    assert_eq!(read(&text).1.iter().filter(|it| it.code == "yaml-alias").count(), MOST_FAULTS);
}

#[test]
fn nothing_in_the_file() {
    assert_snapshot!(report(""), @"
    error[invalid-yaml]: the file says nothing
      ┌─ a.yaml:1:1
      │
    1 │
      │ ^ expected a definition
      │
      = help: `tombolo init NAME` writes one to begin with
    ");
    assert_snapshot!(report("# only\n# comments\n"), @"
    error[invalid-yaml]: the file says nothing
      ┌─ a.yaml:1:1
      │
    1 │ # only
      │ ^ expected a definition
      │
      = help: `tombolo init NAME` writes one to begin with
    ");
    assert_snapshot!(report("---\n"), @"
    error[invalid-yaml]: the file says nothing
      ┌─ a.yaml:1:1
      │
    1 │ ---
      │ ^ expected a definition
      │
      = help: `tombolo init NAME` writes one to begin with
    ");
}

#[test]
fn no_mapping_at_the_top() {
    assert_snapshot!(report("- name: home\n"), @"
    error[wrong-type]: the definition must be a mapping
      ┌─ a.yaml:1:3
      │
    1 │ - name: home
      │   ^^^^ this is a list
      │
      = help: write its keys, each on a line: `name`, `release`, `version`,
        `machine`, `nodes` and `values`
    ");
    assert_snapshot!(report("home\n"), @"
    error[wrong-type]: the definition must be a mapping
      ┌─ a.yaml:1:1
      │
    1 │ home
      │ ^^^^ this is text
      │
      = help: write its keys, each on a line: `name`, `release`, `version`,
        `machine`, `nodes` and `values`
    ");
}

#[test]
fn a_second_document() {
    assert_snapshot!(report("name: home\n---\nname: vps\n"), @"
    error[invalid-yaml]: a second document starts here
      ┌─ a.yaml:2:1
      │
    2 │ ---
      │ ^^^ everything from here on
      │
      = help: a definition is one document: delete this line, or what follows it
    ");
}

#[test]
fn a_tab_for_indentation() {
    assert_snapshot!(report("name: home\nmachine:\n\tdisk: x\n"), @"
    error[invalid-yaml]: this line is indented with a tab
      ┌─ a.yaml:3:1
      │
    3 │     disk: x
      │ ^^^^ a tab
      │
      = help: indent with spaces; YAML takes no tabs there
    ");
}

#[test]
fn a_quote_that_is_not_closed() {
    assert_snapshot!(report("nam: home\nmachine:\n  disk: \"x\n"), @r#"
    error[unknown-key]: unknown key `nam`
      ┌─ a.yaml:1:1
      │
    1 │ nam: home
      │ ^^^ not a key of the definition
      │
      = help: did you mean `name`?

    error[invalid-yaml]: a quote is opened and never closed
      ┌─ a.yaml:3:9
      │
    3 │   disk: "x
      │         ^ opened here
      │
      = help: close it on this line
    "#);
}

#[test]
fn a_bracket_that_is_not_closed() {
    assert_snapshot!(report("name: home\nnodes: { a: { role: worker }\n"), @"
    error[invalid-yaml]: a `{` is not closed by a `}`
      ┌─ a.yaml:2:8
      │
    2 │ nodes: { a: { role: worker }
      │        ^ here
      │
      = help: close every bracket that is opened, and put text that begins with one
        in quotes
    ");
    assert_snapshot!(report("name: home\nnodes: [a, b}\n"), @"
    error[wrong-type]: `nodes` must be a mapping
      ┌─ a.yaml:2:1
      │
    2 │ nodes: [a, b}
      │ ^^^^^ this is a list
      │
      = help: names are keys here: write `NAME:` instead of `- `

    error[invalid-yaml]: a `[` is not closed by a `]`
      ┌─ a.yaml:2:8
      │
    2 │ nodes: [a, b}
      │        ^ here
      │
      = help: close every bracket that is opened, and put text that begins with one
        in quotes
    ");
}

#[test]
fn lines_that_do_not_fit() {
    assert_snapshot!(report("machine:\n    disk: x\n  routes: []\n"), @"
    error[invalid-yaml]: this line does not fit the lines above it
      ┌─ a.yaml:3:3
      │
    3 │   routes: []
      │   ^ indented to no level above, or a `:` or `-` is missing
      │
      = help: keys of one mapping, and entries of one list, start in the same column
    ");
    assert_snapshot!(report("name home\nmachine: {}\n"), @"
    error[invalid-yaml]: a key without a colon, or text that goes on where a key is expected
      ┌─ a.yaml:2:1
      │
    2 │ machine: {}
      │ ^ here, or in the line above
      │
      = help: write `key: value`; or indent the line, if it belongs to the text
        above
    ");
    assert_snapshot!(report("name: home: vps\n"), @"
    error[invalid-yaml]: a colon within a value
      ┌─ a.yaml:1:11
      │
    1 │ name: home: vps
      │           ^ a second `: ` on this line
      │
      = help: put text with a colon in quotes, or begin the mapping on a line of its
        own
    ");
    assert_snapshot!(report("name: @home\n"), @"
    error[invalid-yaml]: a value cannot begin with `@`
      ┌─ a.yaml:1:7
      │
    1 │ name: @home
      │       ^ here
      │
      = help: put the value in quotes
    ");
    assert_snapshot!(report(": home\n"), @"
    error[invalid-yaml]: there is no key before this colon
      ┌─ a.yaml:1:1
      │
    1 │ : home
      │ ^ a key is missing here
      │
      = help: write a key, or put text with a colon in quotes
    ");
    assert_snapshot!(report("[a]: home\n"), @"
    error[invalid-yaml]: a list or mapping stands where a key is expected
      ┌─ a.yaml:1:1
      │
    1 │ [a]: home
      │ ^^^ expected plain text
      │
      = help: put the value in quotes if it starts with `[` or `{`
    ");
    assert_snapshot!(report("%YAML 1.1\n---\nname: home\n"), @"
    error[invalid-yaml]: a line that begins with `%` is a directive
      ┌─ a.yaml:1:1
      │
    1 │ %YAML 1.1
      │ ^ here
      │
      = help: delete this line
    ");
}

#[test]
fn a_control_character() {
    assert_snapshot!(report("name: home\nmachine: { disk: a\u{1b}[31mb }\n"), @"
    error[invalid-yaml]: the control character U+001B
      ┌─ a.yaml:2:19
      │
    2 │ machine: { disk: a␛[31mb }
      │                   ^ here
      │
      = help: delete it; within double quotes it can be written as an escape
    ");
}

#[test]
fn lines_that_end_as_on_windows() {
    assert_snapshot!(report("name: home\r\nmachine:\r\n  disc: x\r\n"), @"
    error[unknown-key]: unknown key `disc`
      ┌─ a.yaml:3:3
      │
    3 │   disc: x
      │   ^^^^ not a key of `machine`
      │
      = help: did you mean `disk`?
    ");
}

#[test]
fn ten_thousand_deep() {
    let flow = format!("name: home\nvalues: {}", "[".repeat(10_000));
    assert_snapshot!(report(&flow), @"
    error[invalid-yaml]: lists and mappings lie more than 64 deep within each other
      ┌─ a.yaml:2:73
      │
    2 │ …[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
      │                                                  ^ the limit is reached here
      │
      = help: no definition needs that; is this the right file?
    ");
    let block: Vec<String> = (0..1_000).map(|depth| format!("{:depth$}a:", "")).collect();
    assert!(report(&block.join("\n")).contains("more than 64 deep"));
}

#[test]
fn more_mistakes_than_are_shown() {
    let lines: Vec<String> = (0..5_000).map(|key| format!("key{key}: 1")).collect();
    let (parsed, diagnostics, sources) = read(&lines.join("\n"));
    assert!(parsed.is_none());
    assert_eq!(diagnostics.iter().count(), MOST_FAULTS);
    assert!(diagnostics.render(&sources, false).contains("there are more; only the first 100 are shown"));
}

/// The definition of a cluster with every scalar and key replaced in turn: whatever nothing is said of fits the
/// schema and the type, and whatever was mended fits the type.
#[test]
fn walk_schema_and_type_agree() {
    let text = crate::testing::SMALL;
    let schema = schema::schema::<model::Definition>();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut faults = Faults::default();
    let root = yaml::read(text, FileId(0), &mut faults).root.expect("the fixture is right");
    let mut places = Vec::new();
    spans(&root, &mut places);
    assert!(places.len() > 150, "{}", places.len());
    for span in places {
        for new in ["5", "yes", "[a]", "{a: b}"] {
            let mut text = text.to_owned();
            text.replace_range(span.start as usize..span.end as usize, new);
            let mut faults = Faults::default();
            let document = yaml::read(&text, FileId(0), &mut faults);
            let mut root = document.root.expect("there is something");
            let read_as_json: Option<serde_json::Value> = typed::from_node(&root).ok();
            let mended = structure::check(&mut root, &schema, &text, document.cut, &mut faults);
            if document.cut || mended.hopeless {
                continue;
            }
            let definition = typed::from_node::<model::Definition>(&root);
            assert!(definition.is_ok(), "{}\n{text}", definition.expect_err("not read"));
            if faults.0.is_empty() {
                let json = read_as_json.expect("nothing was refused");
                assert!(validator.is_valid(&json), "{:?}\n{text}", validator.iter_errors(&json).next());
            }
        }
    }
}

/// The places of all scalars and keys.
fn spans(node: &super::node::Node, found: &mut Vec<Span>) {
    match &node.value {
        super::node::Value::Sequence(items) => items.iter().for_each(|item| spans(item, found)),
        super::node::Value::Mapping(mapping) => {
            for (key, value) in &mapping.entries {
                found.push(key.span);
                spans(value, found);
            }
        }
        _ => found.push(node.span),
    }
}
