{
  description = "Compiles one definition of a Kubernetes cluster at two sites into the whole tree that runs it";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      linux = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      darwin = [
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forSystems = systems: f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      forAllSystems = forSystems (linux ++ darwin);
      ours = import ./nix/lib.nix { inherit self nixpkgs; };
      app = package: description: {
        type = "app";
        program = lib.getExe package;
        meta = { inherit description; };
      };
    in
    {
      lib = ours;

      packages =
        forAllSystems (pkgs: {
          default = pkgs.callPackage ./nix/package.nix { };
        })
        // forSystems linux (
          pkgs:
          {
            default = pkgs.callPackage ./nix/package.nix { };
          }
          // ours.mkTalosImages {
            inherit pkgs;
            clusters = ./clusters;
          }
        );

      apps = forAllSystems (pkgs: rec {
        render = app (ours.mkRender { inherit pkgs; }) "Compile clusters/*/cluster.yaml into clusters/*/generated/";
        default = render;
        check = app (ours.mkCommand {
          inherit pkgs;
          name = "check";
        }) "Say everything that is wrong with clusters/*/cluster.yaml";
        init = app (ours.mkCommand {
          inherit pkgs;
          name = "init";
        }) "Write a new definition that compiles";
        pin-talos = app (pkgs.callPackage ./nix/pin-talos.nix { }) "Pin the UKI of a Talos release for images";
      });

      checks = forAllSystems (pkgs: import ./nix/checks.nix { inherit self nixpkgs pkgs; });

      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ (ours.package pkgs) ];
          packages = [
            pkgs.cargo-deny
            pkgs.cargo-insta
            pkgs.clippy
            pkgs.go
            pkgs.jq
            pkgs.rustfmt
            pkgs.shellcheck
          ];
        };
      });

      formatter = forAllSystems (pkgs: pkgs.nixfmt-tree);

      overlays.default = final: _: { tombolo = final.callPackage ./nix/package.nix { }; };

      nixosModules = {
        terraform-state-backup = ./nix/modules/terraform-state-backup.nix;
        nix-cache-client = ./nix/modules/nix-cache-client.nix;
      };

      templates.default = {
        path = ./nix/template;
        description = "A repository of one's own clusters, rendered by tombolo";
      };
    };
}
