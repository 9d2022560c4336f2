//! Why a tree was not written: all the English of it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

#[derive(Debug)]
pub enum WriteError {
    /// Something under the target is not as we left it.
    ByHand { target: PathBuf, files: Vec<ByHand> },
    /// The target is there and is no folder.
    NotAFolder(PathBuf),
    /// The target is a link: what it points to may be anybody's.
    Link(PathBuf),
    /// The machine refused.
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl WriteError {
    /// For `map_err`: what was being done, and to what.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.into(), source }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand { target, files } => {
                write!(f, "`{}` was changed by hand, so nothing was written:", target.display())?;
                for file in files {
                    write!(f, "\n  `{}` {}", file.path, file.how)?;
                }
                let any = |test: fn(How) -> bool| files.iter().any(|file| test(file.how));
                if any(|how| matches!(how, How::Changed | How::InTheWay)) {
                    f.write_str("\nhelp: move the change into the definition; then take it back here, ")?;
                    f.write_str("or write over it with `--force`")?;
                }
                if any(|how| matches!(how, How::NoListing | How::BadListing(_))) {
                    f.write_str("\nhelp: `--force` writes the listing anew, and over any file of its names")?;
                }
                if any(|how| !how.may_go()) {
                    f.write_str("\nhelp: move what is yours out of the folder; `--force` does not drop it")?;
                }
                Ok(())
            }
            Self::NotAFolder(path) => {
                write!(f, "`{}` is not a folder; move it out of the way", path.display())
            }
            Self::Link(path) => {
                write!(f, "`{}` is a symbolic link; put a folder in its place", path.display())
            }
            Self::Io { action, path, source } => write!(f, "cannot {action} `{}`: {source}", path.display()),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// A path relative to the target, and what a hand did to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByHand {
    pub path: String,
    pub how: How,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// Not listed, and where nothing of ours goes.
    Made,
    /// Not listed, where a file of ours goes that is different.
    InTheWay,
    /// Listed with another checksum, and not what would be written either.
    Changed,
    /// A symbolic link, a socket, a device.
    NotAFile,
    /// A name that is not UTF-8; the path shows it as well as it can.
    NotText,
    /// The listing is gone, so nobody knows what is ours.
    NoListing,
    /// This line of the listing is none: a conflict of a merge, as a rule.
    BadListing(usize),
}

impl How {
    /// Whether `Options::overwrite` writes over it.
    pub fn may_go(self) -> bool {
        match self {
            Self::Changed | Self::InTheWay | Self::NoListing | Self::BadListing(_) => true,
            Self::Made | Self::NotAFile | Self::NotText => false,
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made => f.write_str("was made by hand"),
            Self::InTheWay => f.write_str("was made by hand, where a generated file goes"),
            Self::Changed => f.write_str("was changed by hand"),
            Self::NotAFile => f.write_str("is a link or a special file"),
            Self::NotText => f.write_str("has a name that is not UTF-8"),
            Self::NoListing => f.write_str("is missing, so nothing tells what is generated here"),
            Self::BadListing(line) => {
                write!(
                    f,
                    "is no listing of checksums in line {line}; after a merge, render again with `--force`"
                )
            }
        }
    }
}
