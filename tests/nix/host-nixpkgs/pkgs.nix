# The packages and builders that the flake uses, over the tools of the machine that `host` describes.
{
  lib,
  host,
  system,
}:

let
  inherit (builtins)
    concatStringsSep
    functionArgs
    intersectAttrs
    isFunction
    map
    removeAttrs
    ;

  mkDerivation =
    args:
    derivation (
      removeAttrs args [
        "meta"
        "nativeBuildInputs"
        "passthru"
      ]
      // {
        name = args.name or "${args.pname}-${args.version}";
        # What is for the other processor is data here, which any machine can make.
        system = host.system;
        builder = host.bash;
        args = [
          "-e"
          ./stdenv.sh
        ];
        PATH = concatStringsSep ":" (
          (map (it: "${it}/bin") (args.nativeBuildInputs or [ ])) ++ [ host.path ]
        );
      }
    )
    // (args.passthru or { })
    // {
      meta = args.meta or { };
      overrideAttrs = f: mkDerivation (args // f args);
    };

  runCommand =
    name: env: buildCommand:
    mkDerivation (env // { inherit name buildCommand; });

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
    }:
    mkDerivation {
      inherit name;
      meta.mainProgram = name;
      passAsFile = [ "text" ];
      text = ''
        #!${host.bash}
        # shellcheck shell=bash
        set -o errexit
        set -o nounset
        set -o pipefail
        export PATH="${lib.makeBinPath runtimeInputs}:$PATH"

        ${text}
      '';
      buildCommand = ''
        mkdir -p $out/bin
        cp "$textPath" $out/bin/${name}
        chmod +x $out/bin/${name}
        # As nixpkgs does: what it warns of fails the build.
        shellcheck $out/bin/${name}
      '';
    };

  # As nixpkgs' importCargoLock: one fixed-output derivation a crate, its hash the checksum in Cargo.lock. The bytes
  # come from cargo's own cache (`cargo fetch --locked` beforehand), and are still checked.
  crate =
    package:
    derivation {
      name = "crate-${package.name}-${package.version}.tar.gz";
      inherit system;
      builder = host.bash;
      # The last command is a builtin: bash would exec cp, which closes stderr before it exits, and Nix takes that for
      # the builder's end and kills it.
      args = [
        "-euc"
        "cp ${host.cargoCache}/*/${package.name}-${package.version}.crate $out; :"
      ];
      PATH = host.path;
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = package.checksum;
    };

  importCargoLock =
    { lockFile }:
    runCommand "cargo-vendor-dir" { } (
      ''
        mkdir -p $out/.cargo
        cp ${lockFile} $out/Cargo.lock
        printf '[source.crates-io]\nreplace-with = "vendored-sources"\n[source.vendored-sources]\ndirectory = "cargo-vendor-dir"\n' > $out/.cargo/config.toml
      ''
      + concatStringsSep "" (
        map (package: ''
          mkdir $out/${package.name}-${package.version}
          tar xzf ${crate package} --strip-components=1 -C $out/${package.name}-${package.version}
          printf '{"files":{},"package":"%s"}' ${package.checksum} > $out/${package.name}-${package.version}/.cargo-checksum.json
        '') (builtins.filter (package: package ? source) (lib.importTOML lockFile).package)
      )
    );

  buildRustPackage =
    args:
    assert !args.doCheck;
    mkDerivation (
      removeAttrs args [ "cargoLock" ]
      // {
        cargoDeps = importCargoLock { inherit (args.cargoLock) lockFile; };
        configurePhase = ''
          ln -s $cargoDeps cargo-vendor-dir
          mkdir -p .cargo && cat $cargoDeps/.cargo/config.toml >> .cargo/config.toml
          cmp Cargo.lock $cargoDeps/Cargo.lock
          export CARGO_HOME=$NIX_BUILD_TOP/cargo-home
        '';
        # Built quickly rather than well: the real nixpkgs' build is the workspace's own release profile.
        CARGO_PROFILE_RELEASE_LTO = "off";
        CARGO_PROFILE_RELEASE_OPT_LEVEL = "0";
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS = "16";
        buildPhase = "cargo build -j $NIX_BUILD_CORES --offline --frozen --release $cargoBuildFlags";
        installPhase = ''
          mkdir -p $out/bin
          find target/release -maxdepth 1 -type f -executable -exec cp -t $out/bin {} +
        '';
      }
    );

  callPackage =
    f: args:
    let
      function = if isFunction f then f else import f;
    in
    function (intersectAttrs (functionArgs function) (pkgs // { inherit pkgs; }) // args);

  # A package of Debian's tools.
  tools =
    pname: programs:
    runCommand pname { meta.mainProgram = builtins.head programs; } ''
      mkdir -p $out/bin
      for program in ${concatStringsSep " " programs}; do
        path=$(type -P "$program") || { echo "the stand-in for nixpkgs has no '$program' (for ${pname})" >&2; exit 1; }
        ln -s "$path" $out/bin/$program
      done
    '';

  # A folder of files, at the place where nixpkgs has it.
  data =
    pname: at: from: programs:
    runCommand pname { } ''
      mkdir -p $out/bin "$(dirname "$out/${at}")"
      ln -s ${from} "$out/${at}"
      for program in ${concatStringsSep " " programs}; do ln -s "$(type -P "$program")" $out/bin/$program; done
    '';
  arm = system == "aarch64-linux";
  root = if arm then "/foreign" else "";

  # A package that the flake names and no test builds.
  named = pname: runCommand pname { } "echo 'the stand-in for nixpkgs has no ${pname}' >&2; exit 1";

  pkgs =
    lib.genAttrs [
      "cargo-deny"
      "curl"
      "cargo-insta"
      "go"
      "nixfmt-tree"
      "shellcheck"
    ] named
    // {
      inherit
        callPackage
        lib
        runCommand
        writeShellApplication
        ;
      stdenv.hostPlatform = { inherit system; };
      fetchurl =
        { url, hash }:
        derivation {
          name = baseNameOf url;
          system = host.system;
          builder = host.bash;
          args = [
            "-euc"
            "echo 'the stand-in for nixpkgs fetches nothing: ${url}' >&2; exit 1"
          ];
          outputHash = hash;
          outputHashMode = "flat";
        };
      writeText = name: text: runCommand name { inherit text; } "printf %s \"$text\" > $out";

      coreutils = tools "coreutils" [
        "basenc"
        "base64"
        "cut"
        "date"
        "echo"
        "mkdir"
        "mv"
        "rm"
        "tr"
      ];
      clippy = tools "clippy" [
        "cargo-clippy"
        "clippy-driver"
      ];
      rustfmt = tools "rustfmt" [
        "cargo-fmt"
        "rustfmt"
      ];
      cpio = tools "cpio" [ "cpio" ];
      diffutils = tools "diffutils" [ "cmp" ];
      dosfstools = tools "dosfstools" [
        "fsck.vfat"
        "mkfs.vfat"
      ];
      findutils = tools "findutils" [ "find" ];
      gnugrep = tools "gnugrep" [ "grep" ];
      gnused = tools "gnused" [ "sed" ];
      gnutar = tools "gnutar" [ "tar" ];
      gzip = tools "gzip" [ "gzip" ];
      jq = tools "jq" [ "jq" ];
      mtools = tools "mtools" [
        "mcopy"
        "mdir"
      ];
      qemu = tools "qemu" [
        "qemu-img"
        "qemu-system-aarch64"
        "qemu-system-x86_64"
      ];
      rclone = data "rclone" "bin/rclone" "/rclone/rclone" [ ];
      qemu-utils = tools "qemu-utils" [ "qemu-img" ];
      systemdUkify = tools "ukify" [ "ukify" ];
      util-linux = tools "util-linux" [
        "flock"
        "sfdisk"
      ];
      xfsprogs = tools "xfsprogs" [
        "mkfs.xfs"
        "xfs_repair"
      ];
      xz = tools "xz" [ "xz" ];
      zstd = tools "zstd" [ "zstd" ];
      grub2 = data "grub2" "lib/grub" "/usr/lib/grub" [ "grub-mkimage" ];
      systemd = data "systemd" "lib/systemd/boot/efi" "${root}/usr/lib/systemd/boot/efi" (
        if arm then [ ] else [ "systemd-analyze" ]
      );
      pkgsStatic.busybox = data "busybox" "bin/busybox" "${root}/usr/bin/busybox" [ ];
      OVMF.fd =
        if arm then
          data "OVMF" "FV/AAVMF_CODE.fd" "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd" [ ]
        else
          data "OVMF" "FV/OVMF.fd" "/usr/share/ovmf/OVMF.fd" [ ];
      linuxPackages.kernel =
        if arm then
          data "linux" "Image" "/boot/vmlinuz-arm64" [ ]
        else
          data "linux" "bzImage" "/boot/vmlinuz-amd64" [ ];

      rustPlatform = { inherit buildRustPackage; };
      mkShell =
        { packages, inputsFrom }:
        mkDerivation {
          name = "nix-shell";
          nativeBuildInputs = packages ++ inputsFrom;
          buildCommand = "export > $out";
        };
    };
in
pkgs
