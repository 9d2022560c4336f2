# The Talos disk image of one node, laid out as Talos' own imager lays it out, from one pinned input: the release's
# unified kernel image (UKI), which holds the kernel, the initramfs and the command line.
#
# amd64 boots on BIOS (GRUB) and on UEFI (systemd-boot): partitions EFI, BIOS, BOOT, META. arm64 boots on UEFI alone:
# EFI, META. The other partitions Talos makes on its first boot. Whatever is wrong with the wish is said when it is
# built, in a line that a person reads, and not by a trace of Nix.
{
  lib,
  runCommand,
  fetchurl,
  dosfstools,
  grub2,
  mtools,
  qemu-utils,
  util-linux,
  xfsprogs,
  zstd,

  # The program that makes what no other tool makes.
  tombolo,
  # Data of other machines than the one that builds: systemd-boot by architecture, and GRUB's modules for BIOS.
  bootloaders,
  grubModules,
  # By version and architecture: the SHA-256 of the release's UKI.
  pins ? lib.importJSON ./talos.json,

  # Folder of a cluster's generated tree, and the node in it.
  generated,
  cluster,
  node,
  # A UKI of one's own, in place of the release's.
  uki ? null,
  # Documents of a machine configuration without any secret, for the kernel's command line.
  machineConfig ? null,
  # `raw.zst`, `raw.gz` or `qcow2`; what the node's platform takes where absent.
  diskFormat ? null,
}:

let
  nodes = (lib.importJSON (generated + "/talos/nodes.json")).nodes;
  found = lib.filter (it: it.name == node) nodes;
  names = lib.concatMapStringsSep ", " (it: it.name) nodes;
  facts = lib.head found;
  inherit (facts) version architecture platform;

  url = "https://github.com/siderolabs/talos/releases/download/${version}/metal-${architecture}-uki.efi";
  hash = pins.${version}.${architecture}.hash or null;
  release = fetchurl { inherit url hash; };

  name = "talos-${cluster}-${node}";
  refused =
    lines:
    runCommand name { } ''
      cat >&2 <<'REFUSED'

      error: ${lib.concatStringsSep "\n      " lines}

      REFUSED
      exit 1
    '';

  format = if diskFormat == null then facts.diskFormat else diskFormat;
  image = "${name}-${version}-${architecture}.${format}";
  bios = architecture == "amd64";
  bootloader = if bios then "BOOTX64.efi" else "BOOTAA64.efi";
  network = lib.optionalString (facts.network != null) "0xa=@${generated + "/${facts.network}"}";
in
if found == [ ] then
  refused [
    "the cluster `${cluster}` has no node `${node}`"
    "help: its nodes are ${names}"
  ]
else if facts.extensions != [ ] then
  refused [
    "`${node}` has system extensions, and an image with them cannot be assembled here: ${lib.concatStringsSep ", " facts.extensions}"
    "Each is a container image that changes the initramfs; only Talos' own imager puts it in."
    "help: take the Image Factory's image, ${facts.image},"
    "      or leave `extensions` out and let the first upgrade to ${facts.installer} bring them"
  ]
else if uki == null && hash == null then
  refused [
    "Talos ${version} for ${architecture} has no pinned hash in nix/talos.json"
    "help: `nix run .#pin-talos -- ${version} ${architecture}` adds it, from the release's own list of sums"
  ]
