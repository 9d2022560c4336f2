# Images of real nodes of the clusters here, made from a stand-in UKI (a stock kernel and a short init), looked at with
# sfdisk, fsck and xfs_repair, and booted. What only the release's own kernel can show is not shown.
{
  self,
  nixpkgs,
  pkgs,
  runCommand,
  cpio,
  dosfstools,
  mtools,
  qemu,
  systemdUkify,
  util-linux,
  xfsprogs,
  xz,
  zstd,
}:

let
  foreign = nixpkgs.legacyPackages.aarch64-linux;
  parts = {
    amd64 = {
      kernel = "${pkgs.linuxPackages.kernel}/bzImage";
      busybox = pkgs.pkgsStatic.busybox;
      stub = "${pkgs.systemd}/lib/systemd/boot/efi/linuxx64.efi.stub";
      efi = "x64";
    };
    arm64 = {
      kernel = "${foreign.linuxPackages.kernel}/Image";
      busybox = foreign.pkgsStatic.busybox;
      stub = "${foreign.systemd}/lib/systemd/boot/efi/linuxaa64.efi.stub";
      efi = "aa64";
    };
  };
  init = builtins.toFile "init" ''
    #!/bin/busybox sh
    /bin/busybox mount -t proc proc /proc
    /bin/busybox mount -t sysfs sys /sys
    /bin/busybox mount -t devtmpfs dev /dev
    if [ -d /sys/firmware/efi ]; then firmware=uefi; else firmware=bios; fi
    for port in ttyS0 ttyAMA0; do
      echo "NODE-UP firmware=$firmware cmdline=$(/bin/busybox cat /proc/cmdline)" > /dev/$port
    done 2> /dev/null
    /bin/busybox sleep 1
    /bin/busybox poweroff -f
  '';
  # As the release's, for `metal`.
  uki =
    architecture:
    let
      inherit (parts.${architecture})
        kernel
        busybox
        stub
        efi
        ;
    in
    runCommand "stand-in-uki-${architecture}.efi"
      {
        nativeBuildInputs = [
          cpio
          systemdUkify
          xz
        ];
        SOURCE_DATE_EPOCH = 315532800;
      }
      ''
        mkdir -p root/bin root/proc root/sys root/dev
        cp ${busybox}/bin/busybox root/bin/busybox
        cp ${init} root/init && chmod +x root/init root/bin/busybox
        find root -exec touch -hd @$SOURCE_DATE_EPOCH {} +
        (cd root && find . -print0 | sort -z | cpio --null -o -H newc -R 0:0 --reproducible --quiet) | xz --check=crc32 > initramfs.xz
        printf 'talos.platform=metal console=tty0 slab_nomerge= pti=on' > cmdline
        printf 'NAME="Talos"\nID=talos\nVERSION_ID=v0.0.0-test\n' > os-release
        ukify build --efi-arch ${efi} --linux ${kernel} --initrd initramfs.xz --cmdline @cmdline --os-release @os-release \
          --stub ${stub} --output $out
      '';
  image =
    cluster: node: architecture: more:
    self.lib.mkTalosImage (
      {
        inherit pkgs cluster node;
        clusters = ../clusters;
        uki = uki architecture;
      }
      // more
    );
  images = {
    akamai = image "agentydragon" "vps0" "amd64" { };
    metal = image "example" "control0" "amd64" {
      diskFormat = "qcow2";
      machineConfig = builtins.toFile "public.yaml" "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: control0\n";
    };
    arm64 = image "example" "edge-south" "arm64" { };
  };

  look =
    name: bios: unpack:
    runCommand "talos-image-${name}-is-sound"
      {
        nativeBuildInputs = [
          dosfstools
          mtools
          qemu
          util-linux
          xfsprogs
          zstd
        ];
        passthru.image = images.${name};
      }
      ''
        image=${images.${name}}
        (cd $image && sha256sum --check SHA256SUMS)
        ${unpack}
        sfdisk --verify disk.raw
        part() { dd if=disk.raw of="$1" bs=1M skip="$2" count="$3" conv=sparse status=none; }
        part efi.img 1 2101
        fsck.vfat -n efi.img
        mdir -i efi.img -/ -b ::/EFI
        mdir -i efi.img -/ -b ::/EFI | grep -q /EFI/Linux/Talos-v
        ${
          if bios then
            ''
              part boot.img 2103 2000
              xfs_repair -n boot.img
              part meta.img 4103 1
              grep -qa dual-boot meta.img
            ''
          else
            "part meta.img 2102 1"
        }
        test "$(head -c 4 meta.img | od -An -tx1 | tr -d ' ')" = 5a4b3c2d
        ${if name == "metal" then "grep -qa '198.51.100.11/24' meta.img" else "! grep -qa hostname meta.img"}
        grep -F "| the disk that it unpacks to | $(stat -c %s disk.raw) | \`$(sha256sum < disk.raw | cut -c1-64)\` |" $image/README.md
        mkdir $out
        cp --sparse=always disk.raw $out/disk.raw.tmp && zstd -q -1 --rm $out/disk.raw.tmp -o $out/disk.raw.zst
      '';
  sound = {
    akamai = look "akamai" true "gzip -dc $image/*.raw.gz | dd of=disk.raw bs=1M conv=sparse status=none; truncate -s 4247M disk.raw";
    metal = look "metal" true "qemu-img convert -O raw $image/*.qcow2 disk.raw";
    arm64 = look "arm64" false "zstd -q -dc $image/*.raw.zst | dd of=disk.raw bs=1M conv=sparse status=none; truncate -s 2246M disk.raw";
  };

  boot =
    name: firmware: machine: cmdline:
    runCommand "talos-image-${name}-boots-stand-in-kernel-on-${firmware}"
      {
        nativeBuildInputs = [
          qemu
          zstd
        ];
      }
      ''
        zstd -q -dc ${sound.${name}}/disk.raw.zst | dd of=disk.raw bs=1M conv=sparse status=none
        timeout 900 ${machine} -m 1024 -smp 1 -display none -serial stdio -no-reboot -nic none \
          -drive file=disk.raw,format=raw,if=virtio,snapshot=on < /dev/null | tr -d '\r' > log || true
        tail -n 3 log
        grep -aE 'NODE-UP firmware=${firmware} cmdline=.*${cmdline}' log
        cp log $out
      '';
  x86 = "qemu-system-x86_64 -machine q35";
  akamai = "talos.platform=akamai console=ttyS0 console=tty0 console=tty1 net.ifnames=0 slab_nomerge= pti=on$";
in
{
  talos-image-akamai-is-sound = sound.akamai;
  talos-image-metal-is-sound = sound.metal;
  talos-image-arm64-is-sound = sound.arm64;
  talos-image-boots-stand-in-kernel-on-bios = boot "akamai" "bios" x86 akamai;
  talos-image-boots-stand-in-kernel-on-uefi = boot "akamai" "uefi" "${x86} -bios ${pkgs.OVMF.fd}/FV/OVMF.fd" akamai;
  talos-image-embeds-a-public-configuration =
    boot "metal" "uefi" "${x86} -bios ${pkgs.OVMF.fd}/FV/OVMF.fd"
      "talos.platform=metal console=tty0 slab_nomerge= pti=on talos.config.inline=KLUv[A-Za-z0-9+/]+=*$";
  talos-image-arm64-boots-stand-in-kernel-on-uefi =
    boot "arm64" "uefi"
      "qemu-system-aarch64 -machine virt -cpu cortex-a72 -bios ${foreign.OVMF.fd}/FV/AAVMF_CODE.fd"
      "talos.platform=nocloud console=tty1 console=ttyS0 net.ifnames=0 slab_nomerge= pti=on$";
}
