//! Which form each part of a machine configuration has, for each contract: one file a contract.
//!
//! A file says what changed against the contract before it, and nothing else. A new contract is a new file,
//! and a line in [`KNOWN`].

mod v1_10;
mod v1_11;
mod v1_12;
mod v1_13;
mod v1_14;
mod v1_9;

use model::scalar::Contract;

/// Where a part of the configuration is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// In the main document, below `machine` or `cluster`.
    Main,
    /// In a document of its own.
    Document,
}

/// The forms of one contract.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    /// The minor version, beside the major version 1.
    pub minor: u64,
    /// What changed in what we write, for people who upgrade. Empty where nothing did.
    pub changes: &'static [&'static str],
    /// Host name, links, virtual addresses, resolvers, time servers, registry mirrors.
    pub network: Form,
    pub kubespan: Form,
    pub discovery: Form,
    /// Kubelet, node address, labels, taints, KubePrism, API server, cluster networks.
    pub kubernetes: Form,
    pub host_dns: Form,
    pub install: Form,
    pub sysctls: Form,
    /// Whether KubeSpan can leave networks out of what it announces.
    pub exclude_advertised_networks: bool,
    /// Whether a user volume can be a folder; before, the kubelet is given a folder of `/var`.
    pub directory_volumes: bool,
    /// Whether workers pass taints as they register.
    pub worker_taints: bool,
}

/// Every contract that we can write, oldest first.
pub const KNOWN: &[Forms] =
    &[v1_9::FORMS, v1_10::FORMS, v1_11::FORMS, v1_12::FORMS, v1_13::FORMS, v1_14::FORMS];

impl Forms {
    pub fn contract(&self) -> Contract {
        Contract { major: 1, minor: self.minor }
    }
}

/// The forms of a contract, where we know it.
pub fn known(contract: Contract) -> Option<&'static Forms> {
    KNOWN.iter().find(|forms| forms.contract() == contract)
}

/// The forms of a contract; of the nearest where we do not know it, which a check has refused by then.
pub fn forms(contract: Contract) -> &'static Forms {
    let newest = KNOWN.last().expect("a contract is known");
    known(contract).unwrap_or(if contract > newest.contract() { newest } else { &KNOWN[0] })
}
