# What other flakes call: `inputs.tombolo.lib`.
{ self, nixpkgs }:

let
  inherit (nixpkgs) lib;
  package = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system}.default;

  mkCommand =
    { pkgs, name }:
    pkgs.callPackage ./command.nix {
      inherit name;
      tombolo = package pkgs;
    };

  # `mkTalosImage { pkgs, clusters, cluster, node, … }`: the disk image of one node of `${clusters}/${cluster}`.
  # More arguments: `pins`, `uki`, `machineConfig`, `diskFormat`; nix/image.nix says what each is.
  mkTalosImage =
    {
      pkgs,
      clusters,
      cluster,
      ...
    }@args:
    pkgs.callPackage ./image.nix (
      {
        tombolo = package pkgs;
        # Data and no programs, so they may be those of the other processor.
        bootloaders = {
          amd64 = "${nixpkgs.legacyPackages.x86_64-linux.systemd}/lib/systemd/boot/efi/systemd-bootx64.efi";
          arm64 = "${nixpkgs.legacyPackages.aarch64-linux.systemd}/lib/systemd/boot/efi/systemd-bootaa64.efi";
        };
        grubModules = "${nixpkgs.legacyPackages.x86_64-linux.grub2}/lib/grub/i386-pc";
        generated = clusters + "/${cluster}/generated";
      }
      // removeAttrs args [
        "pkgs"
        "clusters"
      ]
    );

  # A check: the generated trees of `${clusters}` are what the definitions there render to.
  mkRendered =
    { pkgs, clusters }:
    pkgs.runCommand "rendered" { nativeBuildInputs = [ (package pkgs) ]; } ''
      cp -r --no-preserve=mode ${builtins.path { path = clusters; name = "clusters"; }} clusters
      tombolo render --check
      touch $out
    '';

  # The images of all public nodes of all clusters of a folder, as `talos-image-CLUSTER-NODE`.
  mkTalosImages =
    { pkgs, clusters, ... }@args:
    let
      index = cluster: clusters + "/${cluster}/generated/talos/nodes.json";
      rendered = lib.filter (cluster: builtins.pathExists (index cluster)) (
        builtins.attrNames (builtins.readDir clusters)
      );
      image = cluster: node: {
        name = "talos-image-${cluster}-${node.name}";
        value = mkTalosImage (
          args
          // {
            inherit cluster;
            node = node.name;
          }
        );
      };
      public = cluster: lib.filter (node: node.public) (lib.importJSON (index cluster)).nodes;
    in
    builtins.listToAttrs (lib.concatMap (cluster: map (image cluster) (public cluster)) rendered);
in
{
  inherit
    mkCommand
    mkRendered
    mkTalosImage
    mkTalosImages
    package
    ;

  # `mkRender { pkgs }`: the program behind `nix run .#render`, which renders the checkout that it is called in.
  mkRender =
    { pkgs }:
    mkCommand {
      inherit pkgs;
      name = "render";
    };
}
