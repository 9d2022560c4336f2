//! Has the engines that read our output on a cluster read it here, and fails where one of them refuses it.
//!
//! The engines are Go programs on the real things' own modules, pinned in `engines/*/*.mod`. Each is built once
//! and kept by the hash of its folder, so that a second run builds nothing.

// It reads files and clocks as any program does; the rule is for the compiler, whose output must not depend on them.
#![allow(clippy::disallowed_methods)]

mod dialogue;
mod engine;
mod fault;
mod firewall;
mod kustomize;
mod live;
mod report;
mod schematic;
mod talos;
mod trees;

use clap::{Parser, ValueEnum};
use fault::Fault;
use report::Report;
use std::{path::PathBuf, process::ExitCode, time::Instant};

/// Has the engines that read our output on a cluster read it here.
///
/// Without TREEs every committed cluster is rendered in all seven phases and the committed trees are read too.
/// With TREEs (folders like clusters/example/generated) only those are read.
#[derive(Debug, Parser)]
#[command(name = "tests/conformance/run", after_help = engine::table())]
struct Arguments {
    /// The engines to ask, all but `live` where none is named; the folders to read.
    #[arg(value_name = "ENGINE | TREE")]
    what: Vec<String>,
    /// Build the engines, print where they are, and stop.
    #[arg(long)]
    build: bool,
    /// Write the objects that kustomize builds below this folder.
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// How many definitions to make up for Talos.
    #[arg(long, value_name = "N", default_value_t = 200)]
    cases: u32,
    /// Test the live cluster of this name alone, leave it up, and print its kubeconfig.
    #[arg(long, value_name = "CLUSTER")]
    keep: Option<String>,
    /// Do this one test with the live clusters.
    #[arg(long, value_name = "TEST")]
    only: Option<live::Test>,
    /// What the made-up definitions grow from; another seed, others.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Who reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Engine {
    /// Talos' own configuration code, one program a minor version.
    Talos,
    /// The Image Factory's code that names schematics.
    Schematic,
    /// kustomize's library, as Flux uses it.
    Kustomize,
    /// The kernel's own packet filter, with the firewalls of the nodes.
    Firewall,
    /// An API server, a scheduler and the controllers of Kubernetes, with simulated nodes.
    Live,
}

impl Engine {
    /// Those that read where none is named. The live cluster takes minutes to build, so it is asked for by name.
    const ALL: [Self; 4] = [Self::Talos, Self::Schematic, Self::Kustomize, Self::Firewall];

    fn name(self) -> String {
        self.to_possible_value().expect("every engine has a name").get_name().to_owned()
    }

    /// The folders of `engines/` that it needs.
    fn built(self) -> Vec<String> {
        match self {
            // The kernel is there already.
            Self::Firewall => Vec::new(),
            Self::Live => live::ENGINES.iter().map(ToString::to_string).collect(),
            _ => vec![self.name()],
        }
    }
}

fn main() -> ExitCode {
    firewall::inside();
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<bool, Fault> {
    let (chosen, trees) = chosen(&arguments)?;
    if arguments.build {
        for name in chosen.iter().flat_map(|it| it.built()) {
            println!("{}", engine::folder(&name)?.display());
        }
        return Ok(true);
    }
    let mut report = Report::default();
    let scope = trees::Scope::new(&trees)?;
    for engine in chosen {
        let start = Instant::now();
        println!("== {}", engine.name());
        match engine {
            Engine::Talos => talos::run(&scope, arguments.cases, arguments.seed, &mut report)?,
            Engine::Schematic => schematic::run(&scope, arguments.seed, &mut report)?,
            Engine::Firewall => firewall::run(&scope, &mut report)?,
            Engine::Kustomize => kustomize::run(&scope, arguments.output.as_deref(), &mut report)?,
            Engine::Live => {
                let wish = live::Wish { only: arguments.only, keep: arguments.keep.as_deref() };
                live::run(&scope, &wish, &mut report)?;
            }
        }
        println!("   {:.1} s\n", start.elapsed().as_secs_f64());
    }
    println!("{} passed, {} failed", report.passed, report.failed);
    Ok(report.failed == 0)
}

/// The engines to ask, and the folders to read.
fn chosen(arguments: &Arguments) -> Result<(Vec<Engine>, Vec<PathBuf>), Fault> {
    let mut engines = Vec::new();
    let mut trees = Vec::new();
    for word in &arguments.what {
        if let Ok(engine) = Engine::from_str(word, false) {
            engines.push(engine);
        } else if PathBuf::from(word).is_dir() {
            trees.push(word.into());
        } else {
            return Err(Fault::new(format!(
                "`{word}` is neither an engine nor a folder; --help lists the engines"
            )));
        }
    }
    if engines.is_empty() {
        engines.extend(Engine::ALL);
    }
    Ok((engines, trees))
}
