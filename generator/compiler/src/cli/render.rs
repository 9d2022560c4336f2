//! `tombolo render`: compiles, and writes the tree or shows how it differs.

use super::{Failure, Which, print, say, show};
use clap::Args;
use compiler::Options;
use model::Phase;
use similar::TextDiff;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tree::{Outcome, Tree};

/// Where a tree says which phase it is of.
const INDEX: &str = "talos/nodes.json";

// Each is a flag of the command line.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Args)]
pub struct Render {
    #[command(flatten)]
    which: Which,
    /// Write nothing; show what is stale as a diff, and exit 1 if anything is.
    #[arg(long)]
    check: bool,
    /// Another phase of the migration than the definition's own, for review.
    #[arg(long, value_parser = phase, requires = "out")]
    phase: Option<Phase>,
    /// Write below this folder, one folder a cluster, instead of into clusters/*/generated/.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Overwrite files of the tree that a hand changed.
    #[arg(long, conflicts_with = "check")]
    force: bool,
    /// Go on to a later phase than the next one after the phase of the tree that is there.
    #[arg(long, conflicts_with_all = ["check", "out"])]
    skip_phases: bool,
    /// Say nothing of what changed.
    #[arg(long, short)]
    quiet: bool,
}

fn phase(text: &str) -> Result<Phase, String> {
    Phase::ALL.into_iter().find(|phase| phase.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Phase::ALL.iter().map(|phase| phase.name()).collect();
        format!("the phases are {}", names.join(", "))
    })
}

impl Render {
    pub fn run(self, root: &Path) -> Result<ExitCode, Failure> {
        let mut at_fault = false;
        let mut trees = Vec::new();
        for (folder, cluster) in self.which.load(root)? {
            let compiled = compiler::compile(&cluster, Options { phase: self.phase });
            show(&cluster, &compiled.diagnostics);
            let target = match &self.out {
                Some(out) => out.join(&cluster.name),
                None => folder.join("generated"),
            };
            match compiled.tree {
                Some(tree) => trees.push((target, tree)),
                None => at_fault = true,
            }
        }
        if at_fault {
            say("nothing was written\n");
            return Ok(ExitCode::FAILURE);
        }
        if self.out.is_none() && !self.check && !self.skip_phases {
            for (target, tree) in &trees {
                if let Some(refusal) = skipped(&shown(root, target), &tree::plan(tree, target)?, tree) {
                    say(&refusal);
                    at_fault = true;
                }
            }
            if at_fault {
                return Ok(ExitCode::FAILURE);
            }
        }
        for (target, tree) in trees {
            if self.check {
                at_fault |= self.compare(root, &target, &tree)?;
            } else {
                self.write(root, &target, &tree)?;
            }
        }
        Ok(if at_fault { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn write(&self, root: &Path, target: &Path, tree: &Tree) -> Result<(), Failure> {
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        }
        let outcome = tree::write(tree, target, tree::Options { overwrite: self.force })?;
        if !self.quiet {
            print(&summary(&shown(root, target), tree, &outcome))?;
        }
        Ok(())
    }

    /// Whether the tree on disk is stale; says how.
    fn compare(&self, root: &Path, target: &Path, tree: &Tree) -> Result<bool, Failure> {
        let outcome = tree::plan(tree, target)?;
        let stale = !outcome.is_unchanged();
        let name = shown(root, target);
        if stale && !self.quiet {
            let mut diff = String::new();
            let new = |path: &str| tree.get(path).unwrap_or_default();
            for path in &outcome.added {
                unified(&mut diff, "/dev/null", &format!("b/{name}/{path}"), &[], new(path));
            }
            for file in &outcome.changed {
                let path = format!("{name}/{}", file.path);
                unified(&mut diff, &format!("a/{path}"), &format!("b/{path}"), &file.old, new(&file.path));
            }
            for file in &outcome.removed {
                unified(&mut diff, &format!("a/{name}/{}", file.path), "/dev/null", &file.old, &[]);
            }
            print(&diff)?;
        }
        if stale {
            say(&format!("{}`tombolo render` brings it up to date\n", summary(&name, tree, &outcome)));
        } else if !self.quiet {
            print(&summary(&name, tree, &outcome))?;
        }
        Ok(stale)
    }
}

/// Why the tree may not take the place of the one that is there: phases lie between, and each is a state that the
/// cluster has to reach before the next.
fn skipped(name: &str, outcome: &Outcome, tree: &Tree) -> Option<String> {
    let of = |index: &[u8]| {
        let index: serde_json::Value = serde_json::from_slice(index).ok()?;
        phase(index["phase"].as_str()?).ok()
    };
    let before = of(&outcome.changed.iter().find(|file| file.path == INDEX)?.old)?;
    let after = of(tree.get(INDEX)?)?;
    let between: Vec<&str> =
        Phase::ALL.iter().filter(|it| before < **it && **it < after).map(|it| it.name()).collect();
    let next = between.first()?;
    Some(format!(
        "`{name}` is the tree of the phase `{before}`, and the definition goes on to `{after}`, so nothing was written:\n  \
         between them {} {}: each is rendered, committed and synced before the next\n\
         help: write `migration: {{ phase: {next} }}`, or render with `--skip-phases` where nothing of that tree runs yet\n",
        if between.len() == 1 { "comes" } else { "come" },
        between.join(", ")
    ))
}

fn shown(root: &Path, target: &Path) -> String {
    target.strip_prefix(root).unwrap_or(target).display().to_string()
}

fn unified(out: &mut String, before: &str, after: &str, old: &[u8], new: &[u8]) {
    match (std::str::from_utf8(old), std::str::from_utf8(new)) {
        (Ok(old), Ok(new)) => {
            let _ = write!(
                out,
                "{}",
                TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(before, after)
            );
        }
        _ => {
            let _ = writeln!(out, "Binary files {before} and {after} differ");
        }
    }
}

/// What changed, by component.
fn summary(name: &str, tree: &Tree, outcome: &Outcome) -> String {
    let mut parts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let added = outcome.added.iter().map(|path| (0, path));
    let changed = outcome.changed.iter().map(|file| (1, &file.path));
    let removed = outcome.removed.iter().map(|file| (2, &file.path));
    for (kind, path) in added.chain(changed).chain(removed).filter(|(_, path)| *path != tree::CHECKSUMS) {
        parts.entry(component(path)).or_default()[kind] += 1;
    }
    if parts.is_empty() {
        return format!("{name}: {} files, nothing changed\n", tree.len());
    }
    if outcome.added.len() == tree.len() {
        return format!("{name}: {} files, all new\n", tree.len());
    }
    let mut out = format!("{name}: {} files\n", tree.len());
    for (part, counts) in parts {
        let words = ["added", "changed", "removed"];
        let counts: Vec<String> = counts
            .iter()
            .zip(words)
            .filter(|(count, _)| **count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let _ = writeln!(out, "  {part:<24} {}", counts.join(", "));
    }
    out
}

/// What a path of the tree belongs to: a component, or a part of the tree.
fn component(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["apps", _, component, _, ..] => component.into(),
        ["apps", namespace, _] => format!("namespace {namespace}"),
        [folder, _, ..] => folder.into(),
        _ => "index".into(),
    }
}
