//! `tombolo`: compiles `clusters/*/cluster.yaml` into `clusters/*/generated/`.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&*error);
            ExitCode::from(2)
        }
    }
}
