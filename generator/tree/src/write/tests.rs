//! On a real file system: what is written, what is refused, and what is left after a failure.

use super::*;
use insta::assert_snapshot;
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A folder of its own for each test, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tree-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn target(&self) -> PathBuf {
        self.0.join("generated")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.target().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    fn write(&self, files: &[(&str, &str)]) -> Result<Outcome, WriteError> {
        write(&tree(files), &self.target(), Options::default())
    }

    fn overwrite(&self, files: &[(&str, &str)]) -> Result<Outcome, WriteError> {
        write(&tree(files), &self.target(), Options { overwrite: true })
    }

    /// The error of a write, without the name of the scratch folder.
    fn refusal(&self, files: &[(&str, &str)]) -> String {
        let before = self.listing();
        let text = self.write(files).unwrap_err().to_string();
        assert_eq!(self.listing(), before, "a refused write changed something");
        text.replace(self.0.to_str().unwrap(), "home")
    }

    /// Everything in the scratch folder but the checksums.
    fn listing(&self) -> String {
        let mut lines = Vec::new();
        list(&self.0, "", &mut lines);
        lines.sort();
        lines.join("\n")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn list(folder: &Path, below: &str, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            lines.push(format!("{path}/"));
            list(&entry.path(), &format!("{path}/"), lines);
        } else if entry.file_type().unwrap().is_file() && !path.ends_with(CHECKSUMS) {
            lines
                .push(format!("{path}: {}", fs::read_to_string(entry.path()).unwrap_or_default().trim_end()));
        } else {
            lines.push(path);
        }
    }
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.insert(*path, *text);
    }
    tree.seal();
    tree
}

const OLD: &[(&str, &str)] = &[("a.yaml", "one"), ("b/c.yaml", "two"), ("b/d.yaml", "three")];
const NEW: &[(&str, &str)] = &[("a.yaml", "one"), ("b/c.yaml", "TWO"), ("e/f.yaml", "four")];

#[test]
fn first_write_and_change() {
    let scratch = Scratch::new();
    let outcome = scratch.write(OLD).unwrap();
    assert_eq!(outcome.added, ["SHA256SUMS", "a.yaml", "b/c.yaml", "b/d.yaml"]);
    let planned = plan(&tree(NEW), &scratch.target()).unwrap();
    let outcome = scratch.write(NEW).unwrap();
    assert_eq!(planned, outcome);
    assert_eq!(outcome.added, ["e/f.yaml"]);
    assert_eq!(outcome.unchanged, ["a.yaml"]);
    assert_eq!(outcome.removed, [Replaced { path: "b/d.yaml".into(), old: b"three".into() }]);
    assert_eq!(
        outcome.changed.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(),
        ["SHA256SUMS", "b/c.yaml"]
    );
    assert_snapshot!(scratch.listing(), @"
    generated/
    generated/SHA256SUMS
    generated/a.yaml: one
    generated/b/
    generated/b/c.yaml: TWO
    generated/e/
    generated/e/f.yaml: four
    ");
}

#[test]
fn unchanged_tree_is_not_touched() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    let stamp = |path: PathBuf| fs::metadata(path).map(|it| (it.ino(), it.mtime(), it.mtime_nsec())).unwrap();
    let before = [stamp(scratch.0.clone()), stamp(scratch.target()), stamp(scratch.path("b/c.yaml"))];
    assert!(scratch.write(OLD).unwrap().is_unchanged());
    let after = [stamp(scratch.0.clone()), stamp(scratch.target()), stamp(scratch.path("b/c.yaml"))];
    assert_eq!(before, after);
}

#[test]
fn unchanged_files_of_a_changed_tree_keep_their_dates() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    let stamp = |path| fs::metadata(scratch.path(path)).map(|it| (it.ino(), it.nlink())).unwrap();
    let before = (stamp("a.yaml"), stamp("b/c.yaml"));
    scratch.write(NEW).unwrap();
    assert_eq!(stamp("a.yaml"), before.0);
    assert_ne!(stamp("b/c.yaml"), before.1);
}

#[test]
fn listing_is_what_sha256sum_reads() {
    let scratch = Scratch::new();
    scratch.write(&[("a b/ä.yaml", "one"), ("-n", "two")]).unwrap();
    let mut command = std::process::Command::new("sha256sum");
    match command.args(["--check", "--strict", "--quiet", CHECKSUMS]).current_dir(scratch.target()).status() {
        Ok(status) => assert!(status.success()),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "no sha256sum here"),
    }
}

