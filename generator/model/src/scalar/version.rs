//! Versions, with the `v` that Talos and Kubernetes write.

use super::{Fault, Scalar, macros::scalar};
use std::fmt;

/// A whole version: `v1.14.2`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub semver::Version);
scalar!(Version);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl Scalar for Version {
    const FORMAT: &'static str = "version";
    const EXAMPLE: &'static str = "v1.14.2";
    const PATTERN: Option<&'static str> = Some(r"^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::new(format!("`{text}` is not a version"));
        let Some(digits) = text.strip_prefix('v') else {
            let fault = fault();
            return Err(match (semver::Version::parse(text), two_numbers(text)) {
                (Ok(_), _) => fault.help(format!("write `v{text}`")),
                (_, Some(_)) => fault.help(format!("write all three numbers with a `v`, like `v{text}.0`")),
                _ => fault.help("write all three numbers with a `v`, like `v1.14.2`"),
            });
        };
        match semver::Version::parse(digits) {
            Ok(version) if version.build.is_empty() => Ok(Self(version)),
            _ if two_numbers(digits).is_some() => {
                Err(fault().help(format!("write all three numbers, like `{text}.0`")))
            }
            _ => Err(fault().help("write all three numbers with a `v`, like `v1.14.2`")),
        }
    }
}

impl Version {
    pub fn minor(&self) -> Contract {
        Contract { major: self.0.major, minor: self.0.minor }
    }
}

/// A minor version, which says what form a configuration has: `v1.13`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Contract {
    pub major: u64,
    pub minor: u64,
}
scalar!(Contract);

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

impl Scalar for Contract {
    const FORMAT: &'static str = "minor-version";
    const EXAMPLE: &'static str = "v1.13";
    const PATTERN: Option<&'static str> = Some(r"^v[0-9]+\.[0-9]+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        two_numbers(text.strip_prefix('v').unwrap_or(""))
            .map(|(major, minor)| Self { major, minor })
            .ok_or_else(|| {
                let fault = Fault::new(format!("`{text}` is not a minor version"));
                match Version::parse(text) {
                    Ok(version) => fault.help(format!("write `{}`", version.minor())),
                    Err(_) => fault.help("write two numbers with a `v`: `v1.13`"),
                }
            })
    }
}

/// A series of releases of a product that writes no `v`: `5.1`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Series {
    pub major: u64,
    pub minor: u64,
}
scalar!(Series);

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Scalar for Series {
    const FORMAT: &'static str = "release-series";
    const EXAMPLE: &'static str = "5.1";
    const PATTERN: Option<&'static str> = Some(r"^[0-9]+\.[0-9]+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        two_numbers(text).map(|(major, minor)| Self { major, minor }).ok_or_else(|| {
            Fault::new(format!("`{text}` is not a release series"))
                .help("write two numbers in quotes: `\"5.1\"`")
        })
    }
}

fn two_numbers(text: &str) -> Option<(u64, u64)> {
    let (major, minor) = text.split_once('.')?;
    let number = |text: &str| text.parse().ok().filter(|number: &u64| number.to_string() == text);
    Some((number(major)?, number(minor)?))
}
