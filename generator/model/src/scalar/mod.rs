//! Values written as one YAML scalar: each a newtype that parses at its place, or says why not.

mod boot;
mod date;
mod host;
pub(crate) mod macros;
mod name;
mod network;
mod quantity;
mod record;
mod version;
mod web;

pub use boot::{Extension, KernelArgument};
pub use date::Date;
pub use host::{NixPublicKey, Remote};
pub(crate) use macros::scalar;
pub use name::{ConfigKey, LabelKey, LabelValue, Name};
pub use network::{Address, AddressRange, Cidr, InterfaceAddress, Mtu, Port, SubnetFilter};
pub use quantity::{Duration, Size};
pub use record::{Caa, Mx, Srv, Txt};
pub use version::{Contract, Series, Version};
pub use web::{ApiEndpoint, Email, Hostname, RecordName, RelativePath, SocketAddress, Url};

/// Why a text is not a value of a type, and what to write instead where that can be said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    pub message: String,
    pub help: Option<String>,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A newtype over one YAML string.
pub trait Scalar: Sized {
    /// The `format` that the schema gives it; [`KINDS`] finds the parser by it.
    const FORMAT: &'static str;
    /// A value that parses: shown in the schema, and used to go on after a bad one.
    const EXAMPLE: &'static str;
    /// A regular expression that editors can check with, where one says something. The key of a map needs one,
    /// and one of its own: the map's schema keeps nothing else of its key's type.
    const PATTERN: Option<&'static str> = None;

    fn parse(text: &str) -> Result<Self, Fault>;
}

/// A scalar type, without its type.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub format: &'static str,
    pub example: &'static str,
    pub pattern: Option<&'static str>,
    pub parse: fn(&str) -> Result<(), Fault>,
}

impl Kind {
    const fn of<T: Scalar>() -> Self {
        Self {
            format: T::FORMAT,
            example: T::EXAMPLE,
            pattern: T::PATTERN,
            parse: |text| T::parse(text).map(drop),
        }
    }
}

/// Every string type of the definition, for whoever validates text against the schema.
pub const KINDS: &[Kind] = &[
    Kind::of::<Address>(),
    Kind::of::<AddressRange>(),
    Kind::of::<crate::definition::AddressRef>(),
    Kind::of::<ApiEndpoint>(),
    Kind::of::<Caa>(),
    Kind::of::<Cidr>(),
    Kind::of::<ConfigKey>(),
    Kind::of::<Contract>(),
    Kind::of::<Date>(),
    Kind::of::<Duration>(),
    Kind::of::<Email>(),
    Kind::of::<Extension>(),
    Kind::of::<Hostname>(),
    Kind::of::<InterfaceAddress>(),
    Kind::of::<KernelArgument>(),
    Kind::of::<LabelKey>(),
    Kind::of::<LabelValue>(),
    Kind::of::<Mx>(),
    Kind::of::<Name>(),
    Kind::of::<NixPublicKey>(),
    Kind::of::<RecordName>(),
    Kind::of::<RelativePath>(),
    Kind::of::<Remote>(),
    Kind::of::<Series>(),
    Kind::of::<Size>(),
    Kind::of::<SocketAddress>(),
    Kind::of::<Srv>(),
    Kind::of::<SubnetFilter>(),
    Kind::of::<Txt>(),
    Kind::of::<Url>(),
    Kind::of::<Version>(),
];

#[cfg(test)]
mod tests {
    use super::KINDS;
    use insta::assert_snapshot;

