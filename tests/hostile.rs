//! Definitions that nobody means well with: each ends in a clear error, and nothing is written.

use std::{
    env,
    fmt::Write,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs `tombolo render` on a cluster whose definition `make` puts at the path; gives exit code and what was said.
fn render(name: &str, make: impl FnOnce(&Path)) -> (Option<i32>, String) {
    let folder = env::temp_dir().join(format!("tombolo-hostile-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let cluster = folder.join("clusters/home");
    fs::create_dir_all(&cluster).expect("a folder");
    make(&cluster.join("cluster.yaml"));
    let output =
        Command::new(binary()).arg("render").current_dir(&folder).output().expect("the program starts");
    let written = cluster.join("generated").exists();
    fs::remove_dir_all(&folder).expect("removed");
    assert!(!written, "{name}: something was written");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn binary() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    test.parent().and_then(Path::parent).expect("target/debug/deps").join("tombolo")
}

fn text(name: &str, content: impl AsRef<[u8]>) -> (Option<i32>, String) {
    render(name, |path| fs::write(path, content).expect("written"))
}

/// Refused as a definition that is at fault, with these words.
fn refused(name: &str, content: impl AsRef<[u8]>, words: &[&str]) {
    let (code, said) = text(name, content);
    assert!(matches!(code, Some(1 | 2)), "{name}: exit {code:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{name}: no {word:?} in:\n{said}");
    }
    assert!(said.len() < 20_000, "{name}: {} bytes were said", said.len());
    assert!(!said.contains("panicked"), "{name}: {said}");
}

#[test]
fn nothing_in_it() {
    refused("empty", "", &["cluster.yaml"]);
    refused("comments", "# only\n# comments\n", &["cluster.yaml"]);
}

#[test]
fn not_text() {
    refused("binary", (0..=255u8).cycle().take(4096).collect::<Vec<_>>(), &["cluster.yaml"]);
    refused("nul", "cluster:\0 {}\n", &["cluster.yaml"]);
    let utf16: Vec<u8> = "\u{feff}cluster: {}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused("utf16", utf16, &["UTF-16", "UTF-8"]);
}

#[test]
fn a_hundred_megabytes() {
    let (code, said) = render("huge", |path| {
        fs::File::create(path).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    });
    assert_eq!(code, Some(2));
    assert!(said.contains("larger than 1 MiB"), "{said}");
}

#[test]
fn aliases_that_multiply() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in ('b'..='z').zip('a'..='y') {
        writeln!(bomb, "{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}]")
            .expect("text");
    }
    refused("bomb", bomb, &["cluster.yaml"]);
}

#[test]
fn ten_thousand_deep() {
    refused(
        "deep-flow",
        format!("cluster: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)),
        &["cluster.yaml"],
    );
    let block: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).take(1_000).collect();
    refused("deep-block", block, &["cluster.yaml"]);
}

#[test]
fn not_a_file() {
    let (code, said) = render("folder", |path| fs::create_dir(path).expect("a folder"));
    assert_eq!(code, Some(2));
    assert!(said.contains("is not a file"), "{said}");
    let (code, said) = render("loop", |path| symlink("cluster.yaml", path).expect("a link"));
    assert_eq!(code, Some(2));
    assert!(said.contains("cluster.yaml") && said.to_lowercase().contains("symbolic link"), "{said}");
}

#[test]
fn what_yaml_readers_take_differently() {
    let small = compiler::testing::SMALL;
    refused(
        "duplicate",
        small.replace("    nat: true\n", "    nat: true\n    nat: false\n"),
        &["duplicate-key", "nat"],
    );
    refused("tab", small.replace("    nat: true\n", "\tnat: true\n"), &["cluster.yaml", "tab"]);
    refused("case", small.replace("podSubnets", "podsubnets"), &["unknown-key", "did you mean `podSubnets`"]);
    refused("boolean", small.replace("nat: true", "nat: yes"), &["wrong-type", "true"]);
    refused(
        "zero",
        small.replace("10.2.1.1/16", "10.2.01.1/16"),
        &["invalid-value", "leading zero", "10.2.1.1"],
    );
    refused(
        "variable",
        small.replace("hostmaster: hostmaster@example.org", "hostmaster: ${HOSTMASTER}"),
        &["unexpanded-variable", "${HOSTMASTER}"],
    );
}
