//! For tests, here and in the crates below: compiles a definition given as text.

use crate::{
    Cluster, Compiled, Options,
    adopt::{Disk, Kind},
    check, emit, parse, resolve,
};
use components::{Adopted, adopted::Why};
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
        adopted: Adopted::default(),
    }
}

/// The same, in a repository that holds these files: path and text.
pub fn repository(definition: &str, files: &[(&str, &str)]) -> Cluster {
    let mut cluster = cluster(definition);
    let parsed = crate::parse::parse::<model::Definition>(
        &cluster.sources,
        cluster.definition,
        &mut Diagnostics::default(),
    );
    if let Some(parsed) = parsed {
        let mut held: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        // The smallest definition has an app, whose directory is empty where a test says nothing of it.
        if !held.keys().any(|path| path.starts_with("k8s/gitea/")) {
            held.insert("k8s/gitea/kustomization.yaml".into(), "resources: []\n".into());
        }
        let mut held = Held(held);
        cluster.adopted = crate::adopt::adopt(&parsed.value, &mut cluster.sources, &mut held);
    }
    cluster
}

/// Files in memory.
struct Held(BTreeMap<String, String>);

impl Disk for Held {
    fn look(&mut self, _: &str, path: &str) -> Result<Kind, Why> {
        if self.0.contains_key(path) {
            return Ok(Kind::File);
        }
        let below = format!("{path}/");
        let folder = path.is_empty() || self.0.keys().any(|it| it.starts_with(&below));
        if folder { Ok(Kind::Folder) } else { Err(Why::Missing { close: None }) }
    }

    fn list(&mut self, _: &str, path: &str) -> Result<Vec<String>, Why> {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let rest = self.0.keys().filter_map(|it| it.strip_prefix(&below));
        let mut names: Vec<String> =
            rest.map(|it| it.split('/').next().unwrap_or_default().to_owned()).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn text(&mut self, _: &str, path: &str) -> Result<String, Why> {
        self.0.get(path).cloned().ok_or(Why::Missing { close: None })
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

/// What compiling says under one code of a definition and the files that its repository holds.
pub fn report_of(code: &str, definition: &str, files: &[(&str, &str)]) -> String {
    let cluster = repository(definition, files);
    let mut diagnostics = crate::compile(&cluster, Options::default()).diagnostics;
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
    check::run(definition, cluster, &Diagnostics::default(), &mut diagnostics);
    diagnostics
}

/// What the checks say, and the files below `talos/` all the same, as if the checks had been switched off: what
/// would become of them can then be asked of Talos. One tree a phase; none where the definition cannot be read.
pub fn talos_unchecked(cluster: &Cluster, phases: &[Phase]) -> (Diagnostics, Vec<tree::Tree>) {
    let mut diagnostics = Diagnostics::default();
    let parsed = parse::parse(&cluster.sources, cluster.definition, &mut diagnostics);
    let Some(parse::Parsed { value: definition, .. }) = parsed.filter(|_| !diagnostics.has_errors()) else {
        return (diagnostics, Vec::new());
    };
    check::run(&definition, cluster, &Diagnostics::default(), &mut diagnostics);
    let tree = |phase: &Phase| emit::talos(&resolve(cluster.context(&definition, *phase)));
    (diagnostics, phases.iter().map(tree).collect())
}

/// Who needs whom in a phase, as the components declare it: a unit, and one that provides what it needs. None where
/// the definition cannot be read.
pub fn needs(cluster: &Cluster, phase: Phase) -> Option<Vec<(String, String)>> {
    let definition = definition(cluster)?;
    let plan = resolve(cluster.context(&definition, phase));
    let applied = || plan.units.values().filter(|it| !it.outside);
    let mut needs = Vec::new();
    for unit in applied() {
        for what in &unit.needs {
            let provides =
                |it: &&components::Unit| it.name == ***what || it.provides.iter().any(|it| **it == ***what);
            needs.extend(
                applied()
                    .filter(provides)
                    .filter(|it| it.name != unit.name)
                    .map(|it| (unit.name.clone(), it.name.clone())),
            );
        }
    }
    Some(needs)
}
