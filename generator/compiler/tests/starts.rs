//! The binary starts. That this test is here also makes cargo build it, for the tests of the whole.

use std::process::Command;

#[test]
fn it_says_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_tombolo")).arg("--version").output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("tombolo {}\n", env!("CARGO_PKG_VERSION")));
}