else
  runCommand name
    {
      nativeBuildInputs = [
        dosfstools
        grub2
        mtools
        qemu-utils
        tombolo
        util-linux
        xfsprogs
        zstd
      ];
      SOURCE_DATE_EPOCH = 315532800; # 1980-01-01, where FAT's calendar begins
      DETERMINISTIC_SEED = 1;
      TZ = "UTC";
      UKI = if uki == null then release else uki;
      PLATFORM_ARGS = lib.concatStringsSep " " facts.platformArgs;
      KERNEL_ARGS = lib.concatStringsSep " " facts.kernelArgs;
      passthru = { inherit facts; };
    }
    ''
      # Sizes and first sectors in MiB, as Talos has them from 1.11 on.
      efi_mib=2101 bios_mib=${if bios then "1" else "0"} boot_mib=${if bios then "2000" else "0"} meta_mib=1
      efi_at=1 bios_at=$((efi_at + efi_mib)) boot_at=$((bios_at + bios_mib)) meta_at=$((boot_at + boot_mib))
      disk_mib=${if bios then "4247" else "2246"}

      ${lib.optionalString (machineConfig != null) ''
        talos-image public ${machineConfig}
        KERNEL_ARGS="$KERNEL_ARGS talos.config.inline=$(zstd -q -19 -c ${machineConfig} | base64 -w0)"
      ''}
      talos-image uki "$UKI" . "$PLATFORM_ARGS" "$KERNEL_ARGS"

      # EFI: systemd-boot and the UKI.
      install -Dm644 ${bootloaders.${architecture}} efi/EFI/boot/${bootloader}
      install -Dm644 uki.efi efi/EFI/Linux/Talos-${version}.efi
      mkdir -p efi/loader
      printf '# systemd-boot configuration\n\ntimeout 10\n' > efi/loader/loader.conf
      find efi -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
      truncate -s "$efi_mib"M efi.img
      mkfs.vfat --invariant -F 32 -n EFI efi.img > /dev/null
      mcopy -spQm -i efi.img efi/EFI efi/loader ::

      # META. 0x11 makes Talos remove, on its first boot, the boot loader that the machine did not use.
      talos-image meta meta.img ${lib.optionalString bios "0x11=dual-boot"} ${network}

      efi_line="start=$((efi_at * 2048)), size=$((efi_mib * 2048)), type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=bca5174b-0118-8a6a-af0b-2c6e1585acae, name=\"EFI\""
      meta_line="start=$((meta_at * 2048)), size=$((meta_mib * 2048)), type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=cf04f137-101e-8ec6-9627-fa3f51cdabb8, name=\"META\""
      bios_line="" boot_line=""
      ${lib.optionalString bios ''
        # BOOT: the same kernel and initramfs for GRUB, on XFS because Talos mounts it as XFS.
        cat > grub.cfg <<CFG
        set default="A - Talos ${version}"

        set timeout=3

        insmod all_video

        terminal_input console
        terminal_output console

        menuentry "A - Talos ${version}" {
          set gfxmode=auto
          set gfxpayload=text
          linux /A/vmlinuz $(cat cmdline)
          initrd /A/initramfs.xz
        }
        menuentry "Reset Talos installation and return to maintenance mode" {
          set gfxmode=auto
          set gfxpayload=text
          linux /A/vmlinuz $(cat cmdline) talos.experimental.wipe=system:EPHEMERAL,STATE
          initrd /A/initramfs.xz
        }
        CFG
        cat > boot.proto <<PROTO
        /
        0 0
        d--755 0 0
        A d--755 0 0
        vmlinuz ---644 0 0 linux
        initramfs.xz ---644 0 0 initrd
        $
        grub d--700 0 0
        grub.cfg ---600 0 0 grub.cfg
        $
        $
        PROTO
        truncate -s "$boot_mib"M boot.img
        # Features that every GRUB with XFS reads; mkfs.xfs honours DETERMINISTIC_SEED from 6.18 on.
        mkfs.xfs -q -L BOOT -m uuid=24c73076-4092-85dd-9d98-686a2dbf6d81,rmapbt=0 -i nrext64=0,exchange=0 \
          -n ftype=1,parent=0 -d agcount=4 -l size=64m -p boot.proto boot.img

        # BIOS: GRUB's core image, which the boot sector finds by its place.
        grub-mkimage -d ${grubModules} --format i386-pc --output core.img --prefix '(hd0,gpt3)/grub' \
          part_gpt ext2 fat xfs normal configfile linux boot search search_fs_uuid search_fs_file ls cat echo test help \
          reboot halt all_video biosdisk part_msdos
        cp --no-preserve=mode ${grubModules}/boot.img mbr.img
        talos-image grub mbr.img core.img $((bios_at * 2048))
        bios_line="start=$((bios_at * 2048)), size=$((bios_mib * 2048)), type=21686148-6449-6E6F-744E-656564454649, uuid=a2a02ff5-d88d-8e6e-9c95-26b9b6c80bc3, name=\"BIOS\", attrs=\"LegacyBIOSBootable\""
        boot_line="start=$((boot_at * 2048)), size=$((boot_mib * 2048)), type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=24c73076-4092-85dd-9d98-686a2dbf6d81, name=\"BOOT\""
      ''}
      truncate -s "$disk_mib"M disk.raw
      printf '%s\n' 'label: gpt' 'label-id: d92d45b3-cde9-8760-be9f-a2a71fac8d11' 'first-lba: 2048' \
        "$efi_line" "$bios_line" "$boot_line" "$meta_line" | sfdisk -q disk.raw
      place() { dd if="$1" of=disk.raw bs=1M seek="$2" conv=notrunc,sparse status=none; }
      place efi.img $efi_at
      place meta.img $meta_at
      ${lib.optionalString bios ''
        place core.img $bios_at
        place boot.img $boot_at
        dd if=mbr.img of=disk.raw bs=446 count=1 conv=notrunc status=none
      ''}

      mkdir $out
      case ${format} in
        raw.zst) zstd -q -6 -T1 --no-progress -c disk.raw > $out/${image} ;;
        raw.gz) gzip -n -1 -c disk.raw > $out/${image} ;;
        qcow2) qemu-img convert -f raw -O qcow2 -o cluster_size=8k disk.raw $out/${image} ;;
      esac
      cp cmdline $out/cmdline
      sfdisk --dump disk.raw | sed 's/^device:.*/device: disk/; s/^disk\.raw/disk/' > $out/partitions
      raw=$(sha256sum < disk.raw | cut -c1-64)
      packed=$(sha256sum < $out/${image} | cut -c1-64)
      bytes=$(stat -c %s $out/${image})
      printf '%s  %s\n' "$packed" ${image} > $out/SHA256SUMS
      cat > $out/README.md <<README
      # The image of \`${node}\` in \`${cluster}\`: Talos ${version}, ${platform}, ${architecture}

      | | bytes | SHA-256 |
      |---|---|---|
      | \`${image}\` | $bytes | \`$packed\` |
      | the disk that it unpacks to | $((disk_mib * 1048576)) | \`$raw\` |

      Command line: \`$(cat cmdline)\`

      ## From a rescue system

      Everything on \`${facts.disk}\` is lost. Copy the image to the machine, or pipe it there:

      \`\`\`sh
      sha256sum --check SHA256SUMS
      lsblk ${facts.disk}     # the disk that is meant, and nothing mounted from it
      ${
        {
          "raw.zst" = "ssh root@RESCUE 'zstd -d | dd of=${facts.disk} bs=4M conv=fsync' < ${image}";
          "raw.gz" = "ssh root@RESCUE 'gzip -d | dd of=${facts.disk} bs=4M conv=fsync' < ${image}";
          "qcow2" =
            "qemu-img convert -O raw ${image} /dev/stdout | ssh root@RESCUE 'dd of=${facts.disk} bs=4M conv=fsync'";
        }
        .${format}
      }
      ssh root@RESCUE 'head -c $((disk_mib * 1048576)) ${facts.disk} | sha256sum'   # $raw
      ssh root@RESCUE reboot
      \`\`\`

      Where the provider takes images itself, upload \`${image}\` in its place.
      ${
        if facts.network != null then
          "The network of \\`${node}\\` is in META, so that it answers without DHCP."
        else
          "The machine gets its first addresses by DHCP or from its provider."
      }
      How it is given its configuration says \`talos/README.md\` of the generated tree: the maintenance API asks nobody who they are, so close port 50000 to the world until then.
      README
    ''
