//! `tombolo init`: a first definition, commented, that compiles as it is.

use super::{Failure, print};
use clap::Args;
use model::{Scalar, scalar::Name};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    process::ExitCode,
};

const DEFINITION: &str = include_str!("init.yaml");
const PAGE: &str = include_str!("init.html");

#[derive(Debug, Args)]
pub struct Init {
    /// The cluster's name, which becomes its folder below `clusters`.
    name: String,
}

impl Init {
    pub fn run(self, root: &Path) -> Result<ExitCode, Failure> {
        let name = Name::parse(&self.name).map_err(|fault| match fault.help {
            Some(help) => format!("`{}`: {}; {help}", self.name, fault.message),
            None => format!("`{}`: {}", self.name, fault.message),
        })?;
        let folder = root.join("clusters").join(&*name);
        let definition = folder.join("cluster.yaml");
        if definition.symlink_metadata().is_ok() {
            return Err(format!("{} is there already; nothing was written", definition.display()).into());
        }
        let website = folder.join("website");
        fs::create_dir_all(&website).map_err(|error| format!("{}: {error}", website.display()))?;
        write_new(&website.join("index.html"), &PAGE.replace("NAME", &name))?;
        // The program's own, so what is there may go: an editor reads it beside the definitions.
        let schema = root.join("clusters/cluster.schema.json");
        if schema.exists() {
            fs::remove_file(&schema).map_err(|error| format!("{}: {error}", schema.display()))?;
        }
        write_new(&schema, &compiler::schema())?;
        write_new(&definition, &DEFINITION.replace("NAME", &name))?;
        print(&format!(
            "wrote {}\nnext: put your own names and addresses there, then `tombolo check` and `tombolo render {name}`\n",
            definition.display()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Never over a file that is there.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| format!("{}: {error}", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    Ok(file.write_all(text.as_bytes()).map_err(failed)?)
}
