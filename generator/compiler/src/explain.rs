//! The page of each diagnostic, out of the `//!` of the file that reports it.

use crate::{check::CHECKS, closest, parse};
use std::fmt::Write;

/// Every code, by what it is about.
pub fn explain_all() -> String {
    let mut out = String::from("The definition's form\n");
    for (code, page) in parse::CODES {
        let _ = writeln!(out, "  {code:<38} {}", first_line(page));
    }
    let mut areas: Vec<_> = CHECKS.iter().map(|check| check.area).collect();
    areas.sort();
    areas.dedup();
    for area in areas {
        let _ = writeln!(out, "\n{}", area.title());
        for check in CHECKS.iter().filter(|check| check.area == area) {
            let _ = writeln!(out, "  {:<38} {}", check.code, first_line(&page(check.page)));
        }
    }
    out.push_str("\n`tombolo explain CODE` says more of each.\n");
    out
}

/// The page of one code; where there is none, the code that is most like it.
pub fn explain(code: &str) -> Result<String, Option<&'static str>> {
    if let Some((code, text)) = parse::CODES.iter().find(|(it, _)| *it == code) {
        return Ok(format!("{code}\n\n{text}\n"));
    }
    match CHECKS.iter().find(|check| check.code == code) {
        Some(check) => Ok(format!("{}\n\n{}", check.code, page(check.page))),
        None => Err(closest(
            code,
            CHECKS.iter().map(|check| check.code).chain(parse::CODES.iter().map(|(code, _)| *code)),
        )),
    }
}

/// The `//!` at the top of a source file.
fn page(source: &str) -> String {
    let mut out = String::new();
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        out.push_str(line.strip_prefix(' ').unwrap_or(line));
        out.push('\n');
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn first_line(page: &str) -> &str {
    page.lines().next().unwrap_or_default().trim_end_matches('.')
}