#[test]
fn every_change_by_hand_is_named() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    scratch.put("b/c.yaml", "mine");
    scratch.put("b/d.yaml", "mine too");
    scratch.put("notes.txt", "mine");
    scratch.put("e/f.yaml", "mine");
    symlink("a.yaml", scratch.path("link")).unwrap();
    assert_snapshot!(scratch.refusal(NEW), @"
    `home/generated` was changed by hand, so nothing was written:
      `b/c.yaml` was changed by hand
      `b/d.yaml` was changed by hand
      `e/f.yaml` was made by hand, where a generated file goes
      `link` is a link or a special file
      `notes.txt` was made by hand
    help: move the change into the definition; then take it back here, or write over it with `--force`
    help: move what is yours out of the folder; `--force` does not drop it
    ");
}

#[test]
fn a_change_that_is_the_new_text_is_welcome() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    scratch.put("b/c.yaml", "TWO");
    scratch.put("e/f.yaml", "four");
    scratch.write(NEW).unwrap();
}

#[test]
fn a_deleted_file_comes_back() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    fs::remove_file(scratch.path("b/c.yaml")).unwrap();
    assert_eq!(scratch.write(OLD).unwrap().added, ["b/c.yaml"]);
    assert!(scratch.write(OLD).unwrap().is_unchanged());
}

#[test]
fn overwriting_takes_changes_but_no_files_of_others() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    scratch.put("b/c.yaml", "mine");
    scratch.put("e/f.yaml", "mine");
    scratch.put("notes.txt", "mine");
    let error = scratch.overwrite(NEW).unwrap_err().to_string().replace(scratch.0.to_str().unwrap(), "home");
    assert_snapshot!(error, @"
    `home/generated` was changed by hand, so nothing was written:
      `notes.txt` was made by hand
    help: move what is yours out of the folder; `--force` does not drop it
    ");
    fs::remove_file(scratch.path("notes.txt")).unwrap();
    let outcome = scratch.overwrite(NEW).unwrap();
    assert_eq!(outcome.by_hand.len(), 2);
    assert!(scratch.write(NEW).unwrap().is_unchanged());
}

#[test]
fn a_listing_with_a_conflict() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    let listing = fs::read_to_string(scratch.path(CHECKSUMS)).unwrap();
    scratch.put(CHECKSUMS, &format!("<<<<<<< ours\n{listing}=======\n>>>>>>> theirs\n"));
    assert_snapshot!(scratch.refusal(NEW), @"
    `home/generated` was changed by hand, so nothing was written:
      `SHA256SUMS` is no listing of checksums in line 1; after a merge, render again with `--force`
    help: `--force` writes the listing anew, and over any file of its names
    ");
    scratch.overwrite(NEW).unwrap();
    assert!(scratch.write(NEW).unwrap().is_unchanged());
}

#[test]
fn no_listing() {
    let scratch = Scratch::new();
    scratch.put("a.yaml", "one");
    scratch.put("notes.txt", "mine");
    assert_snapshot!(scratch.refusal(NEW), @"
    `home/generated` was changed by hand, so nothing was written:
      `SHA256SUMS` is missing, so nothing tells what is generated here
      `notes.txt` was made by hand
    help: `--force` writes the listing anew, and over any file of its names
    help: move what is yours out of the folder; `--force` does not drop it
    ");
    scratch.put(CHECKSUMS, "");
    assert_snapshot!(scratch.refusal(NEW), @"
    `home/generated` was changed by hand, so nothing was written:
      `notes.txt` was made by hand
    help: move what is yours out of the folder; `--force` does not drop it
    ");
}

#[test]
fn an_empty_folder_is_nobodys() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path("empty/too")).unwrap();
    fs::set_permissions(scratch.target(), fs::Permissions::from_mode(0o750)).unwrap();
    scratch.write(OLD).unwrap();
    assert!(!scratch.path("empty").exists());
    assert_eq!(fs::metadata(scratch.target()).unwrap().mode() & 0o777, 0o750);
}

#[test]
fn a_target_that_is_no_folder() {
    let scratch = Scratch::new();
    fs::write(scratch.target(), "mine").unwrap();
    assert_snapshot!(scratch.refusal(NEW), @"`home/generated` is not a folder; move it out of the way");
    fs::remove_file(scratch.target()).unwrap();
    symlink("elsewhere", scratch.target()).unwrap();
    assert_snapshot!(scratch.refusal(NEW), @"`home/generated` is a symbolic link; put a folder in its place");
}

