//! Text that is no definition, or none that anyone means well with.

use super::{super::MOST_FAULTS, read, report};
use insta::assert_snapshot;

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
    // The place is the whole mark, not a byte of it.
    let (_, said, _) = read("\u{feff}");
    let end = said.iter().flat_map(model::Diagnostic::labels).map(|it| it.span.end).max();
    assert_eq!(end, Some(3));
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
    error[invalid-yaml]: a key without a colon, or text that goes on where a key is
      expected
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
    assert!(diagnostics.render(&sources, false).contains("there are more; only the first 50 are shown"));
}
