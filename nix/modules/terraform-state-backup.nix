# A NixOS host that keeps encrypted copies of Terraform's state.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.services.terraform-state-backup;
  inherit (lib) mkOption types;
  said =
    if cfg.definition == null then
      { }
    else
      (lib.importJSON cfg.definition).terraformStateBackup
        or (throw "${toString cfg.definition} says nothing of a backup: the definition has no backup.terraformState");

  program = pkgs.writeShellApplication {
    name = "terraform-state-backup";
    runtimeInputs = [
      pkgs.coreutils
      pkgs.findutils
      pkgs.gnugrep
      pkgs.gnused
      pkgs.gnutar
      pkgs.gzip
      pkgs.rclone
      pkgs.util-linux
    ];
    text = builtins.readFile ./terraform-state-backup.sh;
  };
  restore = pkgs.writeShellApplication {
    name = "terraform-state-restore";
    runtimeInputs = [
      pkgs.coreutils
      program
    ];
    text = ''
      # terraform-state-restore             lists the copies
      # terraform-state-restore WHICH FOLDER    unpacks one, or `latest`, into a new folder
      CREDENTIALS_DIRECTORY=$(mktemp -d)
      trap 'rm -rf "$CREDENTIALS_DIRECTORY"' EXIT
      cp ${lib.escapeShellArg cfg.rcloneConfigFile} "$CREDENTIALS_DIRECTORY/rclone.conf"
      export CREDENTIALS_DIRECTORY REMOTE=${lib.escapeShellArg cfg.remote} RUNTIME_DIRECTORY=$CREDENTIALS_DIRECTORY
      if [ $# -eq 0 ]; then terraform-state-backup list; else terraform-state-backup restore "$@"; fi
    '';
  };
in
{
  options.services.terraform-state-backup = {
    enable = lib.mkEnableOption "encrypted copies of Terraform's state";
    definition = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "`generated/nixos.json` of the cluster: where `remote`, `schedule` and `keep` come from.";
    };
    remote = mkOption {
      type = types.str;
      default = said.remote or (throw "services.terraform-state-backup: set `definition`, or `remote`");
      description = "A remote of rclone of type `crypt`, and a folder on it: `gdrive-crypt:terraform`.";
    };
    schedule = mkOption {
      type = types.str;
      default = said.schedule or "daily";
      description = "When a copy is made, as systemd.time(7) writes calendar events.";
    };
    keep = mkOption {
      type = types.ints.positive;
      default = said.keep or 30;
      description = "How many copies are kept, the newest ones.";
    };
    sources = mkOption {
      type = types.listOf types.str;
      description = "Folders with state: each `*.tfstate` below them is copied, with its backups, variables and lock file.";
    };
    rcloneConfigFile = mkOption {
      type = types.str;
      description = "rclone's configuration, which holds secrets: a file that only root reads, never one of the store.";
    };
    metricsFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "A file for node_exporter's textfile collector: `/var/lib/node_exporter/terraform-state.prom`.";
    };
    onFailure = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units to start when a copy fails, beside the one that writes it to the journal as an error.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !(lib.hasPrefix builtins.storeDir cfg.rcloneConfigFile);
        message = "services.terraform-state-backup.rcloneConfigFile is in the store, where everybody reads it";
      }
      {
        assertion = cfg.sources != [ ];
        message = "services.terraform-state-backup.sources is empty: there is nothing to copy";
      }
    ];

    environment.systemPackages = [ restore ];

    systemd.timers.terraform-state-backup = {
      description = "Copies of Terraform's state";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = cfg.schedule;
        # A host that slept through it makes up for it.
        Persistent = true;
        RandomizedDelaySec = "30min";
      };
    };

    systemd.services.terraform-state-backup = {
      description = "A copy of Terraform's state on an encrypted remote";
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      onFailure = [ "terraform-state-backup-failed.service" ] ++ cfg.onFailure;
      environment = {
        REMOTE = cfg.remote;
        SOURCES = lib.concatStringsSep "\n" cfg.sources;
        KEEP = toString cfg.keep;
        METRICS = if cfg.metricsFile == null then "" else cfg.metricsFile;
      };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${lib.getExe program} backup";
        LoadCredential = "rclone.conf:${cfg.rcloneConfigFile}";
        StateDirectory = "terraform-state-backup";
        StateDirectoryMode = "0700";
        RuntimeDirectory = "terraform-state-backup";
        RuntimeDirectoryMode = "0700";
        TimeoutStartSec = "1h";
        # It reads state of any user, and writes nowhere but into its own folders and the metrics.
        CapabilityBoundingSet = [ "CAP_DAC_READ_SEARCH" ];
        AmbientCapabilities = [ ];
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateTmp = true;
        ProtectClock = true;
        ProtectControlGroups = true;
        ProtectHome = "read-only";
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectProc = "invisible";
        ProtectSystem = "strict";
        ReadWritePaths = lib.optionals (cfg.metricsFile != null) [ (builtins.dirOf cfg.metricsFile) ];
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_UNIX"
        ];
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged"
        ];
        UMask = "0077";
      };
    };

    systemd.services.terraform-state-backup-failed = {
      description = "Says that no copy of Terraform's state was made";
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${pkgs.coreutils}/bin/echo '<3>terraform-state-backup failed: journalctl -u terraform-state-backup says why'";
        SyslogLevelPrefix = true;
      };
    };
  };
}
