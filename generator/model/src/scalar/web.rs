//! Hosts, addresses of services, mail and paths.

use super::{
    Address, Fault, Scalar,
    macros::{scalar, text},
};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// A host's name: labels of letters, digits and `-` (RFC 1123), in lower case, without the last dot.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hostname(String);
text!(Hostname);

impl Scalar for Hostname {
    const FORMAT: &'static str = "hostname";
    const EXAMPLE: &'static str = "www.example.org";
    const PATTERN: Option<&'static str> =
        Some(r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$");

    fn parse(text: &str) -> Result<Self, Fault> {
        hostname(text)?;
        if !text.contains('.') {
            return Err(Fault::new(format!("`{text}` has no domain"))
                .help(format!("write it whole: `{text}.example.org`")));
        }
        // A top-level domain has a letter in it (RFC 3696, section 2), so that no address is a name.
        if text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            return Err(Fault::new(format!("`{text}` is an address, not the name of a host")));
        }
        Ok(Self(text.into()))
    }
}

impl Hostname {
    /// Whether this is `zone` or lies below it.
    pub fn is_within(&self, zone: &str) -> bool {
        self.0 == zone || self.0.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
    }

    /// The name relative to `zone`, `@` for the apex.
    pub fn relative_to(&self, zone: &str) -> &str {
        self.0.strip_suffix(zone).map_or(&self.0, |rest| match rest.strip_suffix('.') {
            Some(name) => name,
            None => "@",
        })
    }

    /// `label.self`.
    #[must_use]
    pub fn child(&self, label: &str) -> Self {
        Self(format!("{label}.{}", self.0))
    }
}

pub(super) fn hostname(text: &str) -> Result<(), Fault> {
    if let Some(without) = text.strip_suffix('.') {
        return Err(Fault::new(format!("`{text}` ends with a dot")).help(format!("write `{without}`")));
    }
    if text.len() > 253 {
        return Err(Fault::new(format!(
            "a host name has at most 253 characters, this one has {}",
            text.len()
        )));
    }
    if !text.is_ascii() {
        return Err(Fault::new(format!("`{text}` is not in ASCII"))
            .help("write the form that starts with `xn--` (RFC 5890)"));
    }
    if text.starts_with("*.") {
        return Err(Fault::new(format!("`{text}` is a wildcard, which is not allowed here")));
    }
    if text.contains('_') {
        return Err(Fault::new(format!(
            "`{text}` has an underscore, which host names may not have (RFC 1123)"
        ))
        .help(format!("write `{}`", text.replace('_', "-"))));
    }
    if text.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(Fault::new(format!("`{text}` has capital letters"))
            .help(format!("write `{}`", text.to_lowercase())));
    }
    text.split('.').try_for_each(|part| label(part, "each part of a host name"))
}

/// A label of a longer name, so that what could stand for the label alone is no help.
fn label(text: &str, what: &str) -> Result<(), Fault> {
    super::name::label(text, what).map_err(|fault| Fault::new(fault.message))
}

/// A name of a record, relative to its zone: `www`, `@` for the zone itself, `_acme-challenge`, `*`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RecordName(String);
text!(RecordName);

impl Scalar for RecordName {
    const FORMAT: &'static str = "record-name";
    const EXAMPLE: &'static str = "www";
    const PATTERN: Option<&'static str> =
        Some(r"^(@|(\*|_?[a-z0-9]([a-z0-9-]*[a-z0-9])?)(\._?[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)$");

    fn parse(text: &str) -> Result<Self, Fault> {
        if text == "@" {
            return Ok(Self(text.into()));
        }
        if let Some(without) = text.strip_suffix('.') {
            return Err(Fault::new(format!(
                "`{text}` ends with a dot; names here are relative to their zone"
            ))
            .help(format!("write `{without}` without the zone")));
        }
        if text.len() > 253 {
            return Err(Fault::new(format!(
                "a name has at most 253 characters, this one has {}",
                text.len()
            )));
        }
        for (index, part) in text.split('.').enumerate() {
            if index == 0 && part == "*" {
                continue;
            }
            let plain = part.strip_prefix('_').unwrap_or(part);
            label(plain, "each part of a record's name")?;
            if part.len() > 63 {
                return Err(Fault::new(format!(
                    "each part of a record's name has at most 63 characters, `{part}` has {}",
                    part.len()
                )));
            }
        }
        Ok(Self(text.into()))
    }
}

impl RecordName {
    /// The whole name within `zone`, without the last dot.
    pub fn within(&self, zone: &str) -> String {
        if self.0 == "@" { zone.into() } else { format!("{}.{zone}", self.0) }
    }
}

/// Where the Kubernetes API answers: `https://10.2.3.1:6443`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ApiEndpoint {
    pub host: String,
    pub port: u16,
}
scalar!(ApiEndpoint);

impl fmt::Display for ApiEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "https://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "https://{}:{}", self.host, self.port)
        }
    }
}

