//! A finished tree in memory: paths, their bytes, and the checksum listing that makes them ours.

use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write, ops::Bound};

/// The listing of every other file of a tree, in the format that `sha256sum -c` reads.
pub const CHECKSUMS: &str = "SHA256SUMS";

/// Path below `generated/`, with `/` between its parts, and content.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Two emitters that write one path, or a path that leaves the tree, are a broken generator.
    pub fn insert(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        let path = path.into();
        assert_ne!(path, CHECKSUMS, "only `seal` writes {CHECKSUMS}");
        self.add(path, content.into());
    }

    fn add(&mut self, path: String, content: Vec<u8>) {
        if let Err(fault) = check_path(&path) {
            panic!("the path {path:?} {fault}");
        }
        for (at, _) in path.match_indices('/') {
            assert!(!self.files.contains_key(&path[..at]), "{path} is below a file, {}", &path[..at]);
        }
        let below = format!("{path}/");
        let next = self.files.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded)).next();
        assert!(!next.is_some_and(|(other, _)| other.starts_with(&below)), "{path} is a folder already");
        assert!(!self.files.contains_key(&path), "two emitters write {path}");
        self.files.insert(path, content);
    }

    /// Every file, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Adds the listing of all files. A tree is sealed once, as the last thing, before it is written.
    pub fn seal(&mut self) {
        let mut listing = String::new();
        for (path, content) in self.files() {
            writeln!(listing, "{}  {path}", checksum(content)).expect("a string takes any text");
        }
        self.add(CHECKSUMS.into(), listing.into());
    }
}

/// SHA-256 in lower-case hexadecimal digits.
pub(crate) fn checksum(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string takes any text");
        out
    })
}

/// Whether a path may stand in a tree; the reason, if not, completes "the path …".
///
/// What passes has one spelling, stays below the root and needs no escape in `SHA256SUMS`.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        Err("is empty")
    } else if path.starts_with('/') {
        Err("is absolute")
    } else if path.chars().any(char::is_control) {
        Err("contains a control character")
    } else if path.contains('\\') {
        Err("contains a backslash")
    } else if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Err("contains an empty part, `.` or `..`")
    } else if path.split('/').any(|part| part.len() > 255) {
        Err("contains a part of more than 255 bytes")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn tree(paths: &[&str]) -> Tree {
        let mut tree = Tree::new();
        for path in paths {
            tree.insert(*path, *path);
        }
        tree
    }

    #[test]
    fn the_listing_is_sorted_and_leaves_itself_out() {
        let mut tree = tree(&["b/c.yaml", "a b.yaml", "b.yaml"]);
        tree.insert("logo.png", [0x89, 0, 0xff]);
        tree.seal();
        assert_snapshot!(String::from_utf8_lossy(tree.get(CHECKSUMS).unwrap_or_default()), @"
        ed89bc8fa046903d96a1c55dd29459672a0a83636b7a831fb83a5ff0be098758  a b.yaml
        0f9a30d3bea9d99cb8da8c0aad6d0496cb06e91137f4a8cd1506f7518d651e8b  b.yaml
        a497f9c27ca51e5331821f2eb28fc7370a7b823b1145881919a265ebb188d054  b/c.yaml
        0e6f1d8256a3ab32d4d3c5b8db2311809fe00ff41bd6eccc1121cc6cab3f428d  logo.png
        ");
        assert_eq!(tree.len(), 5);
    }

    #[test]
    #[should_panic(expected = "two emitters write a.yaml")]
    fn one_path_twice() {
        tree(&["a.yaml", "a.yaml"]);
    }

    #[test]
    #[should_panic(expected = "a/b is below a file, a")]
    fn a_file_below_a_file() {
        tree(&["a", "a/b"]);
    }

    #[test]
    #[should_panic(expected = "a is a folder already")]
    fn a_file_in_place_of_a_folder() {
        tree(&["a/b", "a-c", "a"]);
    }

    #[test]
    #[should_panic(expected = "only `seal` writes SHA256SUMS")]
    fn the_listing_by_hand() {
        tree(&[CHECKSUMS]);
    }

    #[test]
    fn paths_that_leave_the_tree_or_need_escapes() {
        for path in ["", "/a", "a//b", "a/", "./a", "a/../b", "..", "a\\b", "a\nb"] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        for path in ["a", "a/b.c", "..a", ".well-known/security.txt", "a b/ä.svg"] {
            assert_eq!(check_path(path), Ok(()), "{path:?}");
        }
    }
}