#[test]
fn a_file_in_place_of_a_folder_and_the_other_way_round() {
    let scratch = Scratch::new();
    scratch.write(&[("a", "one"), ("b/c", "two")]).unwrap();
    scratch.write(&[("a/b", "one"), ("b", "two")]).unwrap();
    assert_snapshot!(scratch.listing(), @"
    generated/
    generated/SHA256SUMS
    generated/a/
    generated/a/b: one
    generated/b: two
    ");
    fs::remove_file(scratch.path("b")).unwrap();
    scratch.put("b/mine", "mine");
    assert_snapshot!(scratch.refusal(&[("a/b", "one"), ("b", "two")]), @"
    `home/generated` was changed by hand, so nothing was written:
      `b/mine` was made by hand
    help: move what is yours out of the folder; `--force` does not drop it
    ");
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_that_is_not_utf_8() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    fs::write(scratch.target().join(OsStr::from_bytes(b"caf\xe9")), "mine").unwrap();
    assert_snapshot!(scratch.refusal(NEW), @"
    `home/generated` was changed by hand, so nothing was written:
      `caf�` has a name that is not UTF-8
    help: move what is yours out of the folder; `--force` does not drop it
    ");
}

#[test]
fn a_name_too_long_for_the_disk_leaves_the_old_tree() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    let long = vec!["d".repeat(250); 20].join("/");
    let refusal = scratch.refusal(&[("a.yaml", "one"), (long.as_str(), "two")]);
    assert!(refusal.starts_with("cannot create `home/generated.new-"), "{refusal}");
}

#[test]
fn what_a_killed_run_left_is_swept_and_nothing_else() {
    let scratch = Scratch::new();
    for left in [
        "generated.new-1/staged-by-tombolo",
        "generated.new-1/new/a",
        "generated.new-mine/a",
        "generated.new/a",
    ] {
        let path = scratch.0.join(left);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::create_dir(scratch.0.join("generated.new-2")).unwrap();
    scratch.write(&[]).unwrap();
    assert!(scratch.write(&[]).unwrap().is_unchanged());
    assert_snapshot!(scratch.listing(), @"
    generated.new-mine/
    generated.new-mine/a: 
    generated.new/
    generated.new/a: 
    generated/
    generated/SHA256SUMS
    ");
}

#[test]
fn a_run_killed_between_two_renames_is_taken_back() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    let staging = scratch.0.join("generated.new-1");
    fs::create_dir(&staging).unwrap();
    fs::write(staging.join("staged-by-tombolo"), "").unwrap();
    fs::rename(scratch.target(), staging.join("old")).unwrap();
    assert!(scratch.write(OLD).unwrap().is_unchanged());
    assert!(!staging.exists());
}

#[test]
fn without_an_exchange_a_failure_takes_the_first_rename_back() {
    let scratch = Scratch::new();
    scratch.write(OLD).unwrap();
    let before = scratch.listing();
    let [new, old] = ["new", "old"].map(|name| scratch.0.join(name));
    assert!(stage::rename_twice(&new, &scratch.target(), &old).is_err());
    assert_eq!(scratch.listing(), before);
    fs::create_dir(&new).unwrap();
    stage::rename_twice(&new, &scratch.target(), &old).unwrap();
    assert!(old.join("a.yaml").is_file() && !scratch.path("a.yaml").exists());
}

#[test]
fn two_writes_at_once_wait_for_each_other() {
    let scratch = Scratch::new();
    let trees: Vec<Tree> =
        (0..8).map(|number| tree(&[("a", &format!("{number}")), ("b/c", "same")])).collect();
    std::thread::scope(|scope| {
        for tree in &trees {
            scope.spawn(|| {
                for _ in 0..5 {
                    write(tree, &scratch.target(), Options::default()).unwrap();
                }
            });
        }
    });
    assert!(trees.iter().any(|tree| plan(tree, &scratch.target()).unwrap().is_unchanged()));
    assert_eq!(scratch.listing().lines().count(), 5, "{}", scratch.listing());
}

#[test]
fn missing_parents_are_made() {
    let scratch = Scratch::new();
    write(&tree(OLD), &scratch.0.join("x/y/out"), Options::default()).unwrap();
    assert!(scratch.0.join("x/y/out/b/c.yaml").is_file());
}

#[test]
#[should_panic(expected = "a tree is sealed before it is written")]
fn a_tree_that_is_not_sealed() {
    let _ = plan(&Tree::new(), Path::new("nowhere"));
}
