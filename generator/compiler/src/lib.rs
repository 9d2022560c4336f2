//! The pipeline: load, parse, resolve, check, emit, write.

mod adopt;
mod check;
mod emit;
mod explain;
mod json;
pub mod load;
mod pages;
mod parse;
mod resolve;
pub mod testing;

use components::{Adopted, Context, Files};
use model::{Definition, Diagnostics, FileId, Phase, Sources};
use tree::Tree;

pub use explain::{explain, explain_all, explain_markdown};
pub use json::json;
pub use resolve::resolve;

/// A cluster as loaded: its definition and what lies beside it.
#[derive(Debug)]
pub struct Cluster {
    /// The folder below `clusters/`.
    pub name: String,
    pub sources: Sources,
    pub definition: FileId,
    pub files: Files,
    /// What the repository holds already, and the definition adopts.
    pub adopted: Adopted,
}

impl Cluster {
    fn context<'a>(&'a self, definition: &'a Definition, phase: Phase) -> Context<'a> {
        Context { definition, phase, cluster: &self.name, files: &self.files, adopted: &self.adopted }
    }
}

/// What compiling gave: everything found wrong, and the tree unless that holds an error.
#[derive(Debug)]
pub struct Compiled {
    pub diagnostics: Diagnostics,
    pub tree: Option<Tree>,
}

/// What to compile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Another phase than the definition's own.
    pub phase: Option<Phase>,
}

/// Compiles one cluster, or says everything that is wrong with it.
pub fn compile(cluster: &Cluster, options: Options) -> Compiled {
    let mut diagnostics = Diagnostics::default();
    let Some(parsed) =
        parse::parse::<model::Definition>(&cluster.sources, cluster.definition, &mut diagnostics)
    else {
        diagnostics.sort();
        return Compiled { diagnostics, tree: None };
    };
    let definition = &parsed.value;
    let mut found = Diagnostics::default();
    check::run(definition, cluster, &mut found);
    found.retain(|it| !it.labels().any(|label| parsed.poisoned.iter().any(|span| span.overlaps(label.span))));
    diagnostics.extend(found);
    diagnostics.sort();
    let phase = options.phase.unwrap_or(definition.migration.phase());
    let tree = (!diagnostics.has_errors()).then(|| emit::emit(&resolve(cluster.context(definition, phase))));
    Compiled { diagnostics, tree }
}

/// The JSON Schema of a definition, as a file.
pub fn schema() -> String {
    format!("{:#}\n", parse::schema::<model::Definition>())
}

/// The name that is most like `word`, if one is like it at all.
pub(crate) fn closest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + word.len().min(name.len()) / 4)
        .min()
        .map(|(_, name)| name)
}
