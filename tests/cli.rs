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
fn phases_are_not_skipped() {
    let folder = Folder::with_cluster("skipped");
    folder.run(&["render"]);
    let sums = || fs::read(folder.path("clusters/home/generated/SHA256SUMS")).expect("a tree");
    let before = sums();
    folder.edit("phase: prerequisites", "phase: ingress");
    let render = folder.run(&["render"]);
    let said = text(&render.stderr);
    assert_eq!((render.status.code(), sums() == before), (Some(1), true), "{said}");
    assert!(said.contains("between them come mesh, node:"), "{said}");
    assert!(said.contains("help: write `migration: { phase: mesh }`"), "{said}");
    // To the next, and back by as many as one likes.
    for (from, to) in
        [("ingress", "mesh"), ("mesh", "node"), ("node", "ingress"), ("ingress", "prerequisites")]
    {
        folder.edit(&format!("phase: {from}"), &format!("phase: {to}"));
        assert_eq!(folder.run(&["render"]).status.code(), Some(0), "{from} to {to}");
    }
    folder.edit("phase: prerequisites", "phase: cleanup");
    assert_eq!(folder.run(&["render", "--skip-phases"]).status.code(), Some(0));
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

/// What `check --fix` says and leaves, with arguments more.
fn mended(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let all: Vec<&str> = ["check", "--fix"].iter().chain(arguments).copied().collect();
    let output = folder.run(&all);
    let left = fs::read_to_string(folder.path("clusters/home/cluster.yaml")).expect("a definition");
    (output.status.code(), text(&output.stderr), left)
}

#[test]
fn what_is_certain_is_mended_and_shown() {
    let folder = Folder::with_cluster("fix");
    let path = folder.path("clusters/home/cluster.yaml");
    let before = fs::read_to_string(&path).expect("a definition");
    folder.edit("site: vps\n    role: worker", "site: vsp   # at the provider\n    role: worker");
    let (code, said, left) = mended(&folder, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("-    site: vsp   # at the provider\n+    site: vps   # at the provider\n"),
        "{said}"
    );
    assert!(said.contains("mended[node-at-unknown-site]: "), "{said}");
    assert_eq!(
        left,
        before.replacen("site: vps\n    role: worker", "site: vps   # at the provider\n    role: worker", 1)
    );
    let names: Vec<_> = fs::read_dir(folder.path("clusters/home")).expect("a folder").collect();
    assert_eq!(names.len(), 2, "nothing is left beside the definition and the website: {names:?}");
    let (code, said, _) = mended(&folder, &[]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "clusters/home/cluster.yaml: nothing can be mended for certain\n")
    );
}

#[test]
fn line_ends_and_a_byte_order_mark_stay() {
    let folder = Folder::with_cluster("crlf");
    folder.edit("site: vps\n    role: worker", "site: vsp\n    role: worker");
    let path = folder.path("clusters/home/cluster.yaml");
    let text = fs::read_to_string(&path).expect("a definition");
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    fs::write(&path, &windows).expect("written");
    let (code, said, left) = mended(&folder, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(left, windows.replacen("site: vsp\r\n", "site: vps\r\n", 1));
}

#[test]
fn a_file_that_may_not_be_written_to_is_left() {
    let folder = Folder::with_cluster("readonly");
    folder.edit("site: vps\n    role: worker", "site: vsp\n    role: worker");
    let path = folder.path("clusters/home/cluster.yaml");
    let before = fs::read_to_string(&path).expect("a definition");
    let mut permissions = fs::metadata(&path).expect("there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("set");
    let (code, said, left) = mended(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("may not be written to; nothing was changed"), "{said}");
    assert_eq!(left, before);
}

#[test]
fn what_needs_judgement_is_not_mended() {
    let folder = Folder::with_cluster("judgement");
    folder.edit("controller: traefik", "controller: ingress-nginx");
    let before = fs::read_to_string(folder.path("clusters/home/cluster.yaml")).expect("a definition");
    let (code, said, left) = mended(&folder, &[]);
    assert_eq!((code, left), (Some(0), before), "a warning is no fault: {said}");
}

#[test]
fn codes_are_chosen_on_the_command_line() {
    let folder = Folder::with_cluster("codes");
    folder.edit("controller: traefik", "controller: ingress-nginx");
    folder.edit("site: vps\n    role: worker", "site: vsp\n    role: worker");
    let codes = |arguments: &[&str]| {
        let all: Vec<&str> = ["check", "--format", "json"].iter().chain(arguments).copied().collect();
        let output = folder.run(&all);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let codes: Vec<String> = value["diagnostics"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| it["code"].as_str().expect("a code").to_owned())
            .collect();
        (output.status.code(), codes)
    };
    let (retired, site) = ("ingress-controller-retired".to_owned(), "node-at-unknown-site".to_owned());
    assert_eq!(codes(&["--only", &retired]), (Some(0), vec![retired.clone()]));
    assert_eq!(codes(&["--only", &retired, "--deny", "warnings"]), (Some(1), vec![retired.clone()]));
    assert_eq!(codes(&["--only", &retired, "--allow", &retired, "--deny", "warnings"]), (Some(0), vec![]));
    assert_eq!(codes(&["--only", &site, "--allow", &site]), (Some(1), vec![site.clone()]), "an error stays");
    let unknown = folder.run(&["check", "--only", "ingress-controler-retired"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `ingress-controller-retired`?"));
}

#[test]
fn an_allowance_runs_out_on_its_day() {
    let folder = Folder::with_cluster("until");
    folder.edit("controller: traefik", "controller: ingress-nginx");
    let path = folder.path("clusters/home/cluster.yaml");
    let mut definition = fs::read_to_string(&path).expect("a definition");
    definition.push_str("\nchecks:\n  allow: { ingress-controller-retired: until spring }\n  until: { ingress-controller-retired: 2027-03-31 }\n");
    fs::write(&path, definition).expect("written");
    let on = |day: &str| folder.run(&["check", "--deny", "warnings", "--today", day]).status.code();
    assert_eq!((on("2027-03-31"), on("2027-04-01"), on("tomorrow")), (Some(0), Some(1), Some(2)));
    folder.run(&["render"]);
    let check = folder.run(&["render", "--check"]);
    assert_eq!(check.status.code(), Some(0), "what is written does not depend on the day");
}

#[test]
fn annotations_of_github_are_one_line_each() {
    let folder = Folder::with_cluster("github");
    folder.edit("site: vps\n    role: worker", "site: vsp\n    role: worker");
    let check = folder.run(&["check", "--format", "github"]);
    let out = text(&check.stdout);
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("::error file=clusters/home/cluster.yaml,line="), "{out}");
    assert!(out.contains("title=node-at-unknown-site::the node `vps0` is at `vsp`"), "{out}");
}
