//! What is on disk, what of it is ours, and what would become of it.

use super::{ByHand, How, Outcome, Replaced, WriteError};
use crate::{CHECKSUMS, Tree, check_path, file_tree::checksum};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

pub(super) fn compare(tree: &Tree, target: &Path) -> Result<Outcome, WriteError> {
    let mut found = Found::default();
    match fs::symlink_metadata(target) {
        Ok(it) if it.is_symlink() => return Err(WriteError::Link(target.into())),
        Ok(it) if !it.is_dir() => return Err(WriteError::NotAFolder(target.into())),
        Ok(_) => found.walk(target, "")?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(WriteError::io("look at", target)(error)),
    }
    let mut by_hand = std::mem::take(&mut found.odd);
    let listing = match found.files.get(CHECKSUMS) {
        Some(bytes) => Listing::read(bytes),
        None => Listing::default(),
    };
    if let Some(line) = listing.bad_line {
        by_hand.push(ByHand { path: CHECKSUMS.into(), how: How::BadListing(line) });
    } else if !found.files.is_empty() && !found.files.contains_key(CHECKSUMS) {
        by_hand.push(ByHand { path: CHECKSUMS.into(), how: How::NoListing });
    }

    let mut outcome = Outcome::default();
    for (path, _) in tree.files() {
        if !found.files.contains_key(path) {
            outcome.added.push(path.into());
        }
    }
    for (path, old) in found.files {
        let new = tree.get(&path);
        if new == Some(&old) {
            outcome.unchanged.push(path);
            continue;
        }
        let how = match listing.sums.get(&path) {
            _ if path == CHECKSUMS => None,
            Some(sums) if sums.contains(&checksum(&old)) => None,
            Some(_) => Some(How::Changed),
            None if new.is_some() => Some(How::InTheWay),
            None => Some(How::Made),
        };
        by_hand.extend(how.map(|how| ByHand { path: path.clone(), how }));
        let list = if new.is_some() { &mut outcome.changed } else { &mut outcome.removed };
        list.push(Replaced { path, old });
    }
    by_hand.sort_by(|a, b| a.path.cmp(&b.path));
    outcome.by_hand = by_hand;
    Ok(outcome)
}

/// The files of a folder, and what is there that is neither file nor folder. Empty folders do not count,
/// as they do not to git.
#[derive(Default)]
struct Found {
    files: BTreeMap<String, Vec<u8>>,
    odd: Vec<ByHand>,
}

impl Found {
    fn walk(&mut self, folder: &Path, below: &str) -> Result<(), WriteError> {
        let entries = fs::read_dir(folder).map_err(WriteError::io("list", folder))?;
        for entry in entries {
            let entry = entry.map_err(WriteError::io("list", folder))?;
            let at = entry.path();
            let kind = entry.file_type().map_err(WriteError::io("look at", &at))?;
            let name = entry.file_name();
            let path = format!("{below}{}", name.to_string_lossy());
            if name.to_str().is_none() {
                self.odd.push(ByHand { path, how: How::NotText });
            } else if kind.is_dir() {
                self.walk(&at, &format!("{path}/"))?;
            } else if kind.is_file() {
                let bytes = fs::read(&at).map_err(WriteError::io("read", &at))?;
                self.files.insert(path, bytes);
            } else {
                self.odd.push(ByHand { path, how: How::NotAFile });
            }
        }
        Ok(())
    }
}

/// What an earlier run wrote, as far as the listing can be read: a conflict has the sums of both sides, and
/// either is one that we wrote.
#[derive(Default)]
struct Listing {
    sums: BTreeMap<String, BTreeSet<String>>,
    bad_line: Option<usize>,
}

impl Listing {
    fn read(bytes: &[u8]) -> Self {
        let mut listing = Self::default();
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            match std::str::from_utf8(line).ok().and_then(entry) {
                Some((sum, path)) => {
                    let first = listing.sums.entry(path.into()).or_default().insert(sum.into());
                    if !first || listing.sums[path].len() > 1 {
                        listing.bad_line.get_or_insert(number);
                    }
                }
                None => {
                    listing.bad_line.get_or_insert(number);
                }
            }
        }
        listing
    }
}

fn entry(line: &str) -> Option<(&str, &str)> {
    let (sum, path) = line.strip_suffix('\n')?.split_once("  ")?;
    let hex = sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (sum.len() == 64 && hex && check_path(path).is_ok()).then_some((sum, path))
}
