{
  description = "Test-only stand-in for nixpkgs: the attributes that the flake uses, over tools of Debian";

  outputs =
    { self }:
    let
      host = builtins.fromJSON (builtins.readFile ./host.json);
      lib = import ./lib.nix;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs lib.systems.flakeExposed (
        system: import ./pkgs.nix { inherit lib host system; }
      );
    };
}
