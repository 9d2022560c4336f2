//! How the source is kept: what a compiler does not check and a reviewer should not have to.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").into()
}

/// Every Rust file of the workspace, with its path from the root.
fn sources() -> Vec<(String, String)> {
    fn below(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                below(&path, out);
            } else if path.extension().is_some_and(|it| it == "rs") {
                out.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    for folder in ["generator", "tests"] {
        below(&root().join(folder), &mut paths);
    }
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root()).expect("below the root").display().to_string();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("text"))).collect()
}

#[test]
fn every_file_says_first_what_it_owns() {
    let bare: Vec<String> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert_eq!(bare, ["x"; 0]);
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
    ];
    for (path, text) in sources() {
        for mark in marks {
            assert!(!text.contains(mark), "{path} has {mark}");
        }
    }
}

/// A component is a file or folder of `components/src` that declares; what they share is named here.
#[test]
fn no_component_imports_another() {
    let shared =
        ["catalogue", "component", "helm", "lib", "placement", "plan", "registry", "route", "template"];
    let folder = "generator/components/src/";
    let all = sources();
    let owner = |path: &str| {
        path.strip_prefix(folder).map(|it| it.split(['/', '.']).next().unwrap_or_default().to_owned())
    };
    let names: Vec<String> = all.iter().filter_map(|(path, _)| owner(path)).collect();
    for (path, text) in &all {
        let Some(own) = owner(path).filter(|own| !shared.contains(&own.as_str())) else { continue };
        for other in names.iter().filter(|other| **other != own && !shared.contains(&other.as_str())) {
            assert!(!text.contains(&format!("crate::{other}::")), "{path} imports {other}");
        }
    }
}

#[test]
fn the_crates_know_only_those_below_them() {
    let below = [
        ("model", &[][..]),
        ("tree", &[]),
        ("components", &["model", "tree"]),
        ("image", &[]),
        ("compiler", &["model", "tree", "components"]),
    ];
    let all = ["model", "tree", "components", "compiler"];
    for (name, allowed) in below {
        let text =
            fs::read_to_string(root().join("generator").join(name).join("Cargo.toml")).expect("a manifest");
        let dependencies = text.split("[dev-dependencies]").next().unwrap_or_default();
        for other in all.iter().filter(|other| **other != name && !allowed.contains(other)) {
            assert!(!dependencies.contains(&format!("\n{other}.workspace")), "{name} depends on {other}");
        }
    }
}

#[test]
fn only_load_and_write_touch_files() {
    let may = [
        "generator/compiler/src/load",
        "generator/compiler/src/main.rs",
        "generator/compiler/src/cli/",
        "generator/image/src/main.rs",
        "generator/tree/src/write",
        "tests/",
        "generator/compiler/benches/",
        "generator/compiler/examples/",
        "generator/compiler/tests/",
    ];
    for (path, text) in sources() {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        if !may.iter().any(|it| path.starts_with(it)) {
            for door in ["std::fs", "std::env::", "std::time::", "std::net::Tcp", "std::process::"] {
                assert!(!product.contains(door), "{path} uses {door}");
            }
        }
    }
}

/// Cargo reads the manifest of every member, and each must have a target, so Nix' filtered source needs both.
#[test]
fn nix_has_every_member_of_the_workspace() {
    let text = |path: &str| fs::read_to_string(root().join(path)).expect("text");
    let (workspace, package) = (text("Cargo.toml"), text("nix/package.nix"));
    let members = workspace.lines().find(|it| it.starts_with("members = ")).expect("the members");
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.contains(&"tests"), "{members:?}");
    for member in members.iter().filter(|it| !it.starts_with("generator/")) {
        let targets =
            ["lib.rs", "main.rs", "src/lib.rs", "src/main.rs"].map(|it| format!("../{member}/{it}\n"));
        assert!(package.contains(&format!("../{member}/Cargo.toml\n")), "nix/package.nix lacks {member}");
        assert!(targets.iter().any(|it| package.contains(it)), "nix/package.nix has no target of {member}");
    }
}
