//! The boot image of a node: schematic, its id, the installer, and where to fetch the image.
//!
//! The Image Factory names a schematic by the SHA-256 of its text, so the id can be worked out without asking it.

use super::schematic;
use model::{
    definition::{Architecture, Machine, Platform},
    scalar::Version,
};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Where images come from.
pub const FACTORY: &str = "factory.talos.dev";

/// What makes a boot image, and how it is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// The schematic in its canonical form.
    pub schematic: String,
    /// The SHA-256 of the schematic.
    pub id: String,
    pub platform: Platform,
    pub architecture: Architecture,
    /// The system extensions by their full names, sorted.
    pub extensions: Vec<String>,
}

impl Image {
    pub fn of(machine: &Machine) -> Self {
        let mut extensions: Vec<String> = machine.extensions.iter().map(|it| full_name(it)).collect();
        extensions.sort();
        extensions.dedup();
        let arguments: Vec<&str> = machine.kernel_args.iter().map(|it| &*it.value).collect();
        let schematic = schematic::text(&arguments, &extensions);
        Self {
            id: hex(&Sha256::digest(&schematic)),
            schematic,
            platform: machine.platform(),
            architecture: machine.architecture(),
            extensions,
        }
    }

    /// What Talos' imager puts first on the kernel's command line.
    /// Source: `KernelArgs` of each platform in `internal/app/machined/pkg/runtime/v1alpha1/platform`.
    pub fn platform_arguments(&self) -> Vec<String> {
        let consoles: &[&str] = match (self.platform, self.architecture) {
            (Platform::Metal, Architecture::Amd64) => &["tty0"],
            (Platform::Metal, Architecture::Arm64) => &["ttyAMA0", "tty0"],
            (Platform::Akamai | Platform::DigitalOcean, _) => &["ttyS0", "tty0", "tty1"],
            (Platform::Vultr | Platform::Upcloud, _) => &[],
            _ => &["tty1", "ttyS0"],
        };
        let mut arguments = vec![format!("talos.platform={}", self.platform)];
        arguments.extend(consoles.iter().map(|it| format!("console={it}")));
        if self.platform != Platform::Metal {
            arguments.push("net.ifnames=0".into());
        }
        if matches!(self.platform, Platform::Scaleway | Platform::Oracle) {
            arguments.push("talos.dashboard.disabled=1".into());
        }
        arguments
    }

    /// The form of a disk image that the platform takes; written from a rescue system where it takes none.
    pub fn disk_format(&self) -> &'static str {
        match self.platform {
            Platform::Akamai | Platform::DigitalOcean => "raw.gz",
            Platform::Oracle | Platform::Openstack => "qcow2",
            _ => "raw.zst",
        }
    }

    /// The image that installs or upgrades a machine. Each platform has its own from 1.10 on.
    pub fn installer(&self, version: &Version) -> String {
        let name = if version.0 >= semver::Version::new(1, 10, 0) {
            format!("{}-installer", self.platform)
        } else {
            "installer".into()
        };
        format!("{FACTORY}/{name}/{}:{version}", self.id)
    }

    /// The image that a machine boots from first.
    pub fn url(&self, version: &Version) -> String {
        let suffix = match self.platform {
            Platform::Metal | Platform::Scaleway => "raw.zst",
            Platform::Nocloud | Platform::Hcloud | Platform::Upcloud | Platform::Openstack => "raw.xz",
            Platform::Akamai | Platform::DigitalOcean => "raw.gz",
            Platform::Oracle => "qcow2",
            Platform::Vultr => "iso",
        };
        let Self { id, platform, architecture, .. } = self;
        format!("https://{FACTORY}/image/{id}/{version}/{platform}-{architecture}.{suffix}")
    }
}

/// How a platform hands a machine its configuration.
pub fn user_data(platform: Platform) -> &'static str {
    match platform {
        Platform::Metal => {
            "none: write the image from a rescue system, boot it, and send the configuration to its maintenance API"
        }
        Platform::Nocloud => "a volume labelled `cidata`, or a server named in the SMBIOS serial number",
        Platform::Akamai => {
            "user data of its metadata service, in base64; set the kernel to Direct Disk first"
        }
        Platform::Hcloud => "user data, plain or in base64",
        Platform::DigitalOcean | Platform::Vultr | Platform::Upcloud => "user data, plain",
        Platform::Oracle => "user data, in base64",
        Platform::Scaleway => "user data under the key `cloud-init`",
        Platform::Openstack => "user data, by the metadata server or a configuration drive",
    }
}

/// The name that the Factory knows an extension by: `siderolabs/…` where the definition leaves that out.
pub fn full_name(extension: &str) -> String {
    if extension.contains('/') { extension.into() } else { format!("siderolabs/{extension}") }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::Image;
    use model::{
        Spanned,
        definition::{Machine, Platform},
        scalar::{Extension, Scalar, Version},
    };

    fn with(extensions: &[&str]) -> Image {
        let extension = |it: &&str| Spanned::nowhere(Extension::parse(it).expect("an extension"));
        let extensions = extensions.iter().map(extension).collect();
        Image::of(&Machine { extensions, ..Machine::default() })
    }

    #[test]
    fn no_extension_is_the_default_schematic() {
        let image = with(&[]);
        assert_eq!(image.schematic, "customization: {}\n");
        assert_eq!(image.id, "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba");
    }

    #[test]
    fn the_guest_agent_has_its_known_id() {
        let known = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";
        assert_eq!(with(&["qemu-guest-agent"]).id, known);
        assert_eq!(with(&["siderolabs/qemu-guest-agent"]).id, known);
    }

    #[test]
    fn the_order_of_extensions_does_not_matter() {
        assert_eq!(with(&["tailscale", "iscsi-tools"]).id, with(&["iscsi-tools", "tailscale"]).id);
    }

    #[test]
    fn the_installer_moved_in_1_10() {
        let image = Image { platform: Platform::Akamai, ..with(&[]) };
        let installer = |version| image.installer(&Version::parse(version).expect("a version"));
        let id = &image.id;
        assert_eq!(installer("v1.9.6"), format!("factory.talos.dev/installer/{id}:v1.9.6"));
        assert_eq!(installer("v1.10.9"), format!("factory.talos.dev/akamai-installer/{id}:v1.10.9"));
    }
}
