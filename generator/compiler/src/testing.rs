//! For tests, here and in the crates below: compiles a definition given as text.

use crate::{Cluster, Compiled, Options, check, emit, parse, resolve};
use components::Context;
use model::{Definition, Diagnostics, FileId, Phase, Sources};
use std::collections::BTreeMap;

/// The smallest cluster that has every part. Tests edit its text.
pub const SMALL: &str = include_str!("../../../tests/fixtures/small/cluster.yaml");

/// A cluster of this definition, with one page as its website.
pub fn cluster(definition: &str) -> Cluster {
    Cluster {
        name: "small".into(),
        sources: Sources::single("cluster.yaml", definition),
        definition: FileId(0),
        files: BTreeMap::from([("website/index.html".into(), b"<!doctype html>\n<p>A page.\n".to_vec())]),
    }
}

/// The text with one passage replaced, which must be there exactly once.
pub fn edit(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "the fixture has {from:?} exactly once");
    text.replace(from, to)
}

/// Everything that compiling says.
pub fn diagnostics(definition: &str) -> (Cluster, Diagnostics) {
    let cluster = cluster(definition);
    let compiled = crate::compile(&cluster, Options::default());
    (cluster, compiled.diagnostics)
}

/// What compiling says under one code, as a person reads it.
pub fn report(code: &str, definition: &str) -> String {
    let (cluster, mut diagnostics) = diagnostics(definition);
    diagnostics.retain(|it| it.code == code);
    diagnostics.render(&cluster.sources, false)
}

/// One file of the tree, or what stands in its way.
pub fn file(definition: &str, phase: Phase, path: &str) -> String {
    let cluster = cluster(definition);
    let Compiled { tree, diagnostics } = crate::compile(&cluster, Options { phase: Some(phase) });
    let Some(tree) = tree else { return diagnostics.render(&cluster.sources, false) };
    let found = tree
        .files()
        .find(|(it, _)| *it == path)
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
    found.unwrap_or_else(|| {
        let all: Vec<&str> = tree.files().map(|(path, _)| path).collect();
        format!("no {path} in the tree, which has\n{}", all.join("\n"))
    })
}

/// The definition as it is read; nothing where it cannot be.
pub fn definition(cluster: &Cluster) -> Option<Definition> {
    let parsed = parse::parse(&cluster.sources, cluster.definition, &mut Diagnostics::default());
    parsed.map(|it| it.value)
}

/// What the checks alone say, in all phases, of a definition that was read.
pub fn checks(definition: &Definition, cluster: &Cluster) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    check::run(definition, &cluster.name, &cluster.files, &Diagnostics::default(), &mut diagnostics);
    diagnostics
}

/// What the checks say, and the files below `talos/` all the same, as if the checks had been switched off: what
/// would become of them can then be asked of Talos. Nothing where the definition cannot be read.
pub fn talos_unchecked(cluster: &Cluster, phase: Phase) -> (Diagnostics, Option<tree::Tree>) {
    let mut diagnostics = Diagnostics::default();
    let parsed = parse::parse(&cluster.sources, cluster.definition, &mut diagnostics);
    let Some(parse::Parsed { value: definition, .. }) = parsed.filter(|_| !diagnostics.has_errors()) else {
        return (diagnostics, None);
    };
    check::run(&definition, &cluster.name, &cluster.files, &Diagnostics::default(), &mut diagnostics);
    diagnostics.sort();
    let context = Context { definition: &definition, phase, cluster: &cluster.name, files: &cluster.files };
    (diagnostics, Some(emit::talos(&resolve(context))))
}
