//! Who holds which address.

use crate::{
    Phase, Spanned,
    scalar::{Address, Fault, Name, Scalar},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// An address that something holds which is not a node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HeldAddress {
    /// The address.
    pub address: Spanned<Address>,
    /// What holds it.
    pub holder: Spanned<Holder>,
    /// What a machine outside the cluster does besides what the definition says: `headscale`. It goes with the machine.
    #[serde(default)]
    pub serves: Vec<Spanned<String>>,
    /// The first phase in which it is held. From the start where absent.
    pub since: Option<Spanned<Phase>>,
    /// The last phase in which it is held. To the end where absent.
    pub until: Option<Spanned<Phase>>,
}

/// What holds an address.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// One of the control planes, by Talos' own virtual IP.
    TalosVip,
    /// A Service of type `LoadBalancer`, by MetalLB or Cilium.
    LoadBalancer,
    /// A machine outside the cluster.
    External,
}

/// An address by the name of who holds it: a node, an entry of `addresses`, or the address itself.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AddressRef {
    Name(Name),
    Literal(Address),
}
crate::scalar::scalar!(AddressRef);

impl fmt::Display for AddressRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Literal(address) => address.fmt(f),
        }
    }
}

impl Scalar for AddressRef {
    const FORMAT: &'static str = "address-or-name";
    const EXAMPLE: &'static str = "vps0";

    fn parse(text: &str) -> Result<Self, Fault> {
        let numeric = text.contains(':') || text.chars().all(|c| c.is_ascii_digit() || c == '.');
        if numeric { Address::parse(text).map(Self::Literal) } else { Name::parse(text).map(Self::Name) }
    }
}

impl HeldAddress {
    pub fn phases(&self) -> crate::Phases {
        crate::Phases {
            since: self.since.as_ref().map_or(Phase::Prerequisites, |it| it.value),
            until: self.until.as_ref().map_or(Phase::Cleanup, |it| it.value),
        }
    }
}
