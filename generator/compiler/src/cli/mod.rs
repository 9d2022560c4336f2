//! The command line. Exit codes: 0 fine, 1 the definition or tree is at fault, 2 the work could not be done.

mod check;
mod explain;
mod fix;
mod init;
mod render;

use clap::{Args, Parser, Subcommand};
use compiler::{Cluster, load};
use model::{Diagnostics, Severity};
use std::{
    env,
    error::Error,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

const EXAMPLES: &str = "\
A first run:
  tombolo init home            write clusters/home/cluster.yaml, commented
  tombolo check                say everything that is wrong with it
  tombolo render               write clusters/home/generated/; commit it, and Flux applies it

Before each commit:
  tombolo render --check       write nothing; show what is stale, and exit 1 if anything is
  tombolo explain CODE         what a diagnostic means, why it matters, and how to mend it

Exit codes: 0 fine, 1 the definition or the tree is at fault, 2 the work could not be done.";

/// Compiles one typed definition of a Kubernetes cluster at two sites into the whole tree that runs it.
#[derive(Debug, Parser)]
#[command(name = "tombolo", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// The repository: the folder that holds `clusters`. This folder or the next above that has one, where absent.
    #[arg(long, global = true, value_name = "FOLDER")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile, and write clusters/*/generated/ as a whole or not at all.
    Render(render::Render),
    /// Compile, and say what is wrong; write nothing.
    Check(check::Check),
    /// Say what a diagnostic means, why it matters, and how to mend it.
    Explain(explain::Explain),
    /// Print the JSON Schema of cluster.yaml, for editors.
    Schema {
        /// That of `check --format json` instead.
        #[arg(long)]
        diagnostics: bool,
    },
    /// Write a new definition, commented, that compiles as it is.
    Init(init::Init),
}

/// Which clusters.
#[derive(Debug, Args)]
struct Which {
    /// Folders below `clusters`, by name or path. All where absent.
    #[arg(value_name = "CLUSTER")]
    clusters: Vec<String>,
}

type Failure = Box<dyn Error>;

impl Cli {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let root = self.root;
        match self.command {
            Command::Render(render) => render.run(&found(root)?),
            Command::Check(check) => check.run(&found(root)?),
            Command::Explain(explain) => explain.run(),
            Command::Schema { diagnostics } => {
                print(&if diagnostics { compiler::json_schema() } else { compiler::schema() })?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Init(init) => init.run(&match root {
                Some(root) => root,
                None => env::current_dir().map_err(|error| format!("this folder: {error}"))?,
            }),
        }
    }
}

fn found(root: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let start = match root {
        Some(root) => {
            return Ok(std::path::absolute(&root).map_err(|error| format!("{}: {error}", root.display()))?);
        }
        None => env::current_dir().map_err(|error| format!("this folder: {error}"))?,
    };
    Ok(load::find_root(&start)?)
}

impl Which {
    /// Loads each cluster. One that cannot be read ends the run before anything is written.
    fn load(&self, root: &Path) -> Result<Vec<(PathBuf, Cluster)>, Failure> {
        let mut clusters = Vec::new();
        for folder in load::find(root, &self.clusters)? {
            let cluster = load::load(root, &folder)?;
            clusters.push((folder, cluster));
        }
        Ok(clusters)
    }
}

/// To standard output. A reader that has gone away, as `head` does, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}").into())
        }
        _ => Ok(()),
    }
}

/// To standard error; where that is gone too, there is nobody left to tell.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

pub fn complain(error: &dyn Error) {
    say(&format!("error: {error}\n"));
}

/// Shows diagnostics to a person, and how many there are.
fn show(cluster: &Cluster, diagnostics: &Diagnostics) {
    if diagnostics.is_empty() {
        return;
    }
    let colour = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    say(&diagnostics.render(&cluster.sources, colour));
    let count = |severity| match diagnostics.count(severity) {
        0 => None,
        1 => Some(format!("1 {severity}")),
        many => Some(format!("{many} {severity}s")),
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning].into_iter().filter_map(count).collect();
    let name = cluster.sources.name(cluster.definition);
    let certain = diagnostics.iter().filter(|it| !it.fix.is_empty()).count();
    say(&format!("{name}: {}\n`tombolo explain CODE` says more of each\n", counts.join(", ")));
    match certain {
        0 => {}
        1 => say("`tombolo check --fix` mends one of them\n"),
        many => say(&format!("`tombolo check --fix` mends {many} of them\n")),
    }
}
