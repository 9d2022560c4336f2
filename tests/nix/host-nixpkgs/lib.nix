# The functions of nixpkgs' lib that the flake calls, and no others: a call to another fails here first, which keeps
# the flake on a small, stable part of lib.
let
  inherit (builtins)
    any
    concatMap
    isList
    listToAttrs
    map
    stringLength
    substring
    ;
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  flatten = value: if isList value then concatMap flatten value else [ value ];
in
import ./modules.nix
// {
  inherit hasPrefix;
  escapeShellArg = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
  optionals = condition: list: if condition then list else [ ];
  genAttrs =
    names: f:
    listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  inherit (builtins)
    concatMap
    concatStringsSep
    filter
    head
    ;
  concatMapStringsSep =
    separator: f: list:
    builtins.concatStringsSep separator (map f list);
  optionalString = condition: text: if condition then text else "";
  optionalAttrs = condition: set: if condition then set else { };
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  getExe = package: "${package}/bin/${package.meta.mainProgram}";
  makeBinPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/bin") packages);
  licenses = {
    mit.spdxId = "MIT";
    asl20.spdxId = "Apache-2.0";
  };
  systems.flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ];

  fileset = {
    unions = flatten;
    toSource =
      { root, fileset }:
      let
        wanted = map toString (flatten fileset);
        keep = path: any (want: path == want || hasPrefix "${want}/" path || hasPrefix "${path}/" want) wanted;
      in
      rec {
        outPath = builtins.path {
          name = "source";
          path = root;
          filter = path: _: keep path;
        };
        __toString = _: outPath;
      };
  };
}