    /// What each kind says to these texts.
    fn said(texts: &[(&str, &str)]) -> String {
        let line = |(format, text): &(&str, &str)| {
            let kind = KINDS.iter().find(|kind| kind.format == *format).expect("a kind");
            match (kind.parse)(text) {
                Ok(()) => format!("`{text}` is right"),
                Err(fault) => match fault.help {
                    Some(help) => format!("{}; {help}", fault.message),
                    None => fault.message,
                },
            }
        };
        texts.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn addresses_and_networks() {
        assert_snapshot!(said(&[
            ("ip-address", "2001:db8::10"),
            ("ip-address", "10.2.01.1"),
            ("ip-address", "10.2.1.256"),
            ("ip-address", "10.2.1.1/16"),
            ("ip-address", "+1.2.3.4"),
            ("cidr", "10.2.0.0"),
            ("cidr", "10.2.0.1/16"),
            ("cidr", "10.2.0.0/33"),
            ("cidr", "10.0.0.0/08"),
            ("interface-address", "10.2.0.0/16"),
            ("interface-address", "10.2.0.1/32"),
            ("address-range", "10.2.3.20-10.2.3.4"),
            ("subnet-filter", "!10.2.0.0/16"),
            ("socket-address", "1.1.1.1"),
        ]), @"
        `2001:db8::10` is right
        `10.2.01.1` has a number with a leading zero, which some programs read as octal; write `10.2.1.1`
        `10.2.1.256` is not an address: `256` is more than 255
        `10.2.1.1/16` is not an address; write the address without its prefix length
        `+1.2.3.4` is not an address
        `10.2.0.0` has no prefix length; write `10.2.0.0/24`, or the length that your network has
        `10.2.0.1/16` is an address within a network, not a network; write `10.2.0.0/16`
        the prefix length `33` is not a number from 0 to 32
        the prefix length `08` is not a number from 0 to 32
        `10.2.0.0/16` is a network, not the address of a machine; write the machine's own address with the network's prefix length
        `10.2.0.1/32` is right
        `10.2.3.20-10.2.3.4` ends before it starts; write `10.2.3.4-10.2.3.20`
        `!10.2.0.0/16` is right
        `1.1.1.1` is not an address with a port; write `1.1.1.1:53`
        ");
    }

    #[test]
    fn versions() {
        assert_snapshot!(said(&[
            ("version", "v1.14.0-beta.1"),
            ("version", "1.14.0"),
            ("version", "1.10"),
            ("version", "v1.10"),
            ("version", "latest"),
            ("minor-version", "v1.13.2"),
            ("minor-version", "v01.13"),
            ("release-series", "5.10"),
            ("release-series", "5.01"),
        ]), @r#"
        `v1.14.0-beta.1` is right
        `1.14.0` is not a version; write `v1.14.0`
        `1.10` is not a version; write all three numbers with a `v`, like `v1.10.0`
        `v1.10` is not a version; write all three numbers, like `v1.10.0`
        `latest` is not a version; write all three numbers with a `v`, like `v1.14.2`
        `v1.13.2` is not a minor version; write `v1.13`
        `v01.13` is not a minor version; write two numbers with a `v`: `v1.13`
        `5.10` is right
        `5.01` is not a release series; write two numbers in quotes: `"5.1"`
        "#);
    }

    #[test]
    fn hosts_and_urls() {
        assert_snapshot!(said(&[
            ("hostname", "www.example.org"),
            ("hostname", "WWW.example.org"),
            ("hostname", "www.example.org."),
            ("hostname", "my_host.example.org"),
            ("hostname", "www"),
            ("hostname", "10.2.3.4"),
            ("hostname", "*.example.org"),
            ("api-endpoint", "https://[2001:db8::1]:6443"),
            ("api-endpoint", "https://api.example.org:6443"),
            ("api-endpoint", "https://2001:db8::1:6443"),
            ("api-endpoint", "https://[10.2.3.1]:6443"),
            ("api-endpoint", "https://10.2.3.1"),
            ("api-endpoint", "https://10.2.3.1:+6443"),
            ("api-endpoint", "10.2.3.1:6443"),
            ("url", "https://a:b@example.org/"),
            ("url", "example.org"),
            ("email", "a@b@example.org"),
            ("record-name", "*.apps"),
            ("record-name", "www."),
        ]), @"
        `www.example.org` is right
        `WWW.example.org` has capital letters; write `www.example.org`
        `www.example.org.` ends with a dot; write `www.example.org`
        `my_host.example.org` has an underscore, which host names may not have (RFC 1123); write `my-host.example.org`
        `www` has no domain; write it whole: `www.example.org`
        `10.2.3.4` is an address, not the name of a host
        `*.example.org` is a wildcard, which is not allowed here
        `https://[2001:db8::1]:6443` is right
        `https://api.example.org:6443` is right
        `https://2001:db8::1:6443` is not an endpoint of the Kubernetes API; write `https://[2001:db8::1]:6443`
        `https://[10.2.3.1]:6443` is not an endpoint of the Kubernetes API; write `https://10.2.3.1:6443`
        `https://10.2.3.1` is not an endpoint of the Kubernetes API; write `https://10.2.3.1:6443`
        `https://10.2.3.1:+6443` is not an endpoint of the Kubernetes API; write `https://ADDRESS:6443`
        `10.2.3.1:6443` is not an endpoint of the Kubernetes API; write `https://10.2.3.1:6443`
        this address holds a password; put it into a Secret, and name that here
        `example.org` is not a URL; write it with its scheme: `https://…` or `ssh://git@…`
        `a@b@example.org` is not an e-mail address: each part of a host name has only `a` to `z`, `0` to `9` and `-`, not `@`
        `*.apps` is right
        `www.` ends with a dot; names here are relative to their zone; write `www` without the zone
        ");
    }

    #[test]
    fn what_images_are_made_with() {
        assert_snapshot!(said(&[
            ("kernel-argument", "net.ifnames=0"),
            ("kernel-argument", "-console"),
            ("kernel-argument", "dyndbg=\"file a.c +p\""),
            ("kernel-argument", "console=ttyS0 quiet"),
            ("kernel-argument", "quiet splash"),
            ("kernel-argument", " quiet"),
            ("kernel-argument", "a=\"b"),
            ("kernel-argument", "1"),
            ("kernel-argument", ""),
            ("kernel-argument", "=1"),
            ("kernel-argument", "a\tb"),
            ("talos-extension", "siderolabs/tailscale"),
            ("talos-extension", "ghcr.io/siderolabs/tailscale:1.90.6"),
            ("talos-extension", "Tail scale"),
        ]), @r#"
        `net.ifnames=0` is right
        `-console` is right
        `dyndbg="file a.c +p"` is right
        the kernel parts `console=ttyS0 quiet` at its blanks; write an item for each, or `console="ttyS0 quiet"` where it is one value
        the kernel parts `quiet splash` at its blanks; write an item for each
        the kernel parts ` quiet` at its blanks; write `quiet`
        `a="b` has a double quote that nothing closes
        `1` is not the name of a kernel parameter; write a name, and `=` with a value where it takes one: `console=ttyS0`
        `` is not the name of a kernel parameter; write a name, and `=` with a value where it takes one: `console=ttyS0`
        `` is not the name of a kernel parameter; write a name, and `=` with a value where it takes one: `console=ttyS0`
        an argument of the kernel is printable ASCII, which `\t` is not
        `siderolabs/tailscale` is right
        `ghcr.io/siderolabs/tailscale:1.90.6` is not the name of a system extension; write `tailscale`: the Image Factory picks the version for Talos' own
        `Tail scale` is not the name of a system extension; write it as the Image Factory lists it: `qemu-guest-agent`
        "#);
    }

    #[test]
    fn names_amounts_and_paths() {
        assert_snapshot!(said(&[
            ("k8s-name", "Home_1"),
            ("k8s-name", ""),
            ("k8s-name", "-a"),
            ("k8s-label-key", "example.org/rack"),
            ("k8s-label-key", "example.org/"),
            ("k8s-label-value", "a b"),
            ("go-duration", "1h30m"),
            ("go-duration", "1d"),
            ("go-duration", "10"),
            ("k8s-size", "1G"),
            ("relative-path", "./k8s/harbor"),
            ("relative-path", "/k8s"),
            ("relative-path", "../k8s"),
        ]), @"
        a name has only `a` to `z`, `0` to `9` and `-`, not `H`; write `home-1`
        a name must not be empty
        a name must start and end with a letter or a digit
        `example.org/rack` is right
        a label's key has 1 to 63 characters, this one has 0
        a label's value has only letters, digits, `-`, `_` and `.`, not ` `
        `1h30m` is right
        `1d`: Go durations have no days; write hours: `24h` for a day
        `10` is not a duration; write a number and a unit: `30s`, `10m`, `1h30m`
        `1G` is not a size; write a whole number and `Ki`, `Mi`, `Gi` or `Ti`: `1Gi`
        `./k8s/harbor` is right
        `/k8s` starts at the root of the machine; write it from here on: `./…`
        `../k8s` leads out of the folder, by `..`; write a path below it: `./…`
        ");
    }
}
