# The functions of nixpkgs' lib that the flake calls, and no others: a call to a missing one fails here
# first, which keeps the flake on a small, stable part of lib.
let
  inherit (builtins)
    any
    attrValues
    filter
    genList
    isList
    isString
    listToAttrs
    map
    match
    stringLength
    substring
    ;
  hasPrefix = p: s: substring 0 (stringLength p) s == p;
  flatten = x: if isList x then builtins.concatMap flatten x else [ x ];
in
rec {
  inherit hasPrefix flatten;
  genAttrs =
    names: f:
    listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  getExe = p: "${p}/bin/${p.meta.mainProgram or p.pname or p.name}";
  getExe' = p: name: "${p}/bin/${name}";
  makeBinPath = ps: builtins.concatStringsSep ":" (map (p: "${p}/bin") ps);
  escapeShellArg = s: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString s)}'";
  optionalString = c: s: if c then s else "";
  optionals = c: l: if c then l else [ ];
  licenses = {
    mit.spdxId = "MIT";
    asl20.spdxId = "Apache-2.0";
    mpl20.spdxId = "MPL-2.0";
  };
  platforms.all = [
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
        keep = p: any (w: p == w || hasPrefix "${w}/" p || hasPrefix "${p}/" w) wanted;
      in
      rec {
        outPath = builtins.path {
          name = "source";
          path = root;
          filter = p: _: keep p;
        };
        origSrc = root;
        __toString = _: outPath;
      };
  };
}
