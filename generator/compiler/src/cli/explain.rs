//! `tombolo explain`: the page of a diagnostic.

use super::{Failure, print};
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Explain {
    /// The code in brackets: `dangling-address`. All are listed where absent.
    code: Option<String>,
}

impl Explain {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let Some(code) = self.code else {
            print(&compiler::explain_all())?;
            return Ok(ExitCode::SUCCESS);
        };
        match compiler::explain(&code) {
            Ok(page) => print(&page)?,
            Err(close) => {
                let hint = close.map_or_else(
                    || "`tombolo explain` lists them".into(),
                    |it| format!("did you mean `{it}`?"),
                );
                return Err(format!("there is no diagnostic `{code}`; {hint}").into());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
