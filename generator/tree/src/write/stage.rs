//! Beside the target: the lock, the staging folder, and the exchange.

use super::WriteError;
use crate::Tree;
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Says in each staging folder that it is ours to delete.
const MARKER: &str = "staged-by-tombolo";

/// A target, and where it stands.
pub(super) struct Place {
    target: PathBuf,
    parent: PathBuf,
    /// What the names of staging folders begin with.
    prefix: OsString,
}

impl Place {
    pub(super) fn of(target: &Path) -> Result<Self, WriteError> {
        let Some(name) = target.file_name() else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a name");
            return Err(WriteError::io("write to", target)(error));
        };
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let mut prefix = name.to_os_string();
        prefix.push(".new-");
        Ok(Self { target: parent.join(name), parent, prefix })
    }

    /// Waits for other runs. Where a file system has no locks on folders (NFS), runs do not wait.
    pub(super) fn lock(&self) -> Result<Option<File>, WriteError> {
        fs::create_dir_all(&self.parent).map_err(WriteError::io("create", &self.parent))?;
        let folder = File::open(&self.parent).map_err(WriteError::io("open", &self.parent))?;
        match folder.lock() {
            Ok(()) => Ok(Some(folder)),
            Err(error) if no_locks(&error) => Ok(None),
            Err(error) => Err(WriteError::io("lock", &self.parent)(error)),
        }
    }

    /// Deletes what runs left that were killed; to be called under the lock.
    pub(super) fn sweep(&self) -> Result<(), WriteError> {
        let entries = fs::read_dir(&self.parent).map_err(WriteError::io("list", &self.parent))?;
        for entry in entries {
            let entry = entry.map_err(WriteError::io("list", &self.parent))?;
            let ours = entry.file_name().as_encoded_bytes().starts_with(self.prefix.as_encoded_bytes())
                && entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !ours {
                continue;
            }
            let path = entry.path();
            if path.join(MARKER).is_file() {
                Staging(path.clone()).remove().map_err(WriteError::io("remove", &path))?;
            } else {
                // Killed between two steps, it is empty; else it is somebody's, and stays.
                let _ = fs::remove_dir(&path);
            }
        }
        Ok(())
    }

    pub(super) fn replace(&self, tree: &Tree) -> Result<(), WriteError> {
        let staging = self.stage()?;
        let new = staging.0.join("new");
        write_files(tree, &new)?;
        match fs::metadata(&self.target) {
            Ok(old) => {
                fs::set_permissions(&new, old.permissions()).map_err(WriteError::io("set up", &new))?;
                exchange(&new, &self.target, &staging.0.join("old"))
            }
            Err(_) => rename_new(&new, &self.target),
        }
        .map_err(WriteError::io("replace", &self.target))
    }

    fn stage(&self) -> Result<Staging, WriteError> {
        let mut name = self.prefix.clone();
        name.push(std::process::id().to_string());
        let path = self.parent.join(name);
        fs::create_dir(&path).map_err(WriteError::io("create", &path))?;
        let staging = Staging(path);
        Ok(staging)
    }
}

struct Staging(PathBuf);
impl Staging {
    fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.0)
    }
}
impl Drop for Staging {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}
fn write_files(tree: &Tree, new: &Path) -> Result<(), WriteError> {
    for (path, bytes) in tree.files() {
        let path = new.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(WriteError::io("create", parent))?;
        }
        fs::write(&path, bytes).map_err(WriteError::io("write", &path))?;
    }
    Ok(())
}
fn exchange(new: &Path, target: &Path, _old: &Path) -> io::Result<()> {
    renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE).map_err(Into::into)
}
fn rename_new(new: &Path, target: &Path) -> io::Result<()> {
    renameat_with(CWD, new, CWD, target, RenameFlags::NOREPLACE).map_err(Into::into)
}
fn no_locks(_: &io::Error) -> bool {
    false
}
