//! The files of a repository and of checkouts beside it, for what the definition adopts.
//!
//! Nothing here ends the run: what cannot be had is told to whoever asked, and becomes a diagnostic.

use super::{LoadError, read};
use crate::adopt::{Disk, Kind};
use components::adopted::Why;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// The largest file that is read: the CRDs of an operator are a tenth of it.
const MOST_FILE: u64 = 4 << 20;

/// All files together.
const MOST: u64 = 64 << 20;

/// How many files are read.
const MOST_FILES: usize = 20_000;

pub(super) struct Folders<'a> {
    /// The repository.
    pub(super) root: &'a Path,
    /// The folder of the definition, which checkouts are relative to.
    pub(super) cluster: &'a Path,
    left: u64,
    files: usize,
    /// Folders that are no links, nor lie below one.
    plain: BTreeSet<PathBuf>,
}

impl<'a> Folders<'a> {
    pub(super) fn new(root: &'a Path, cluster: &'a Path) -> Self {
        Self { root, cluster, left: MOST, files: 0, plain: BTreeSet::new() }
    }

    fn base(&self, root: &str) -> PathBuf {
        if root.is_empty() { self.root.into() } else { self.cluster.join(root) }
    }

    /// A path on the disk, once nothing on the way to it is a link.
    fn path(&mut self, root: &str, path: &str) -> Result<PathBuf, Why> {
        let mut at = self.base(root);
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at.push(part);
            if self.plain.contains(&at) {
                continue;
            }
            let meta = at.symlink_metadata().map_err(|error| refused(&error))?;
            if meta.is_symlink() {
                return Err(Why::Link);
            }
            if meta.is_dir() {
                self.plain.insert(at.clone());
            }
        }
        Ok(at)
    }
}

impl Disk for Folders<'_> {
    fn look(&mut self, root: &str, path: &str) -> Result<Kind, Why> {
        let path = self.path(root, path)?;
        let meta = fs::metadata(&path).map_err(|error| refused(&error))?;
        match meta.file_type() {
            it if it.is_dir() => Ok(Kind::Folder),
            it if it.is_file() => Ok(Kind::File),
            _ => Err(Why::Special),
        }
    }

    fn list(&mut self, root: &str, path: &str) -> Result<Vec<String>, Why> {
        let path = self.path(root, path)?;
        let entries = fs::read_dir(&path).map_err(|error| refused(&error))?;
        // A name that is not text is no manifest's.
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    fn text(&mut self, root: &str, path: &str) -> Result<String, Why> {
        if self.files >= MOST_FILES || self.left == 0 {
            return Err(Why::TooMuch);
        }
        let limit = MOST_FILE.min(self.left);
        let path = self.path(root, path)?;
        let bytes = read(&path, limit).map_err(|error| match error {
            LoadError::Io { source, .. } => refused(&source),
            LoadError::TooLarge { .. } if limit < MOST_FILE => Why::TooMuch,
            LoadError::TooLarge { limit, .. } => Why::TooLarge { limit },
            _ => Why::Special,
        })?;
        self.files += 1;
        self.left -= bytes.len() as u64;
        crate::parse::decode(&bytes).map_err(Why::NotText)
    }
}

fn refused(error: &io::Error) -> Why {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Why::Missing { close: None },
        _ => Why::Refused(error.to_string()),
    }
}
