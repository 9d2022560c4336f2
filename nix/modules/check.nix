# The modules, evaluated with the settings of the clusters here; their units read by systemd; what is wrong is said.
{
  lib,
  pkgs,
  modules,
  runCommand,
  jq,
  systemd,
}:

let
  anything =
    default:
    lib.mkOption {
      type = lib.types.anything;
      inherit default;
    };
  # The options of NixOS that the modules set.
  nixos.options = {
    assertions = anything [ ];
    environment.systemPackages = anything [ ];
    nix.settings = anything { };
    systemd.services = anything { };
    systemd.timers = anything { };
  };
  evaluate =
    settings:
    (lib.evalModules {
      specialArgs = { inherit pkgs; };
      modules = [
        nixos
        modules.terraform-state-backup
        modules.nix-cache-client
        { config = settings; }
      ];
    }).config;
  # What an evaluation that is refused says.
  refusals = settings: map (it: it.message) (lib.filter (it: !it.assertion) (evaluate settings).assertions);

  definition = ../../clusters/example/generated/nixos.json;
  backup = {
    enable = true;
    inherit definition;
    sources = [
      "/srv/terraform"
      "/home/admin/infrastructure"
    ];
    rcloneConfigFile = "/run/secrets/rclone.conf";
    metricsFile = "/var/lib/node_exporter/terraform-state.prom";
    onFailure = [ "mail-admin@%n.service" ];
  };
  whole = evaluate {
    services.terraform-state-backup = backup;
    services.nix-cache-client = {
      enable = true;
      inherit definition;
    };
  };
  units = {
    services = whole.systemd.services;
    timers = whole.systemd.timers;
  };
  expected = lib.importJSON definition;
  wrong = {
    "rcloneConfigFile is in the store, where everybody reads it" = refusals {
      services.terraform-state-backup = backup // {
        rcloneConfigFile = "${builtins.storeDir}/rclone.conf";
      };
    };
    "sources is empty: there is nothing to copy" = refusals {
      services.terraform-state-backup = backup // {
        sources = [ ];
      };
    };
    "publicKey is not known" = refusals {
      services.nix-cache-client = {
        enable = true;
        definition = ../../clusters/agentydragon/generated/nixos.json;
      };
    };
  };
in
assert
  whole.nix.settings.extra-substituters == [ expected.nixCacheClient.url ]
  && whole.nix.settings.extra-trusted-public-keys == [ expected.nixCacheClient.publicKey ];
assert units.services.terraform-state-backup.environment.REMOTE == expected.terraformStateBackup.remote;
assert units.services.terraform-state-backup.environment.KEEP == toString expected.terraformStateBackup.keep;
assert units.timers.terraform-state-backup.timerConfig.OnCalendar == expected.terraformStateBackup.schedule;
assert refusals { services.terraform-state-backup = backup; } == [ ];
assert (evaluate { }).systemd.services == { };
runCommand "modules"
  {
    nativeBuildInputs = [
      jq
      systemd
    ];
    units = builtins.toJSON units;
    wrong = builtins.toJSON wrong;
    passAsFile = [
      "units"
      "wrong"
    ];
    passthru.config = whole;
  }
  ''
    # Each wrong setting is refused once, in these words.
    jq -e 'to_entries | all(.key as $words | .value | length == 1 and (.[0] | contains($words)))' "$wrongPath"

    # The units, as NixOS writes them.
    mkdir $out
    jq -r '
      def lines($key): (if type == "array" then .[] else . end) | "\($key)=\(if . == true then "true" elif . == false then "false" else . end)";
      def section: to_entries[] | .key as $key | .value | lines($key);
      def unit: "[Unit]\nDescription=\(.description)", ((.wants // [])[] | "Wants=\(.)"), ((.after // [])[] | "After=\(.)"), ((.onFailure // [])[] | "OnFailure=\(.)");
      (.services | to_entries[] | { name: "\(.key).service", text: [.value | unit, "[Service]",
          ((.environment // {}) | to_entries[] | "Environment=\("\(.key)=\(.value)" | @json)"), (.serviceConfig | section)] }),
      (.timers | to_entries[] | { name: "\(.key).timer", text: [.value | unit, "[Timer]", (.timerConfig | section),
          "[Install]", (.wantedBy[] | "WantedBy=\(.)")] })
      | @json' "$unitsPath" | while IFS= read -r unit; do
      jq -r '.text[]' <<< "$unit" > "$out/$(jq -r .name <<< "$unit")"
    done
    printf '[Unit]\nDescription=stands for the mail of the administrator\n[Service]\nType=oneshot\nExecStart=/bin/true\n' > 'mail-admin@.service'
    for target in network-online timers basic sysinit shutdown; do printf '[Unit]\nDescription=stands for NixOS\n' > $target.target; done
    cp $out/* .
    # The sandbox has no /run; a user's manager reads the same units.
    export XDG_RUNTIME_DIR=$PWD/run HOME=$PWD && mkdir run
    SYSTEMD_UNIT_PATH=$PWD systemd-analyze --user verify --recursive-errors=yes --man=no ./terraform-state-backup.service ./terraform-state-backup.timer ./terraform-state-backup-failed.service 2>&1 | tee said
    test ! -s said
    # It can fail: a key that systemd does not have is seen.
    sed 's/^RestrictRealtime=/RestrictRealtme=/' $out/terraform-state-backup.service > broken.service
    SYSTEMD_UNIT_PATH=$PWD systemd-analyze --user verify --man=no ./broken.service 2>&1 | grep -q RestrictRealtme
  ''
