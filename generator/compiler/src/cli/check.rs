//! `tombolo check`: says what is wrong, and writes nothing.

use super::{Failure, Which, print, show};
use clap::{Args, ValueEnum};
use compiler::Options;
use std::{path::Path, process::ExitCode};

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    which: Which,
    /// For a person, or for a program.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit 1 for warnings too.
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    Human,
    Json,
}

impl Check {
    pub fn run(self, root: &Path) -> Result<ExitCode, Failure> {
        let mut at_fault = false;
        let mut all = Vec::new();
        for (_, cluster) in self.which.load(root)? {
            let compiled = compiler::compile(&cluster, Options::default());
            at_fault |=
                compiled.diagnostics.has_errors() || self.deny_warnings && !compiled.diagnostics.is_empty();
            match self.format {
                Format::Human => {
                    show(&cluster, &compiled.diagnostics);
                    if compiled.diagnostics.is_empty() {
                        print(&format!("{}: nothing is wrong\n", cluster.sources.name(cluster.definition)))?;
                    }
                }
                Format::Json => all.extend(compiler::json(&cluster, &compiled.diagnostics)),
            }
        }
        if self.format == Format::Json {
            print(&format!("{:#}\n", serde_json::json!({ "diagnostics": all })))?;
        }
        Ok(if at_fault { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
