# The generator. Its source is what cargo reads and no more, so that clusters and docs do not rebuild it.
{ lib, rustPlatform }:

let
  root = ../.;
  workspace = lib.importTOML ../Cargo.toml;
in
rustPlatform.buildRustPackage {
  pname = "tombolo";
  inherit (workspace.workspace.package) version;

  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../generator
      # cargo wants every member of the workspace to be there, and the smallest cluster is compiled in for tests.
      ../tests/Cargo.toml
      ../tests/all.rs
      ../tests/lib.rs
      ../tests/fixtures
      ../tests/conformance/Cargo.toml
      ../tests/conformance/src/main.rs
    ];
  };

  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = [
    "--package=tombolo"
    "--package=talos-image"
  ];
  # The tests read the clusters too, which this source leaves out: the check `tests` runs them.
  doCheck = false;

  meta = {
    description = "Compiles one definition of a Kubernetes cluster at two sites into the whole tree that runs it";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    mainProgram = "tombolo";
  };
}
