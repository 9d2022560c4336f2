{
  description = "Clusters, rendered by tombolo";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    # Where you keep tombolo: git+https://…, github:…, or git+file:///a/checkout
    tombolo.url = "git+https://git.example.org/tombolo";
    tombolo.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    { nixpkgs, tombolo, ... }:
    let
      forSystems =
        nixpkgs.lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
        ];
      pkgs = system: nixpkgs.legacyPackages.${system};
    in
    {
      # nix run .#init -- NAME, .#render, .#check, .#pin-talos
      apps = forSystems (system: tombolo.apps.${system});

      # tombolo itself, for `nix run . -- init home`, and an image of each public node.
      packages = forSystems (
        system:
        {
          default = tombolo.packages.${system}.default;
        }
        // tombolo.lib.mkTalosImages {
          pkgs = pkgs system;
          clusters = ./clusters;
          # `nix run .#pin-talos -- v1.14.2 amd64` adds a release.
          pins = nixpkgs.lib.importJSON ./nix/talos.json;
        }
      );

      # The committed trees are what the definitions render to.
      checks = forSystems (system: {
        rendered = tombolo.lib.mkRendered {
          pkgs = pkgs system;
          clusters = ./clusters;
        };
      });
    };
}
