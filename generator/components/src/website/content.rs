//! The files of the website, as a ConfigMap can hold them: keys without folders.

use crate::Files;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A file of the website.
#[derive(Debug)]
pub struct Content<'a> {
    /// Below the website's folder: `css/main.css`.
    pub path: &'a str,
    /// In the ConfigMap: `css--main.css`.
    pub key: String,
    /// In the tree, below the unit's `app/`.
    pub stored: String,
    pub bytes: &'a [u8],
}

/// The files below a folder, in path order. Hidden ones are an editor's or a tool's, but for `.well-known`.
pub fn of<'a>(files: &'a Files, folder: &str) -> Vec<Content<'a>> {
    let prefix = prefix(folder);
    let found: Vec<(&str, &[u8])> = files
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes.as_slice())))
        .filter(|(path, _)| path.split('/').all(|part| !part.starts_with('.') || part == ".well-known"))
        .collect();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (path, _) in &found {
        *uses.entry(flat(path)).or_default() += 1;
    }
    found
        .into_iter()
        .map(|(path, bytes)| {
            let flat = flat(path);
            // Two paths that flatten alike, or a name with other characters: told apart by a digest of the path.
            let plain = path.chars().all(|c| c == '/' || allowed(c)) && flat.len() <= 253;
            let key = if plain && uses[&flat] == 1 { flat } else { digested(path, &flat) };
            let stored = if plain { format!("content/{path}") } else { format!("content/{key}") };
            Content { path, key, stored, bytes }
        })
        .collect()
}

/// `./website`, `website/` and `website` are one folder; `.` is the cluster's own.
fn prefix(folder: &str) -> String {
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) }
}

fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn flat(path: &str) -> String {
    path.replace('/', "--").chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

fn digested(path: &str, flat: &str) -> String {
    let digest = Sha256::digest(path.as_bytes());
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let from = flat.len().saturating_sub(200);
    format!("{number:08x}-{}", &flat[from..])
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::Files;

    fn keys(paths: &[&str]) -> Vec<(String, String)> {
        let files: Files = paths.iter().map(|path| ((*path).to_owned(), Vec::new())).collect();
        of(&files, "./website/").into_iter().map(|it| (it.path.to_owned(), it.key)).collect()
    }

    #[test]
    fn folders_are_flattened() {
        let found =
            keys(&["website/css/main.css", "website/index.html", "extra/a.yaml", "website2/index.html"]);
        let expected = [("css/main.css", "css--main.css"), ("index.html", "index.html")];
        assert_eq!(found, expected.map(|(path, key)| (path.to_owned(), key.to_owned())));
    }

    #[test]
    fn names_that_flatten_alike_are_told_apart() {
        let found = keys(&["website/a--b.css", "website/a/b.css"]);
        assert_ne!(found[0].1, found[1].1);
        assert!(found.iter().all(|(_, key)| key.ends_with("-a--b.css")), "{found:?}");
    }

    #[test]
    fn hidden_files_stay_behind_but_for_well_known() {
        let found = keys(&["website/.DS_Store", "website/.well-known/security.txt", "website/x y.html"]);
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, [".well-known/security.txt", "x y.html"]);
        assert!(found[1].1.chars().all(super::allowed));
    }
}
