//! Addresses and networks, v4 and v6.

use super::{Fault, Scalar, macros::scalar};
use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, net::IpAddr};

/// One address, v4 or v6: `203.0.113.10`, `2001:db8::10`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address(pub IpAddr);
scalar!(Address);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for Address {
    const FORMAT: &'static str = "ip-address";
    const EXAMPLE: &'static str = "203.0.113.10";

    fn parse(text: &str) -> Result<Self, Fault> {
        address(text).map(Self)
    }
}

fn address(text: &str) -> Result<IpAddr, Fault> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let fault = Fault::new(format!("`{text}` is not an address"));
    if text.contains('/') {
        return Err(fault.help("write the address without its prefix length"));
    }
    // Some readers take 010 for eight: neither reading is safe, so it is refused (RFC 6943, section 3.1.1).
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u16>().is_ok();
    if parts.len() == 4 && parts.iter().all(number) {
        if let Some(big) = parts.iter().find(|part| part.parse::<u16>().is_ok_and(|n| n > 255)) {
            return Err(Fault::new(format!("`{text}` is not an address: `{big}` is more than 255")));
        }
        let plain: Vec<String> = parts
            .iter()
            .map(|part| part.trim_start_matches('0'))
            .map(|part| if part.is_empty() { "0".into() } else { part.into() })
            .collect();
        return Err(Fault::new(format!(
            "`{text}` has a number with a leading zero, which some programs read as octal"
        ))
        .help(format!("write `{}`", plain.join("."))));
    }
    Err(fault)
}

fn prefixed(text: &str) -> Result<(IpAddr, u8), Fault> {
    let Some((ip, length)) = text.split_once('/') else {
        let fault = Fault::new(format!("`{text}` has no prefix length"));
        return Err(match address(text) {
            Ok(IpAddr::V4(_)) => {
                fault.help(format!("write `{text}/24`, or the length that your network has"))
            }
            Ok(IpAddr::V6(_)) => {
                fault.help(format!("write `{text}/64`, or the length that your network has"))
            }
            Err(fault) => fault,
        });
    };
    let ip = address(ip)?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    match length.parse::<u8>() {
        Ok(number) if number <= most && number.to_string() == length => Ok((ip, number)),
        _ => Err(Fault::new(format!("the prefix length `{length}` is not a number from 0 to {most}"))),
    }
}

/// A network: `10.2.0.0/16`. The bits after the prefix are zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cidr(pub IpNet);
scalar!(Cidr);

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for Cidr {
    const FORMAT: &'static str = "cidr";
    const EXAMPLE: &'static str = "10.2.0.0/16";

    fn parse(text: &str) -> Result<Self, Fault> {
        let (ip, length) = prefixed(text)?;
        let net = IpNet::new(ip, length).expect("the length was checked");
        if net.trunc() != net {
            return Err(Fault::new(format!("`{text}` is an address within a network, not a network"))
                .help(format!("write `{}`", net.trunc())));
        }
        Ok(Self(net))
    }
}

impl Cidr {
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip)
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }
}

/// An address with the length of its network, as an interface has it: `10.2.1.1/16`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InterfaceAddress(pub IpNet);
scalar!(InterfaceAddress);

impl fmt::Display for InterfaceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for InterfaceAddress {
    const FORMAT: &'static str = "interface-address";
    const EXAMPLE: &'static str = "10.2.1.1/16";

    fn parse(text: &str) -> Result<Self, Fault> {
        let (ip, length) = prefixed(text)?;
        let net = IpNet::new(ip, length).expect("the length was checked");
        let hosts = if ip.is_ipv4() { 31 } else { 127 };
        if length < hosts && net.trunc().addr() == ip {
            return Err(Fault::new(format!("`{text}` is a network, not the address of a machine"))
                .help("write the machine's own address with the network's prefix length"));
        }
        Ok(Self(net))
    }
}

impl InterfaceAddress {
    pub fn ip(&self) -> IpAddr {
        self.0.addr()
    }

    pub fn network(&self) -> IpNet {
        self.0.trunc()
    }
}

/// Addresses from one to another, or a network: `10.2.3.4-10.2.3.20`, `10.2.3.0/27`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AddressRange {
    Between(IpAddr, IpAddr),
    Network(IpNet),
}
scalar!(AddressRange);

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(first, last) => write!(f, "{first}-{last}"),
            Self::Network(net) => net.fmt(f),
        }
    }
}

impl Scalar for AddressRange {
    const FORMAT: &'static str = "address-range";
    const EXAMPLE: &'static str = "10.2.3.4-10.2.3.20";

    fn parse(text: &str) -> Result<Self, Fault> {
        let Some((first, last)) = text.split_once('-') else {
            return Cidr::parse(text).map(|net| Self::Network(net.0));
        };
        let (first, last) = (address(first.trim())?, address(last.trim())?);
        if first.is_ipv4() != last.is_ipv4() {
            return Err(Fault::new(format!("`{text}` goes from IPv4 to IPv6")));
        }
        if first > last {
            return Err(
                Fault::new(format!("`{text}` ends before it starts")).help(format!("write `{last}-{first}`"))
            );
        }
        Ok(Self::Between(first, last))
    }
}

impl AddressRange {
    pub fn contains(&self, ip: IpAddr) -> bool {
        match self {
            Self::Between(first, last) => first.is_ipv4() == ip.is_ipv4() && *first <= ip && ip <= *last,
            Self::Network(net) => net.contains(&ip),
        }
    }

    pub fn ends(&self) -> (IpAddr, IpAddr) {
        match self {
            Self::Between(first, last) => (*first, *last),
            Self::Network(net) => (net.network(), net.broadcast()),
        }
    }
}

/// A network to take, or with `!` before it one to leave out: `10.2.0.0/16`, `!100.64.0.0/10`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubnetFilter {
    /// Last in order, as Talos wants the exclusions after what they are taken from.
    pub exclude: bool,
    pub network: IpNet,
}
scalar!(SubnetFilter);

impl fmt::Display for SubnetFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.exclude { "!" } else { "" }, self.network)
    }
}

impl Scalar for SubnetFilter {
    const FORMAT: &'static str = "subnet-filter";
    const EXAMPLE: &'static str = "!100.64.0.0/10";

    fn parse(text: &str) -> Result<Self, Fault> {
        let (exclude, network) = match text.strip_prefix('!') {
            Some(network) => (true, network),
            None => (false, text),
        };
        Cidr::parse(network).map(|network| Self { exclude, network: network.0 })
    }
}

/// Bytes in the largest packet of a link; from 1280, the least that IPv6 and KubeSpan take (RFC 8200), to 9216.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Mtu(pub u16);

impl Mtu {
    pub const LEAST: u16 = 1280;
    pub const MOST: u16 = 9216;
}

impl fmt::Display for Mtu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Mtu {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mtu = u16::deserialize(deserializer)?;
        if (Self::LEAST..=Self::MOST).contains(&mtu) {
            Ok(Self(mtu))
        } else {
            Err(serde::de::Error::custom(format!(
                "an MTU is a number from {} to {}",
                Self::LEAST,
                Self::MOST
            )))
        }
    }
}

impl JsonSchema for Mtu {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Mtu".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": Self::LEAST, "maximum": Self::MOST, "examples": [1500] })
    }
}

/// A TCP or UDP port, from 1 to 65535.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Port(pub u16);

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u16::deserialize(deserializer)? {
            0 => Err(serde::de::Error::custom("a port is a number from 1 to 65535")),
            port => Ok(Self(port)),
        }
    }
}

impl JsonSchema for Port {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Port".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 65535, "examples": [443] })
    }
}
