# A NixOS host that takes packages from the cluster's binary cache.
{ config, lib, ... }:

let
  cfg = config.services.nix-cache-client;
  inherit (lib) mkOption types;
  said =
    if cfg.definition == null then
      { }
    else
      (lib.importJSON cfg.definition).nixCacheClient
        or (throw "${toString cfg.definition} says nothing of a cache: the definition has no nixCache");
in
{
  options.services.nix-cache-client = {
    enable = lib.mkEnableOption "packages from the cluster's binary cache";
    definition = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "`generated/nixos.json` of the cluster: where `url` and `publicKey` come from.";
    };
    url = mkOption {
      type = types.str;
      default = said.url or (throw "services.nix-cache-client: set `definition`, or `url`");
      description = "The cache, with its priority: `https://cache.example.org?priority=50`.";
    };
    publicKey = mkOption {
      type = types.nullOr types.str;
      default = said.publicKey or null;
      description = "The public half of the key that the cache signs with.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.publicKey != null;
        message = "services.nix-cache-client.publicKey is not known: write it into the definition as nixCache.publicKey, or set it here";
      }
    ];
    nix.settings = {
      extra-substituters = [ cfg.url ];
      extra-trusted-public-keys = lib.optionals (cfg.publicKey != null) [ cfg.publicKey ];
      # The cache stands in a house: a host builds on while it is away.
      connect-timeout = 5;
      fallback = true;
    };
  };
}