impl Scalar for ApiEndpoint {
    const FORMAT: &'static str = "api-endpoint";
    const EXAMPLE: &'static str = "https://10.2.3.1:6443";
    const PATTERN: Option<&'static str> = Some("^https://.+:[0-9]+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(format!("`{text}` is not an endpoint of the Kubernetes API"))
                .help("write `https://ADDRESS:6443`")
        };
        let Some(rest) = text.strip_prefix("https://") else {
            let secure = format!("https://{}", text.strip_prefix("http://").unwrap_or(text));
            let scheme = !secure[8..].contains("://") && Self::parse(&secure).is_ok();
            return Err(if scheme { fault().help(format!("write `{secure}`")) } else { fault() });
        };
        let usual = |host: &str| fault().help(format!("write `https://{host}:6443`"));
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| usual(rest.trim_end_matches('/')))?;
        let number = port.parse().ok().filter(|number: &u16| *number > 0 && number.to_string() == port);
        let port = number.ok_or_else(fault)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) if inner.parse::<std::net::Ipv6Addr>().is_ok() => inner,
            Some(inner) => return Err(usual(inner)),
            None if host.parse::<std::net::Ipv6Addr>().is_ok() => {
                return Err(fault().help(format!("write `https://[{host}]:{port}`")));
            }
            None => host,
        };
        if Address::parse(host).is_err() {
            if host.chars().all(|c| c.is_ascii_digit() || c == '.') {
                Address::parse(host)?;
            }
            hostname(host)?;
        }
        Ok(Self { host: host.into(), port })
    }
}

impl ApiEndpoint {
    /// The host as an address, where it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// An address of the web or of a Git server: `https://…`, `ssh://git@…`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Url(String);
text!(Url);

impl Scalar for Url {
    const FORMAT: &'static str = "url";
    const EXAMPLE: &'static str = "https://git.example.org/home/cluster.git";
    const PATTERN: Option<&'static str> = Some("^(https?|ssh|oci)://[^ ]+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let scheme = ["https://", "http://", "ssh://", "oci://"]
            .into_iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        match scheme {
            Some(rest)
                if !rest.is_empty()
                    && !rest.starts_with('/')
                    && text.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                let authority = rest.split('/').next().unwrap_or_default();
                if authority.split_once('@').is_some_and(|(user, _)| user.contains(':')) {
                    return Err(Fault::new("this address holds a password")
                        .help("put it into a Secret, and name that here"));
                }
                Ok(Self(text.into()))
            }
            _ => Err(Fault::new(format!("`{text}` is not a URL"))
                .help("write it with its scheme: `https://…` or `ssh://git@…`")),
        }
    }
}

/// A mailbox: `person@example.org`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Email(String);
text!(Email);

impl Scalar for Email {
    const FORMAT: &'static str = "email";
    const EXAMPLE: &'static str = "hostmaster@example.org";
    const PATTERN: Option<&'static str> = Some("^[^@ ]+@[^@ ]+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault = Fault::new(format!("`{text}` is not an e-mail address"));
        let Some((user, host)) = text.split_once('@') else { return Err(fault) };
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if user.is_empty()
            || user.len() > 64
            || !user.chars().all(plain)
            || user.starts_with('.')
            || user.ends_with('.')
        {
            return Err(fault);
        }
        Hostname::parse(host).map_err(|host| Fault {
            help: host.help,
            ..Fault::new(format!("{}: {}", fault.message, host.message))
        })?;
        Ok(Self(text.into()))
    }
}

impl Email {
    /// The form that an SOA record has (RFC 1035, section 8): dots before the `@` are escaped.
    pub fn as_record(&self) -> String {
        let (user, host) = self.0.split_once('@').expect("an address has an @");
        format!("{}.{host}", user.replace('.', "\\."))
    }
}

/// A path below the repository: `./k8s/harbor`, `website`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RelativePath(String);
text!(RelativePath);

impl Scalar for RelativePath {
    const FORMAT: &'static str = "relative-path";
    const EXAMPLE: &'static str = "./k8s/harbor";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new("a path must not be empty").help("write `.` for the folder itself"));
        }
        if text.starts_with('/') {
            return Err(Fault::new(format!("`{text}` starts at the root of the machine"))
                .help("write it from here on: `./…`"));
        }
        if text.contains('\\') || text.contains(char::is_control) || text.contains("//") {
            return Err(Fault::new(format!("`{text}` is not a path")));
        }
        if text.split('/').any(|part| part == "..") {
            return Err(Fault::new(format!("`{text}` leads out of the folder, by `..`"))
                .help("write a path below it: `./…`"));
        }
        Ok(Self(text.into()))
    }
}

/// An address and a port: `1.1.1.1:53`, `[2606:4700:4700::1111]:53`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SocketAddress(pub SocketAddr);
scalar!(SocketAddress);

impl fmt::Display for SocketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for SocketAddress {
    const FORMAT: &'static str = "socket-address";
    const EXAMPLE: &'static str = "1.1.1.1:53";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map(Self).map_err(|_| {
            let fault = Fault::new(format!("`{text}` is not an address with a port"));
            match Address::parse(text) {
                Ok(Address(ip)) => fault.help(format!("write `{}`", SocketAddr::new(ip, 53))),
                Err(_) => fault,
            }
        })
    }
}
