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

    /// Deletes what runs left that were killed, and puts an old tree back; to be called under the lock.
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
                let old = path.join("old");
                if old.exists() && !self.target.exists() {
                    fs::rename(&old, &self.target).map_err(WriteError::io("restore", &self.target))?;
                }
                Staging(path.clone()).remove().map_err(WriteError::io("remove", &path))?;
            } else {
                // Killed between two steps, it is empty; else it is somebody's, and stays.
                let _ = fs::remove_dir(&path);
            }
        }
        Ok(())
    }

    /// `unchanged` names the files, sorted, that the target has already.
    pub(super) fn replace(&self, tree: &Tree, unchanged: &[String]) -> Result<(), WriteError> {
        let staging = self.stage()?;
        let new = staging.0.join("new");
        self.fill(&new, tree, unchanged)?;
        match fs::metadata(&self.target) {
            Ok(old) => {
                fs::set_permissions(&new, old.permissions()).map_err(WriteError::io("set up", &new))?;
                exchange(&new, &self.target, &staging.0.join("old"))
            }
            Err(_) => rename_new(&new, &self.target),
        }
        .map_err(WriteError::io("replace", &self.target))
    }

    /// Unchanged files become second names of the old ones, which costs less than writing and, later, deleting
    /// them, and leaves their dates alone. No file is ever written in place, so neither tree can harm the other.
    fn fill(&self, new: &Path, tree: &Tree, unchanged: &[String]) -> Result<(), WriteError> {
        let mut folder = PathBuf::new();
        for (name, content) in tree.files() {
            let path = new.join(name);
            if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
                fs::create_dir_all(parent).map_err(WriteError::io("create", parent))?;
                folder = parent.into();
            }
            let kept = unchanged.binary_search_by(|other| other.as_str().cmp(name)).is_ok();
            // Not every file system has second names, nor every user the right to give them.
            if !(kept && fs::hard_link(self.target.join(name), &path).is_ok()) {
                fs::write(&path, content).map_err(WriteError::io("write", &path))?;
            }
        }
        Ok(())
    }

    fn stage(&self) -> Result<Staging, WriteError> {
        let mut name = self.prefix.clone();
        name.push(std::process::id().to_string());
        let path = self.parent.join(name);
        fs::create_dir(&path).map_err(WriteError::io("create", &path))?;
        let staging = Staging(path);
        let marker = staging.0.join(MARKER);
        File::create(&marker).map_err(WriteError::io("create", &marker))?;
        Ok(staging)
    }
}

/// A staging folder, which goes when it is dropped: after a success it holds the old tree.
struct Staging(PathBuf);

impl Staging {
    /// The marker goes last, so that a killed removal is finished by the next run.
    fn remove(&self) -> io::Result<()> {
        for part in ["new", "old"] {
            let part = self.0.join(part);
            match remove_all(&part) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::remove_dir_all(&self.0)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The tree is written, or another error is under way; the next run tries again.
        let _ = self.remove();
    }
}

/// Also where a folder is read-only.
fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(folder)?;
            fs::remove_dir_all(folder)
        }
        other => other,
    }
}

fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

/// Swaps two folders in one step, where kernel and file system can; else in two, of which the first is taken
/// back when the second fails, or by the next run's `sweep` when the process is killed between the two.
fn exchange(new: &Path, target: &Path, old: &Path) -> io::Result<()> {
    match renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE) {
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => rename_twice(new, target, old),
        other => Ok(other?),
    }
}

pub(super) fn rename_twice(new: &Path, target: &Path, old: &Path) -> io::Result<()> {
    fs::rename(target, old)?;
    fs::rename(new, target).inspect_err(|_| {
        // Nothing better can be done if this fails too; the error names the target.
        let _ = fs::rename(old, target);
    })
}

/// Where there was no target: never over one that has just appeared.
fn rename_new(new: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, new, CWD, target, RenameFlags::NOREPLACE) {
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => fs::rename(new, target),
        other => Ok(other?),
    }
}

fn no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || matches!(Errno::from_io_error(error), Some(Errno::BADF | Errno::NOLCK | Errno::INVAL))
}
