//! The pipeline: load, parse, resolve, check, emit, write.

mod adopt;
mod check;
mod emit;
mod explain;
mod fix;
pub mod load;
mod pages;
mod parse;
mod report;
mod resolve;
mod suggest;
pub mod testing;

use components::{Adopted, Context, Files};
use model::{Definition, Diagnostics, FileId, Phase, Sources, scalar::Date};
use tree::Tree;

pub use explain::{explain, explain_all, explain_markdown, known_code};
pub use fix::{Fixed, fix};
pub use report::{Report, github, json, json_schema, sarif};
pub use resolve::resolve;
pub(crate) use suggest::{closest, is_slip, meant};

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
    compile_on(cluster, options, None)
}

/// The same on a day, on which allowances may have run out. Without one none has; the tree is the same on every day.
pub fn compile_on(cluster: &Cluster, options: Options, today: Option<Date>) -> Compiled {
    let mut diagnostics = Diagnostics::default();
    let Some(parsed) =
        parse::parse::<model::Definition>(&cluster.sources, cluster.definition, &mut diagnostics)
    else {
        diagnostics.sort();
        fix::settle(&cluster.sources, cluster.definition, &mut diagnostics);
        return Compiled { diagnostics, tree: None };
    };
    let definition = &parsed.value;
    let mut found = Diagnostics::default();
    check::run(definition, cluster, &diagnostics, &mut found);
    check::allow::allow(&definition.checks, today, &mut found);
    found.retain(|it| !it.labels().any(|label| parsed.poisoned.iter().any(|span| span.overlaps(label.span))));
    diagnostics.extend(found);
    diagnostics.sort();
    fix::settle(&cluster.sources, cluster.definition, &mut diagnostics);
    let phase = options.phase.unwrap_or(definition.migration.phase());
    let tree = (!diagnostics.has_errors()).then(|| emit::emit(&resolve(cluster.context(definition, phase))));
    Compiled { diagnostics, tree }
}

/// The JSON Schema of a definition, as a file.
pub fn schema() -> String {
    format!("{:#}\n", parse::schema::<model::Definition>())
}
