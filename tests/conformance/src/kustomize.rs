//! Every kustomization, and every folder that a Flux Kustomization names, by kustomize's own library.

use crate::{
    engine,
    fault::Fault,
    report::Report,
    trees::{Scope, Tree},
};
use serde::Deserialize;
use std::{fs, path::Path, process::Command};

/// What kustomize says of one folder.
#[derive(Debug, Deserialize)]
struct Verdict {
    folder: String,
    ok: bool,
    /// In no tree of ours: listed, and not built.
    #[serde(default)]
    adopted: bool,
    objects: usize,
    error: String,
}

/// A folder of `fixtures/kustomize`, and what the engine must say of it; nothing where it must accept it.
#[derive(Debug, Deserialize)]
struct Fixture {
    tree: String,
    says: String,
}

pub(crate) fn run(scope: &Scope, output: Option<&Path>, report: &mut Report) -> Result<(), Fault> {
    let program = engine::folder("kustomize")?.join("kustomize");
    println!("{:<34} {:>8} {:>8} {:>8}", "tree", "folders", "objects", "adopted");
    for tree in scope.trees()? {
        let verdicts = build(&program, &tree, output)?;
        if verdicts.is_empty() {
            report.fail(&tree.title, "there is nothing to build");
        }
        let adopted = verdicts.iter().filter(|it| it.adopted).count();
        let objects: usize = verdicts.iter().map(|it| it.objects).sum();
        println!("{:<34} {:>8} {objects:>8} {adopted:>8}", tree.title, verdicts.len() - adopted);
        for verdict in verdicts.iter().filter(|it| !it.adopted || !it.ok) {
            let name = format!("{}: {}", tree.title, verdict.folder);
            report.words(&name, None, (!verdict.ok).then_some(&verdict.error));
        }
    }
    if matches!(scope, Scope::Whole(_)) {
        fixtures(&program, report)?;
    }
    Ok(())
}

/// The suite can fail: each fixture that must be refused is, in kustomize's own words.
fn fixtures(program: &Path, report: &mut Report) -> Result<(), Fault> {
    let folder = engine::suite().join("fixtures/kustomize");
    let list = folder.join("expected.json");
    let text = fs::read_to_string(&list).map_err(Fault::at(&list))?;
    let fixtures: Vec<Fixture> =
        serde_json::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", list.display())))?;
    for Fixture { tree, says } in fixtures {
        let verdicts = ask(program, &folder.join(&tree), None)?;
        let refusal: Vec<&str> = verdicts.iter().filter(|it| !it.ok).map(|it| it.error.as_str()).collect();
        let refusal = (!refusal.is_empty() || verdicts.is_empty()).then(|| refusal.join("\n"));
        let expected = (!says.is_empty()).then_some(says.as_str());
        report.words(&format!("fixture {tree}"), expected, refusal.as_deref());
    }
    Ok(())
}

fn build(program: &Path, tree: &Tree, output: Option<&Path>) -> Result<Vec<Verdict>, Fault> {
    let folder = tempfile::tempdir().map_err(|it| Fault::new(it.to_string()))?;
    tree.write(folder.path())?;
    let output = output.map(|it| it.join(tree.title.replace([',', ' ', '/'], "-")));
    ask(program, folder.path(), output.as_deref())
}

fn ask(program: &Path, tree: &Path, output: Option<&Path>) -> Result<Vec<Verdict>, Fault> {
    let mut command = Command::new(program);
    if let Some(output) = output {
        command.arg("-output").arg(output);
    }
    let answer = command.arg(tree).output().map_err(Fault::at(program))?;
    // Its exit code is 1 where it refuses something, which the verdicts say.
    if !matches!(answer.status.code(), Some(0 | 1)) {
        return Err(Fault::new(String::from_utf8_lossy(&answer.stderr).into_owned()));
    }
    let lines = String::from_utf8_lossy(&answer.stdout);
    let verdicts = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    verdicts.map_err(|it| Fault::new(format!("kustomize's answer: {it}\n{lines}")))
}
