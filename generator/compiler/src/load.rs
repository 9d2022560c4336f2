//! Reads a cluster from disk: its definition and what lies beside it. The only reader of files.

mod disk;

use crate::Cluster;
use components::Files;
use model::{FileId, Sources};
use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// No definition is larger; reading stops here, whatever the file holds.
pub const MOST_DEFINITION: u64 = 1 << 20;

/// All that lies beside a definition is kept in memory, so it has a limit.
pub const MOST_BESIDE: u64 = 64 << 20;

/// Why a cluster could not be read. Each names the path it failed on.
#[derive(Debug)]
pub enum LoadError {
    Io { path: PathBuf, source: io::Error },
    NotAFile { path: PathBuf },
    TooLarge { path: PathBuf, limit: u64 },
    NotText { path: PathBuf, reason: String },
    NoClusters { root: PathBuf },
    NoRepository { start: PathBuf },
    NoSuchCluster { name: String, close: Option<String>, root: PathBuf },
    BadName { path: PathBuf, reason: String },
    Link { path: PathBuf },
    NameNotText { path: PathBuf },
    NameNotInTree { path: PathBuf, reason: &'static str },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::NotAFile { path } => write!(f, "{} is not a file", path.display()),
            Self::TooLarge { path, limit } => {
                write!(
                    f,
                    "{} is larger than {} MiB, which is the most that is read",
                    path.display(),
                    limit >> 20
                )
            }
            Self::NotText { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::NoClusters { root } => write!(
                f,
                "no clusters/*/cluster.yaml in {}; `tombolo init NAME` writes a first one",
                root.display()
            ),
            Self::NoRepository { start } => write!(
                f,
                "no folder `clusters` in {} or above it; go to your repository, or run `tombolo init NAME` there",
                start.display()
            ),
            Self::NoSuchCluster { name, close, root } => {
                write!(f, "no {}", root.join("clusters").join(name).join("cluster.yaml").display())?;
                close.as_ref().map_or(Ok(()), |close| write!(f, "; did you mean `{close}`?"))
            }
            Self::BadName { path, reason } => {
                write!(f, "{}: the folder's name is the cluster's: {reason}", path.display())
            }
            Self::Link { path } => {
                write!(
                    f,
                    "{} is a symbolic link, which is not followed; put the files there themselves",
                    path.display()
                )
            }
            Self::NameNotText { path } => write!(f, "{}: the file's name is not UTF-8", path.display()),
            Self::NameNotInTree { path, reason } => {
                write!(f, "{} cannot be part of a tree: its path {reason}; rename it", path.display())
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// The folder that holds `clusters`: this one or the next above that has it.
pub fn find_root(start: &Path) -> Result<PathBuf, LoadError> {
    start
        .ancestors()
        .find(|folder| folder.join("clusters").is_dir())
        .map(Path::to_path_buf)
        .ok_or_else(|| LoadError::NoRepository { start: start.into() })
}

/// The folders of the clusters that are asked for, or of all, in name order.
pub fn find(root: &Path, wanted: &[String]) -> Result<Vec<PathBuf>, LoadError> {
    let clusters = root.join("clusters");
    let mut all = Vec::new();
    for entry in fs::read_dir(&clusters).map_err(|source| LoadError::Io { path: clusters.clone(), source })? {
        let path = entry.map_err(|source| LoadError::Io { path: clusters.clone(), source })?.path();
        if path.join("cluster.yaml").symlink_metadata().is_ok() {
            all.push(path);
        }
    }
    all.sort();
    if wanted.is_empty() {
        return if all.is_empty() { Err(LoadError::NoClusters { root: root.into() }) } else { Ok(all) };
    }
    wanted
        .iter()
        .map(|name| {
            let plain = name.trim_end_matches('/').trim_end_matches("/cluster.yaml");
            let as_path = Path::new(plain);
            if plain.contains('/') && as_path.join("cluster.yaml").symlink_metadata().is_ok() {
                return Ok(as_path.to_path_buf());
            }
            let path = clusters.join(plain);
            if all.contains(&path) {
                return Ok(path);
            }
            let names = all.iter().filter_map(|path| path.file_name()?.to_str());
            let close = crate::closest(plain, names).map(Into::into);
            Err(LoadError::NoSuchCluster { name: plain.into(), close, root: root.into() })
        })
        .collect()
}

/// Reads the cluster in `folder`.
pub fn load(root: &Path, folder: &Path) -> Result<Cluster, LoadError> {
    let folder = if folder.is_absolute() {
        folder.to_path_buf()
    } else {
        std::path::absolute(folder).map_err(|source| LoadError::Io { path: folder.into(), source })?
    };
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    if let Err(fault) = <model::scalar::Name as model::Scalar>::parse(&name) {
        return Err(LoadError::BadName { path: folder, reason: fault.message });
    }
    let path = folder.join("cluster.yaml");
    let bytes = read(&path, MOST_DEFINITION)?;
    let text =
        crate::parse::decode(&bytes).map_err(|reason| LoadError::NotText { path: path.clone(), reason })?;
    let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
    let mut files = Files::new();
    let mut left = MOST_BESIDE;
    beside(&folder, &folder, &mut files, &mut left)?;
    let (mut sources, definition) = (Sources::single(shown, text), FileId(0));
    // What is wrong with the definition is said when it is compiled; what can be read of it says what it adopts.
    let parsed =
        crate::parse::parse::<model::Definition>(&sources, definition, &mut model::Diagnostics::default());
    let adopted = parsed.map(|parsed| {
        crate::adopt::adopt(&parsed.value, &mut sources, &mut disk::Folders::new(root, &folder))
    });
    Ok(Cluster { name, sources, definition, files, adopted: adopted.unwrap_or_default() })
}

/// The text of a definition as it is now, with the byte order mark that it may begin with.
pub fn text(path: &Path) -> Result<String, LoadError> {
    let bytes = read(path, MOST_DEFINITION)?;
    String::from_utf8(bytes)
        .map_err(|error| LoadError::NotText { path: path.into(), reason: error.to_string() })
}

/// Everything below `folder` but the definition, the tree, and what begins with a dot.
fn beside(root: &Path, folder: &Path, files: &mut Files, left: &mut u64) -> Result<(), LoadError> {
    let failed = |source| LoadError::Io { path: folder.into(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(LoadError::NameNotText { path });
        };
        let top = folder == root;
        if name.starts_with('.') || top && (name == "cluster.yaml" || name.starts_with("generated")) {
            continue;
        }
        let kind = entry.file_type().map_err(|source| LoadError::Io { path: path.clone(), source })?;
        if kind.is_symlink() {
            return Err(LoadError::Link { path });
        } else if kind.is_dir() {
            beside(root, &path, files, left)?;
        } else {
            let bytes = read(&path, *left)?;
            *left -= bytes.len() as u64;
            let relative = path.strip_prefix(root).expect("found below it");
            let relative = relative.to_str().expect("each part was text").to_owned();
            if let Err(reason) = tree::check_path(&relative) {
                return Err(LoadError::NameNotInTree { path, reason });
            }
            files.insert(relative, bytes);
        }
    }
    Ok(())
}

/// Reads a regular file of at most `limit` bytes: never a device, a pipe or a folder.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::Io { path: path.into(), source };
    let meta = fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        return Err(LoadError::NotAFile { path: path.into() });
    }
    if meta.len() > limit {
        return Err(LoadError::TooLarge { path: path.into(), limit });
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit { Err(LoadError::TooLarge { path: path.into(), limit }) } else { Ok(bytes) }
}
