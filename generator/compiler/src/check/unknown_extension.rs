//! A system extension that the Image Factory may not know.
//!
//! The Factory makes images of the official extensions alone; a name that it does not know makes it refuse the schematic.
//! The list here is of the extensions known when this program was made, so a newer one is no mistake.
//!
//! Fix: correct the name; for a new extension, allow this warning and say so.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { machine: { extensions: [qemu-guest-agnet] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { machine: { extensions: [qemu-guest-agent] } }
//! ```
//!
//! Source: https://github.com/siderolabs/extensions

use components::{Plan, talos::image::full_name};
use model::{Diagnostic, Diagnostics};

super::check!("unknown-extension", Mesh, "unknown_extension.rs");

/// The official extensions, without `siderolabs/`.
const OFFICIAL: &[&str] = &[
    "amazon-ena",
    "amd-ucode",
    "amdgpu",
    "amdgpu-firmware",
    "binfmt-misc",
    "bird2",
    "bnx2-bnx2x",
    "btrfs",
    "chelsio-drivers",
    "chelsio-firmware",
    "cloudflared",
    "crun",
    "ctr",
    "drbd",
    "dvb-cx23885",
    "dvb-m88ds3103",
    "ecr-credential-provider",
    "fuse3",
    "gasket-driver",
    "glibc",
    "gvisor",
    "gvisor-debug",
    "hailort",
    "hello-world-service",
    "i915",
    "i915-ucode",
    "intel-ice-firmware",
    "intel-ucode",
    "iscsi-tools",
    "kata-containers",
    "lldpd",
    "mdadm",
    "mei",
    "mellanox-mstflint",
    "metal-agent",
    "nebula",
    "netbird",
    "newt",
    "nfs-utils",
    "nfsd",
    "nfsrahead",
    "nonfree-kmod-nvidia-lts",
    "nonfree-kmod-nvidia-production",
    "nut-client",
    "nvidia-container-toolkit-lts",
    "nvidia-container-toolkit-production",
    "nvidia-fabricmanager-lts",
    "nvidia-fabricmanager-production",
    "nvidia-gdrdrv-device",
    "nvidia-open-gpu-kernel-modules-lts",
    "nvidia-open-gpu-kernel-modules-production",
    "nvme-cli",
    "panfrost",
    "qemu-guest-agent",
    "qlogic-firmware",
    "realtek-firmware",
    "revpi-firmware",
    "spin",
    "stargz-snapshotter",
    "tailscale",
    "tenstorrent",
    "thunderbolt",
    "trident-iscsi-tools",
    "uinput",
    "usb-audio-drivers",
    "usb-modem-drivers",
    "util-linux-tools",
    "v4l-uvc-drivers",
    "vc4",
    "vmtoolsd-guest-agent",
    "wasmedge",
    "xdma-driver",
    "xe",
    "xen-guest-agent",
    "youki",
    "zerotier",
    "zfs",
];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let sites = plan.definition.sites.values().map(|site| &site.machine);
    let nodes = plan.definition.nodes.values().map(|node| &node.machine);
    for extension in sites.chain(nodes).flat_map(|machine| &machine.extensions) {
        let full = full_name(extension);
        let short = full.strip_prefix("siderolabs/").unwrap_or(&full);
        if full.starts_with("siderolabs/") && OFFICIAL.contains(&short) {
            continue;
        }
        let diagnostic = Diagnostic::warning(
            CHECK.code,
            format!("`{extension}` is no official extension that is known here"),
        )
        .at(extension, "the Image Factory refuses what it does not know");
        diagnostics
            .push(crate::meant(diagnostic, extension.span, short, OFFICIAL.iter().copied()).unwrap_or_else(
                |it| it.help("see https://github.com/siderolabs/extensions for their names"),
            ));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn with(extension: &str) -> String {
        let machine = format!("gateways: [10.2.0.1], extensions: [{extension}]");
        report("unknown-extension", &edit(SMALL, "gateways: [10.2.0.1]", &machine))
    }

    #[test]
    fn a_slip_of_the_pen() {
        assert_snapshot!(with("qemu-guest-agnet"), @"
        warning[unknown-extension]: `qemu-guest-agnet` is no official extension that is
          known here
           ┌─ cluster.yaml:19:51
           │
        19 │     machine: { gateways: [10.2.0.1], extensions: [qemu-guest-agnet] }
           │                                                   ^^^^^^^^^^^^^^^^
           │                             the Image Factory refuses what it does not know
           │
           = help: did you mean `qemu-guest-agent`?
        ");
    }

    #[test]
    fn official_ones() {
        assert_snapshot!(with("siderolabs/qemu-guest-agent, tailscale"), @"");
    }
}
