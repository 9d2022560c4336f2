//! A git repository that Flux reads: whole states of it are committed, one after the other.

use crate::fault::Fault;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The content of files by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A bare repository, and a folder that its commits are made in.
#[derive(Debug)]
pub(crate) struct Repository {
    bare: PathBuf,
    work: tempfile::TempDir,
}

impl Repository {
    pub(crate) fn create(bare: PathBuf) -> Result<Self, Fault> {
        fs::create_dir_all(&bare).map_err(Fault::at(&bare))?;
        let work = tempfile::tempdir().map_err(|it| Fault::new(it.to_string()))?;
        let repository = Self { bare, work };
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main"])?;
        Ok(repository)
    }

    /// Makes the repository hold these files alone. The commit that then holds them: the last one where nothing
    /// has changed.
    pub(crate) fn commit(&self, files: &Files, message: &str) -> Result<String, Fault> {
        let folder = self.work.path();
        fs::remove_dir_all(folder).map_err(Fault::at(folder))?;
        for (name, bytes) in files {
            let path = folder.join(name);
            let above = path.parent().expect("a file lies in a folder");
            fs::create_dir_all(above).map_err(Fault::at(above))?;
            fs::write(&path, bytes).map_err(Fault::at(&path))?;
        }
        self.git(&["add", "--all", "."])?;
        if !self.git(&["status", "--porcelain"])?.is_empty() {
            self.git(&["commit", "--quiet", "--message", message])?;
        }
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_owned())
    }

    /// Names the last commit.
    pub(crate) fn tag(&self, name: &str) -> Result<(), Fault> {
        self.git(&["tag", name]).map(drop)
    }

    fn git(&self, arguments: &[&str]) -> Result<String, Fault> {
        let mut command = Command::new("git");
        if arguments.first() != Some(&"init") {
            command.arg("--work-tree").arg(self.work.path());
        }
        let output = command
            .current_dir(if self.work.path().is_dir() { self.work.path() } else { Path::new("/") })
            .arg("--git-dir")
            .arg(&self.bare)
            .args(["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.bare=false"])
            .args(arguments)
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
            .output()
            .map_err(|it| Fault::new(format!("git: {it}")))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(Fault::new(format!(
                "git {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            )))
        }
    }
}
