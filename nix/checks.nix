# What `nix flake check` builds. Images and units are looked at on x86 with Linux alone.
{
  self,
  nixpkgs,
  pkgs,
}:

let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) system;
  package = self.packages.${system}.default;

  # The whole workspace, for what cargo itself checks.
  workspace =
    name: phase: inputs:
    package.overrideAttrs (old: {
      pname = "tombolo-${name}";
      src = lib.fileset.toSource {
        root = ../.;
        fileset = lib.fileset.unions [
          ../ARCHITECTURE.md
          ../Cargo.toml
          ../Cargo.lock
          ../README.md
          ../clippy.toml
          ../clusters
          ../deny.toml
          ../docs
          ../generator
          ../nix
          ../rustfmt.toml
          ../tests
        ];
      };
      nativeBuildInputs = (old.nativeBuildInputs or [ ]) ++ inputs;
      buildPhase = ''
        export INSTA_UPDATE=no INSTA_WORKSPACE_ROOT=$PWD
        ${phase}
      '';
      installPhase = "touch $out";
      dontFixup = true;
    });
in
{
  inherit package;

  rendered = self.lib.mkRendered {
    inherit pkgs;
    clusters = ../clusters;
  };

  tests = workspace "tests" "cargo test --workspace --offline" [ ];
  clippy = workspace "clippy" "cargo clippy --workspace --all-targets --offline -- -D warnings" [ pkgs.clippy ];
  fmt = workspace "fmt" "cargo fmt --all --check" [ pkgs.rustfmt ];
}
// lib.optionalAttrs (system == "x86_64-linux") (
  {
    modules = pkgs.callPackage ./modules/check.nix { modules = self.nixosModules; };
  }
  // pkgs.callPackage ./image-test.nix { inherit self nixpkgs; }
)
