//! The minor versions of Talos: latest patch that we know, Kubernetes versions that each supports.
//!
//! Sources: Talos' support matrix, and `SupportedKubernetesVersions` in `pkg/machinery/constants` of each tag.

use model::scalar::{Contract, Version};

/// A minor version of Talos 1.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    pub minor: u64,
    /// The latest patch that we know.
    pub patch: u64,
    /// The minor versions of Kubernetes 1 that it runs, first and last.
    pub kubernetes: (u64, u64),
    /// What to look at after an upgrade to it, beside what is always looked at.
    pub verify: &'static [&'static str],
}

/// Every minor version that we know, oldest first.
pub const RELEASES: &[Release] = &[
    Release { minor: 9, patch: 6, kubernetes: (27, 32), verify: &[] },
    Release {
        minor: 10,
        patch: 9,
        kubernetes: (28, 33),
        verify: &["`talosctl get volumestatus`: all `ready`; user volumes exist from here on"],
    },
    Release { minor: 11, patch: 6, kubernetes: (29, 34), verify: &[] },
    Release {
        minor: 12,
        patch: 11,
        kubernetes: (30, 35),
        verify: &[
            "`talosctl get hostnames` and `talosctl get links`: as before, whichever form the configuration has",
            "`talosctl read /proc/cmdline`: kernel arguments come from the boot image where GRUB boots it",
        ],
    },
    Release {
        minor: 13,
        patch: 10,
        kubernetes: (31, 36),
        verify: &["`talosctl get kubespanpeerstatuses`: every peer `up`"],
    },
    Release {
        minor: 14,
        patch: 2,
        kubernetes: (32, 37),
        verify: &[
            "clients of the Kubernetes API and of etcd speak TLS 1.3",
            "scrapes of etcd go to port 2383, where its metrics have moved",
        ],
    },
];

impl Release {
    pub fn contract(&self) -> Contract {
        Contract { major: 1, minor: self.minor }
    }

    /// The latest patch that we know.
    pub fn latest(&self) -> Version {
        Version(semver::Version::new(1, self.minor, self.patch))
    }

    /// Whether it runs this version of Kubernetes.
    pub fn runs(&self, kubernetes: &Version) -> bool {
        let minor = kubernetes.minor();
        minor.major == 1 && (self.kubernetes.0..=self.kubernetes.1).contains(&minor.minor)
    }
}

/// What we know of a minor version.
pub fn release(contract: Contract) -> Option<&'static Release> {
    RELEASES.iter().find(|it| it.contract() == contract)
}

/// The newest minor version that we know; the only one that the community supports.
pub fn newest() -> &'static Release {
    RELEASES.last().expect("a release is known")
}
