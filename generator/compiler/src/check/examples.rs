//! The examples of the pages, as tests: each wrong one gives its own code and no other, each right one nothing.

use super::page::{Example, Page};
use crate::testing::{self, SMALL};
use serde_yaml::Value;
use std::{collections::BTreeSet, fmt::Write};

/// The smallest definition has a Talos that gets no more fixes, for the sake of other tests.
const CURRENT: &str = "talos: { version: v1.14.2, contract: v1.14 }";

/// Puts what an example says over what the smallest definition says: mappings are joined, `null` takes away.
fn over(base: &mut Value, example: Value) {
    match (base, example) {
        (Value::Mapping(base), Value::Mapping(example)) => {
            for (key, value) in example {
                match value {
                    Value::Null => {
                        base.remove(&key);
                    }
                    value => over(base.entry(key).or_insert(Value::Null), value),
                }
            }
        }
        (base, example) => *base = example,
    }
}

/// `a{1..3}` in a list stands for `a1`, `a2` and `a3`.
fn spread(value: &mut Value) {
    match value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(spread),
        Value::Sequence(items) => {
            *items = std::mem::take(items)
                .into_iter()
                .flat_map(|mut item| {
                    spread(&mut item);
                    let range = item.as_str().and_then(|text| {
                        let (before, rest) = text.split_once('{')?;
                        let (range, after) = rest.split_once('}')?;
                        let (from, to) = range.split_once("..")?;
                        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
                        Some((from..=to).map(|it| Value::String(format!("{before}{it}{after}"))).collect())
                    });
                    range.unwrap_or_else(|| vec![item])
                })
                .collect();
        }
        _ => {}
    }
}

/// What is said of an example, by code, and as a person reads it.
fn said(examples: &[Example]) -> (BTreeSet<&'static str>, String) {
    let mut definition: Value = serde_yaml::from_str(SMALL).expect("YAML");
    over(&mut definition, serde_yaml::from_str(CURRENT).expect("YAML"));
    let mut files = Vec::new();
    for Example { file, text } in examples {
        match file {
            None => over(&mut definition, serde_yaml::from_str(text).expect("the example is YAML")),
            // A file that would be too long to show says how long it is.
            Some(file) => match file.split_once(": ") {
                Some((file, length)) => {
                    let length = length.trim_end_matches(" bytes").parse().expect("a number of bytes");
                    files.push((file.to_owned(), vec![b'x'; length]));
                }
                None => files.push((file.clone(), text.clone().into_bytes())),
            },
        }
    }
    spread(&mut definition);
    // What is not beside the definition is what the repository holds already.
    let (beside, held): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(path, _)| path.starts_with("extra/") || path.starts_with("website/"));
    let held: Vec<(&str, &str)> = held
        .iter()
        .map(|(path, bytes)| (path.as_str(), std::str::from_utf8(bytes).expect("an example is text")))
        .collect();
    let definition = serde_yaml::to_string(&definition).expect("YAML");
    let mut cluster =
        if held.is_empty() { testing::cluster(&definition) } else { testing::repository(&definition, &held) };
    cluster.files.extend(beside);
    let found = crate::compile(&cluster, crate::Options::default()).diagnostics;
    (found.iter().map(|it| it.code).collect(), found.render(&cluster.sources, false))
}

/// What is said of an example of the definition's form, which stands alone and leaves much out at the top.
fn said_of_form(examples: &[Example]) -> (BTreeSet<&'static str>, String) {
    let text: String = examples.iter().map(|it| it.text.as_str()).collect();
    let (cluster, mut found) = testing::diagnostics(&text);
    found.retain(|it| !it.message.starts_with("the definition has no "));
    (found.iter().map(|it| it.code).collect(), found.render(&cluster.sources, false))
}

#[test]
fn wrong_examples_give_their_code_and_right_ones_nothing() {
    let mut failures = String::new();
    for (code, page) in crate::explain::pages() {
        let form = crate::pages::FORM.iter().any(|(it, _)| *it == code);
        let said = if form { said_of_form } else { said };
        let (codes, report) = said(&page.wrong);
        if codes.into_iter().ne([code]) {
            let _ = writeln!(failures, "the wrong example of `{code}` gives:\n{report}");
        }
        let (codes, report) = said(&page.right);
        if !codes.is_empty() {
            let _ = writeln!(failures, "the right example of `{code}` gives:\n{report}");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_page_has_all_its_parts() {
    for (code, page) in crate::explain::pages() {
        let Page { title, meaning, fix, wrong, right, source } = page;
        for (name, part) in [("title", title), ("meaning", meaning), ("Fix", fix), ("Source", source)] {
            assert!(!part.is_empty(), "the page of `{code}` has no {name}");
        }
        for (name, examples) in [("Wrong", wrong), ("Right", right)] {
            assert!(!examples.is_empty(), "the page of `{code}` has no example `{name}:`");
        }
    }
}
