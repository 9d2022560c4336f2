//! What a person reads who made a mistake.

use super::report;
use insta::assert_snapshot;

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
      │
      = help: write `1280`

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
       │
       = help: write `255`

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
      │
      = help: write `0`

    error[invalid-value]: `01500` has a leading zero, which some programs read as
      octal
      ┌─ a.yaml:4:38
      │
    4 │   a: { role: Worker, count: -1, mtu: 01500, networks: [10.1.0.0/8, 10.0.0.0…
      │                                      ^^^^^ read as decimal here
      │
      = help: write `1500`

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
      │
      = help: write one of them: `memory`, `disk`, `remote`

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
