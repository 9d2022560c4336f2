{
  lib,
  host,
  system,
}:

let
  inherit (builtins)
    concatStringsSep
    elemAt
    functionArgs
    intersectAttrs
    isFunction
    map
    removeAttrs
    ;

  # --- stdenv ---------------------------------------------------------------------------------------
  mkDerivation =
    f:
    let
      args = if isFunction f then f (args // { finalPackage = drv; }) else f;
      inputs =
        (args.nativeBuildInputs or [ ]) ++ (args.buildInputs or [ ]) ++ (args.nativeCheckInputs or [ ]);
      drv =
        derivation (
          removeAttrs args [
            "meta"
            "passthru"
            "env"
            "nativeBuildInputs"
            "buildInputs"
            "nativeCheckInputs"
            "pos"
          ]
          // (args.env or { })
          // {
            name = args.name or "${args.pname}-${args.version}";
            inherit system;
            builder = host.bash;
            args = [
              "-e"
              ./stdenv.sh
            ];
            PATH = concatStringsSep ":" ((map (p: "${p}/bin") inputs) ++ [ host.path ]);
          }
        )
        // (args.passthru or { })
        // {
          meta = args.meta or { };
        }
        // intersectAttrs {
          pname = 1;
          version = 1;
        } args;
    in
    drv;

  stdenv = {
    inherit mkDerivation;
    hostPlatform = {
      inherit system;
      isLinux = true;
      isx86_64 = system == "x86_64-linux";
    };
    shell = host.bash;
  };

  # A "package" that holds links to tools of the host.
  hostTools =
    pname: bins:
    mkDerivation {
      inherit pname;
      version = "host";
      buildCommand = ''
        mkdir -p $out/bin
        for b in ${concatStringsSep " " bins}; do
          p=$(type -P "$b") || { echo "host-nixpkgs: no '$b' on this machine (for ${pname})" >&2; exit 1; }
          ln -s "$p" $out/bin/$b
        done
      '';
      meta.mainProgram = elemAt bins 0;
    };

  # --- trivial builders -----------------------------------------------------------------------------
  runCommand =
    name: env: buildCommand:
    mkDerivation (env // { inherit name buildCommand; });
  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      meta ? { },
    }:
    mkDerivation {
      inherit name text meta;
      passAsFile = [ "text" ];
      buildCommand = ''
        target=$out${destination}
        mkdir -p "$(dirname "$target")"
        cp "$textPath" "$target"
        ${lib.optionalString executable ''chmod +x "$target"; bash -n "$target"''}
      '';
    };

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      meta ? { },
    }:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      meta = {
        mainProgram = name;
      }
      // meta;
      text = ''
        #!${host.bash}
        set -o errexit
        set -o nounset
        set -o pipefail
        export PATH="${lib.makeBinPath runtimeInputs}:$PATH"

        ${text}
      '';
    };

  # --- rust -----------------------------------------------------------------------------------------
  # nixpkgs' importCargoLock: one fixed-output derivation a crate, its hash the checksum in Cargo.lock.
  # The bytes come from the host's cargo cache ("cargo fetch --locked" beforehand) and are still checked.
  crate =
    p:
    derivation {
      name = "crate-${p.name}-${p.version}.tar.gz";
      inherit system;
      builder = host.bash;
      # The last command is a builtin: bash would exec cp, which closes stderr before it exits, and nix takes
      # that for the builder's end and kills it.
      args = [
        "-euc"
        "cp ${host.cargoCache}/*/${p.name}-${p.version}.crate $out; :"
      ];
      PATH = host.path;
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = p.checksum;
    };

  importCargoLock =
    { lockFile }:
    let
      registry = builtins.filter (p: p ? source) (lib.importTOML lockFile).package;
    in
    runCommand "cargo-vendor-dir" { } (
      ''
        mkdir -p $out/.cargo
        cp ${lockFile} $out/Cargo.lock
        printf '[source.crates-io]\nreplace-with = "vendored-sources"\n[source.vendored-sources]\ndirectory = "cargo-vendor-dir"\n' > $out/.cargo/config.toml
      ''
      + concatStringsSep "" (
        map (p: ''
          mkdir $out/${p.name}-${p.version}
          tar xzf ${crate p} --strip-components=1 -C $out/${p.name}-${p.version}
          printf '{"files":{},"package":"%s"}' ${p.checksum} > $out/${p.name}-${p.version}/.cargo-checksum.json
        '') registry
      )
    );

  buildRustPackage =
    args:
    mkDerivation (
      removeAttrs args [ "cargoLock" ]
      // {
        cargoDeps = importCargoLock { inherit (args.cargoLock) lockFile; };
        configurePhase =
          args.configurePhase or ''
            ln -s $cargoDeps cargo-vendor-dir
            mkdir -p .cargo && cat $cargoDeps/.cargo/config.toml >> .cargo/config.toml
            cmp Cargo.lock $cargoDeps/Cargo.lock
            export CARGO_HOME=$NIX_BUILD_TOP/cargo-home
          '';
        buildPhase =
          args.buildPhase or ''
            cargo build -j $NIX_BUILD_CORES --offline --frozen --profile ''${buildType:-release} ''${cargoBuildFlags:-}
          '';
        doCheck = args.doCheck or true;
        checkPhase =
          args.checkPhase or ''
            cargo test -j $NIX_BUILD_CORES --offline --frozen --profile ''${buildType:-release} ''${cargoTestFlags:-}
          '';
        installPhase =
          args.installPhase or ''
            mkdir -p $out/bin
            find target/release -maxdepth 1 -type f -executable -exec cp -t $out/bin {} +
          '';
      }
    );

  callPackage =
    f: args:
    let
      fn = if isFunction f then f else import f;
    in
    fn (intersectAttrs (functionArgs fn) pkgs // args);

  pkgs = {
    inherit
      lib
      stdenv
      runCommand
      writeTextFile
      writeShellApplication
      callPackage
      ;
    stdenvNoCC = stdenv;
    runCommandLocal = runCommand;
    rustPlatform = { inherit buildRustPackage importCargoLock; };
    mkShell =
      {
        packages ? [ ],
        inputsFrom ? [ ],
        ...
      }@a:
      mkDerivation (
        removeAttrs a [
          "packages"
          "inputsFrom"
        ]
        // {
          name = "nix-shell";
          nativeBuildInputs = packages;
          buildCommand = "export > $out";
        }
      );

    clippy = hostTools "clippy" [ "cargo-clippy" ];
    rustfmt = hostTools "rustfmt" [
      "cargo-fmt"
      "rustfmt"
    ];
    cargo-insta = hostTools "cargo-insta" [ "cargo-insta" ];
    go = hostTools "go" [ "go" ];

    nixfmt-tree = hostTools "nixfmt-tree" [ "treefmt" ];
  };
in
pkgs
