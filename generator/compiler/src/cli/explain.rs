//! `tombolo explain`: the page of a diagnostic.

use super::{Failure, print};
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Explain {
    /// The code in brackets: `dangling-address`. All are listed where absent.
    code: Option<String>,
    /// All pages as one in Markdown: `docs/checks.md` is made by this.
    #[arg(long, conflicts_with = "code")]
    markdown: bool,
}

impl Explain {
    pub fn run(self) -> Result<ExitCode, Failure> {
        if self.markdown {
            print(&compiler::explain_markdown())?;
            return Ok(ExitCode::SUCCESS);
        }
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
