//! `tombolo check`: says what is wrong. It writes nothing, but with `--fix` what is certain into the definition.

use super::{Failure, Which, fix, print, show};
use clap::{Args, ValueEnum};
use compiler::{Cluster, Options};
use model::{Diagnostics, Scalar, Severity, scalar::Date};
use std::{path::Path, process::ExitCode};

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    which: Which,
    /// For a person; as our own JSON; as SARIF 2.1.0; as annotations of GitHub.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit 1 for these too.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// Say nothing of other codes than this. May be given more than once.
    #[arg(long, value_name = "CODE", value_parser = code)]
    only: Vec<&'static str>,
    /// Say nothing of warnings of this code, this time. May be given more than once.
    #[arg(long, value_name = "CODE", value_parser = code)]
    allow: Vec<&'static str>,
    /// Mend the definition where the fix is certain, and show what changed. Comments and layout stay.
    #[arg(long)]
    fix: bool,
    /// Whether allowances have run out is told by this day instead of today.
    #[arg(long, value_name = "YYYY-MM-DD", env = "TOMBOLO_TODAY", value_parser = day)]
    today: Option<Date>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    Human,
    Json,
    Sarif,
    Github,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Deny {
    Warnings,
}

fn code(text: &str) -> Result<&'static str, String> {
    compiler::known_code(text).map_err(|close| match close {
        Some(close) => format!("there is no diagnostic `{text}`; did you mean `{close}`?"),
        None => format!("there is no diagnostic `{text}`; `tombolo explain` lists them"),
    })
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text).map_err(|fault| match fault.help {
        Some(help) => format!("{}; {help}", fault.message),
        None => fault.message,
    })
}

/// The day that it is, in UTC.
// Only `check` asks what day it is, and nothing that is written depends on it.
#[allow(clippy::disallowed_methods)]
fn today() -> Option<Date> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Date::of_seconds(i64::try_from(since.as_secs()).ok()?)
}

impl Check {
    pub fn run(self, root: &Path) -> Result<ExitCode, Failure> {
        let today = self.today.or_else(today);
        let mut all: Vec<(Cluster, Diagnostics)> = Vec::new();
        for (folder, mut cluster) in self.which.load(root)? {
            let mut diagnostics = if self.fix {
                fix::fix(&folder, &mut cluster, today, |it| self.wants(it.code))?
            } else {
                compiler::compile_on(&cluster, Options::default(), today).diagnostics
            };
            diagnostics.retain(|it| {
                let allowed = it.severity == Severity::Warning && self.allow.contains(&it.code);
                self.wants(it.code) && !allowed
            });
            all.push((cluster, diagnostics));
        }
        self.tell(&all)?;
        let denied = |it: &Diagnostics| self.deny == Some(Deny::Warnings) && !it.is_empty();
        let at_fault = all.iter().any(|(_, it)| it.has_errors() || denied(it));
        Ok(if at_fault { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn wants(&self, code: &str) -> bool {
        self.only.is_empty() || self.only.contains(&code)
    }

    fn tell(&self, all: &[(Cluster, Diagnostics)]) -> Result<(), Failure> {
        let each = || all.iter().map(|(cluster, diagnostics)| (cluster, diagnostics));
        match self.format {
            Format::Human => {
                for (cluster, diagnostics) in all {
                    show(cluster, diagnostics);
                    if diagnostics.is_empty() {
                        let name = cluster.sources.name(cluster.definition);
                        let what = if self.only.is_empty() && self.allow.is_empty() {
                            "nothing is wrong"
                        } else {
                            "nothing is wrong, as far as was asked"
                        };
                        print(&format!("{name}: {what}\n"))?;
                    }
                }
            }
            Format::Json => {
                let report = serde_json::to_value(compiler::json(each()))?;
                print(&format!("{report:#}\n"))?;
            }
            Format::Sarif => print(&format!("{:#}\n", compiler::sarif(each())))?,
            Format::Github => {
                for (cluster, diagnostics) in all {
                    print(&compiler::github(cluster, diagnostics))?;
                }
            }
        }
        Ok(())
    }
}
