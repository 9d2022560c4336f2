//! `tombolo check --fix`: writes what is certain into the definition, whole or not at all.

use super::{Failure, say};
use compiler::{Cluster, Fixed};
use model::{Diagnostic, Diagnostics, scalar::Date};
use similar::TextDiff;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Mends the definition in a folder, shows how, and gives what is wrong still.
pub fn fix(
    folder: &Path,
    cluster: &mut Cluster,
    today: Option<Date>,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Result<Diagnostics, Failure> {
    let name = cluster.sources.name(cluster.definition).to_owned();
    let before = cluster.sources.text(cluster.definition).to_owned();
    let Fixed { text, mended, left } = compiler::fix(cluster, today, wanted);
    if mended.is_empty() {
        say(&format!("{name}: nothing can be mended for certain\n"));
        return Ok(left);
    }
    // The file itself, where a link leads to it.
    let path = folder.join("cluster.yaml");
    let path = fs::canonicalize(&path).map_err(failed(&path))?;
    replace(&path, &before, &text)?;
    let diff = TextDiff::from_lines(before.as_str(), text.as_str());
    let diff = diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    say(&diff);
    for (code, message) in &mended {
        say(&format!("mended[{code}]: {message}\n"));
    }
    say("\n");
    Ok(left)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}; nothing was changed", path.display())
}

/// Puts a new text in the place of a file that has another still: both are there whole at any time.
fn replace(path: &Path, before: &str, text: &str) -> Result<(), Failure> {
    let meta = fs::metadata(path).map_err(failed(path))?;
    if meta.permissions().readonly() {
        return Err(format!("{} may not be written to; nothing was changed", path.display()).into());
    }
    let mut beside = path.to_path_buf().into_os_string();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = write_beside(&beside, path, before, text, meta.permissions());
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_beside(
    beside: &Path,
    path: &Path,
    before: &str,
    text: &str,
    permissions: fs::Permissions,
) -> Result<(), Failure> {
    let mark = "\u{feff}";
    let mut file = OpenOptions::new().write(true).create_new(true).open(beside).map_err(failed(beside))?;
    let now = compiler::load::text(path)?;
    let marked = now.starts_with(mark);
    if now.trim_start_matches(mark) != before {
        return Err(format!("{} was changed meanwhile; nothing was changed", path.display()).into());
    }
    let whole = format!("{}{text}", if marked { mark } else { "" });
    file.write_all(whole.as_bytes()).map_err(failed(beside))?;
    fs::set_permissions(beside, permissions).map_err(failed(beside))?;
    file.sync_all().map_err(failed(beside))?;
    fs::rename(beside, path).map_err(failed(path))?;
    Ok(())
}
