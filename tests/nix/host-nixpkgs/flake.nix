{
  description = "Test-only stand-in for nixpkgs: the attributes the flake uses, over the host's own tools";

  outputs =
    { self }:
    let
      host = builtins.fromJSON (builtins.readFile ./host.json);
      lib = import ./lib.nix;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs lib.platforms.all (
        system: import ./pkgs.nix { inherit lib host system; }
      );
    };
}
