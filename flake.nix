{
  description = "Compiles one definition of a Kubernetes cluster at two sites into the whole tree that runs it";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forAllSystems = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system} self.packages.${system});
      app = package: description: {
        type = "app";
        program = lib.getExe package;
        meta = { inherit description; };
      };
    in
    {
      packages = forAllSystems (
        pkgs: _: {
          default = pkgs.callPackage ./nix/package.nix { };
        }
      );

      apps = forAllSystems (
        pkgs: packages:
        let
          command = name: pkgs.callPackage ./nix/command.nix {
            inherit name;
            tombolo = packages.default;
          };
          render = app (command "render") "Compile clusters/*/cluster.yaml into clusters/*/generated/";
        in
        {
          inherit render;
          default = render;
          check = app (command "check") "Say everything that is wrong with clusters/*/cluster.yaml";
        }
      );

      checks = forAllSystems (pkgs: packages: import ./nix/checks.nix { inherit pkgs packages; });

      devShells = forAllSystems (
        pkgs: packages: {
          default = pkgs.mkShell {
            inputsFrom = [ packages.default ];
            packages = [
              pkgs.clippy
              pkgs.rustfmt
              pkgs.cargo-deny
              pkgs.cargo-insta
              pkgs.go
              pkgs.jq
              pkgs.shellcheck
            ];
          };
        }
      );

      formatter = forAllSystems (pkgs: _: pkgs.nixfmt-tree);

      overlays.default = final: _: { tombolo = final.callPackage ./nix/package.nix { }; };
    };
}
