//! What a machine is: platform, disk, link, extensions. Said for a site, or for one node.

use crate::{
    Spanned,
    scalar::{Address, Cidr, Extension, KernelArgument},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// What a machine is. What a node says wins over what its site says; lists and maps are joined.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Machine {
    /// What Talos takes the machine for, which says how it gets its configuration. `metal` where absent.
    pub platform: Option<Spanned<Platform>>,
    /// The processor. `amd64` where absent.
    pub architecture: Option<Spanned<Architecture>>,
    /// The disk that Talos is installed on. `/dev/sda` where absent.
    pub disk: Option<Spanned<String>>,
    /// The network link that holds the addresses. `eth0` where absent.
    pub link: Option<Spanned<String>>,
    /// Whether the link asks for its addresses (DHCP). No where absent: the declared addresses are set.
    pub dhcp: Option<Spanned<bool>>,
    /// Where packets leave the site, one address of IPv4 and one of IPv6 at most.
    #[serde(default)]
    pub gateways: Vec<Spanned<Address>>,
    /// Routes beside the default one.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// System extensions of the Image Factory: `qemu-guest-agent`, `siderolabs/tailscale`.
    #[serde(default)]
    pub extensions: Vec<Spanned<Extension>>,
    /// Arguments of the kernel. One that starts with `-` takes an argument of Talos' own away.
    #[serde(default)]
    pub kernel_args: Vec<Spanned<KernelArgument>>,
    /// Kernel parameters.
    #[serde(default)]
    pub sysctls: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Arguments of the kubelet.
    #[serde(default)]
    pub kubelet_args: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// A route: packets for a network go by a gateway.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Route {
    /// Where the packets go to.
    pub network: Spanned<Cidr>,
    /// The machine that takes them on.
    pub gateway: Spanned<Address>,
}

/// What Talos takes a machine for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// A machine of one's own, or any VPS that can be written to from a rescue system.
    #[default]
    Metal,
    /// A virtual machine with a cloud-init drive or server, as Proxmox and many providers have.
    Nocloud,
    /// Akamai, formerly Linode.
    Akamai,
    /// Hetzner Cloud.
    Hcloud,
    /// DigitalOcean.
    DigitalOcean,
    /// Vultr.
    Vultr,
    /// UpCloud.
    Upcloud,
    /// Oracle Cloud.
    Oracle,
    /// Scaleway.
    Scaleway,
    /// OpenStack, as OVH and others run it.
    Openstack,
}

/// A machine's processor.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "camelCase")]
pub enum Architecture {
    /// 64-bit x86.
    #[default]
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metal => "metal",
            Self::Nocloud => "nocloud",
            Self::Akamai => "akamai",
            Self::Hcloud => "hcloud",
            Self::DigitalOcean => "digital-ocean",
            Self::Vultr => "vultr",
            Self::Upcloud => "upcloud",
            Self::Oracle => "oracle",
            Self::Scaleway => "scaleway",
            Self::Openstack => "openstack",
        })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        })
    }
}

impl Machine {
    /// This machine where it says something, the site's where it does not.
    #[must_use]
    pub fn over(&self, site: &Self) -> Self {
        fn joined<T: Clone + PartialEq>(site: &[T], own: &[T]) -> Vec<T> {
            let mut all = site.to_vec();
            all.extend(own.iter().filter(|it| !site.contains(it)).cloned());
            all
        }
        let merged = |site: &BTreeMap<_, _>, own: &BTreeMap<Spanned<String>, Spanned<String>>| {
            let mut all = own.clone();
            for (key, value) in site {
                all.entry(Spanned::clone(key)).or_insert_with(|| Spanned::clone(value));
            }
            all
        };
        Self {
            platform: self.platform.or(site.platform),
            architecture: self.architecture.or(site.architecture),
            disk: self.disk.clone().or_else(|| site.disk.clone()),
            link: self.link.clone().or_else(|| site.link.clone()),
            dhcp: self.dhcp.or(site.dhcp),
            gateways: if self.gateways.is_empty() { site.gateways.clone() } else { self.gateways.clone() },
            routes: [site.routes.clone(), self.routes.clone()].concat(),
            extensions: joined(&site.extensions, &self.extensions),
            kernel_args: joined(&site.kernel_args, &self.kernel_args),
            sysctls: merged(&site.sysctls, &self.sysctls),
            kubelet_args: merged(&site.kubelet_args, &self.kubelet_args),
        }
    }

    pub fn platform(&self) -> Platform {
        self.platform.as_ref().map_or(Platform::default(), |it| it.value)
    }

    pub fn architecture(&self) -> Architecture {
        self.architecture.as_ref().map_or(Architecture::default(), |it| it.value)
    }

    pub fn disk(&self) -> &str {
        self.disk.as_ref().map_or("/dev/sda", |it| &it.value)
    }

    pub fn link(&self) -> &str {
        self.link.as_ref().map_or("eth0", |it| &it.value)
    }

    pub fn dhcp(&self) -> bool {
        self.dhcp.as_ref().is_some_and(|it| it.value)
    }
}
