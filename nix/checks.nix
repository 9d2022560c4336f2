# What `nix flake check` builds.
{ pkgs, packages }:

let
  inherit (pkgs) lib;
  clusters = lib.fileset.toSource {
    root = ../.;
    fileset = ../clusters;
  };
in
{
  package = packages.default;

  # The committed trees are exactly what the generator renders.
  rendered = pkgs.runCommand "rendered" { nativeBuildInputs = [ packages.default ]; } ''
    cp -r --no-preserve=mode ${clusters}/clusters clusters
    tombolo render --check
    touch $out
  '';
}
