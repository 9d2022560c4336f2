//! The command as a person runs it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A folder of its own for one test, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("tombolo-test-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// One that holds a new cluster.
    fn with_cluster(name: &str) -> Self {
        let folder = Self::new(name);
        assert_eq!(folder.run(&["init", "home"]).status.code(), Some(0));
        folder
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(binary()).args(arguments).current_dir(&self.0).output().expect("the program starts")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.path("clusters/home/cluster.yaml");
        let text = fs::read_to_string(&path).expect("a definition");
        assert!(text.contains(from), "the definition has {from:?}");
        fs::write(&path, text.replacen(from, to, 1)).expect("written");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The binary that cargo built beside this test.
fn binary() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let folder = test.parent().and_then(Path::parent).expect("target/debug/deps");
    let binary = folder.join("tombolo");
    assert!(binary.exists(), "{} is not built: run `cargo test --workspace`", binary.display());
    binary
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_new_cluster_compiles_and_renders_as_it_is() {
    let folder = Folder::with_cluster("new");
    let check = folder.run(&["check"]);
    assert_eq!((check.status.code(), text(&check.stderr)), (Some(0), String::new()));
    assert_eq!(folder.run(&["render"]).status.code(), Some(0));
    assert!(folder.path("clusters/home/generated/SHA256SUMS").exists());
    assert_eq!(folder.run(&["render", "--check"]).status.code(), Some(0));
}

#[test]
fn rendering_twice_writes_once() {
    let folder = Folder::with_cluster("twice");
    folder.run(&["render"]);
    let readme = folder.path("clusters/home/generated/README.md");
    let before = fs::metadata(&readme).expect("written").modified().expect("a time");
    let again = folder.run(&["render"]);
    assert!(text(&again.stdout).contains("nothing changed"), "{}", text(&again.stdout));
    assert_eq!(fs::metadata(&readme).expect("still there").modified().expect("a time"), before);
}

#[test]
fn a_stale_tree_is_shown_as_a_diff_and_fails() {
    let folder = Folder::with_cluster("stale");
    folder.run(&["render"]);
    folder.edit("hostmaster: hostmaster@example.org", "hostmaster: people@example.org");
    folder.edit("phase: prerequisites", "phase: dns");
    let check = folder.run(&["render", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    let diff = text(&check.stdout);
    assert!(diff.contains("--- /dev/null\n+++ b/clusters/home/generated/apps/"), "{diff}");
    assert!(!folder.path("clusters/home/generated/apps/dns-system").exists(), "nothing was written");
}

#[test]
fn a_wrong_definition_leaves_the_tree_as_it_was() {
    let folder = Folder::with_cluster("wrong");
    folder.run(&["render"]);
    let sums = fs::read(folder.path("clusters/home/generated/SHA256SUMS")).expect("written");
    folder.edit("site: vps\n    role: worker", "site: vsp\n    role: worker");
    let render = folder.run(&["render"]);
    assert_eq!(render.status.code(), Some(1));
    assert!(text(&render.stderr).contains("vsp"), "{}", text(&render.stderr));
    assert!(text(&render.stderr).contains("nothing was written"));
    assert_eq!(fs::read(folder.path("clusters/home/generated/SHA256SUMS")).expect("still there"), sums);
}

#[test]
fn what_a_hand_changed_is_refused_by_name() {
    let folder = Folder::with_cluster("hand");
    folder.run(&["render"]);
    let readme = folder.path("clusters/home/generated/README.md");
    fs::write(&readme, "mine\n").expect("written");
    folder.edit("phase: prerequisites", "phase: mesh");
    let render = folder.run(&["render"]);
    assert_eq!(render.status.code(), Some(2));
    assert!(text(&render.stderr).contains("README.md"), "{}", text(&render.stderr));
    assert_eq!(fs::read_to_string(&readme).expect("still there"), "mine\n");
}

#[test]
fn every_phase_renders_into_a_folder_for_review() {
    let folder = Folder::with_cluster("phases");
    for phase in ["prerequisites", "mesh", "node", "ingress", "dns", "services", "cleanup"] {
        let out = folder.path(phase);
        let out = out.to_str().expect("text");
        let render = folder.run(&["render", "--phase", phase, "--out", out, "--quiet"]);
        assert_eq!((render.status.code(), text(&render.stderr)), (Some(0), String::new()), "{phase}");
        let readme = fs::read_to_string(folder.path(phase).join("home/README.md")).expect("an index");
        assert!(readme.contains(&format!("phase `{phase}`")));
    }
    assert!(!folder.path("clusters/home/generated").exists(), "the tree itself is not touched");
}

#[test]
fn json_has_place_and_help() {
    let folder = Folder::with_cluster("json");
    folder.edit("site: vps\n    role: worker", "site: vsp\n    role: worker");
    let check = folder.run(&["check", "--format", "json"]);
    assert_eq!(check.status.code(), Some(1));
    let value: serde_json::Value = serde_json::from_slice(&check.stdout).expect("JSON");
    let first = &value["diagnostics"][0];
    assert_eq!(first["severity"], "error");
    assert_eq!(first["place"]["file"], "clusters/home/cluster.yaml");
    assert!(first["place"]["line"].as_u64().is_some_and(|line| line > 1));
}

#[test]
fn every_code_is_explained() {
    let folder = Folder::new("explain");
    let list = text(&folder.run(&["explain"]).stdout);
    let codes: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(codes.len() > 20, "{list}");
    for code in codes {
        let page = folder.run(&["explain", code]);
        assert_eq!(page.status.code(), Some(0));
        assert!(page.stdout.len() > code.len() + 100, "the page of {code} says next to nothing");
    }
    let unknown = folder.run(&["explain", "dangling-adress"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `dangling-address`?"), "{}", text(&unknown.stderr));
}

#[test]
fn a_folder_without_clusters_says_what_to_do() {
    let folder = Folder::new("empty");
    let render = folder.run(&["render"]);
    assert_eq!(render.status.code(), Some(2));
    assert!(text(&render.stderr).contains("tombolo init NAME"), "{}", text(&render.stderr));
}

#[test]
fn init_never_overwrites() {
    let folder = Folder::with_cluster("init");
    folder.edit("site: vps", "site: mine");
    let again = folder.run(&["init", "home"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        fs::read_to_string(folder.path("clusters/home/cluster.yaml")).expect("there").contains("site: mine")
    );
    assert_eq!(folder.run(&["init", "Not A Name"]).status.code(), Some(2));
    assert!(!folder.path("clusters/Not A Name").exists());
}
