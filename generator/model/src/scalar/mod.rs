//! Values written as one YAML scalar: each a newtype that parses at its place, or says why not.

pub(crate) mod macros;
mod name;
mod network;
mod quantity;
mod record;
mod version;
mod web;

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
    Kind::of::<Duration>(),
    Kind::of::<Email>(),
    Kind::of::<Hostname>(),
    Kind::of::<InterfaceAddress>(),
    Kind::of::<LabelKey>(),
    Kind::of::<LabelValue>(),
    Kind::of::<Mx>(),
    Kind::of::<Name>(),
    Kind::of::<RecordName>(),
    Kind::of::<RelativePath>(),
    Kind::of::<Series>(),
    Kind::of::<Size>(),
    Kind::of::<SocketAddress>(),
    Kind::of::<Srv>(),
    Kind::of::<SubnetFilter>(),
    Kind::of::<Txt>(),
    Kind::of::<Url>(),
    Kind::of::<Version>(),
];
