//! Names as Kubernetes has them.

use super::{Fault, Scalar, macros::text};

/// A name in the form of a DNS label (RFC 1123), as Kubernetes names are: `vps0`, `cert-manager`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(String);
text!(Name);

impl Scalar for Name {
    const FORMAT: &'static str = "k8s-name";
    const EXAMPLE: &'static str = "vps0";
    const PATTERN: Option<&'static str> = Some("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");

    fn parse(text: &str) -> Result<Self, Fault> {
        label(text, "a name").map(|()| Self(text.into()))
    }
}

impl Name {
    /// A name that the generator itself writes.
    pub fn fixed(text: &'static str) -> Self {
        Self::parse(text).expect("the generator's own names are names")
    }
}

pub(super) fn label(text: &str, what: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::new(format!("{what} must not be empty")));
    }
    if text.len() > 63 {
        let fault = Fault::new(format!("{what} has at most 63 characters, this one has {}", text.len()));
        return Err(fault.help(format!("leave out {} of them", text.len() - 63)));
    }
    if let Some(bad) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        let fault = Fault::new(format!("{what} has only `a` to `z`, `0` to `9` and `-`, not `{bad}`"));
        let tidy = tidy_label(text);
        return Err(if label(&tidy, what).is_ok() { fault.help(format!("write `{tidy}`")) } else { fault });
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(Fault::new(format!("{what} must start and end with a letter or a digit")));
    }
    Ok(())
}

fn tidy_label(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| if matches!(c, 'a'..='z' | '0'..='9' | '-') { c } else { '-' })
        .collect()
}

/// A label's key: an optional DNS prefix and a name, `example.org/site`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LabelKey(String);
text!(LabelKey);

impl Scalar for LabelKey {
    const FORMAT: &'static str = "k8s-label-key";
    const EXAMPLE: &'static str = "example.org/rack";
    const PATTERN: Option<&'static str> =
        Some("^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let name = match text.split_once('/') {
            Some((prefix, name)) => {
                super::web::hostname(prefix)
                    .map_err(|fault| Fault::new(format!("the prefix `{prefix}`: {}", fault.message)))?;
                name
            }
            None => text,
        };
        qualified(name, "a label's key").map(|()| Self(text.into()))
    }
}

impl LabelKey {
    /// The part before the slash, or nothing.
    pub fn prefix(&self) -> &str {
        self.0.split_once('/').map_or("", |(prefix, _)| prefix)
    }
}

/// A label's value: up to 63 letters, digits, `-`, `_` and `.`; may be empty.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LabelValue(String);
text!(LabelValue);

impl Scalar for LabelValue {
    const FORMAT: &'static str = "k8s-label-value";
    const EXAMPLE: &'static str = "atlas";

    fn parse(text: &str) -> Result<Self, Fault> {
        if !text.is_empty() {
            qualified(text, "a label's value")?;
        }
        Ok(Self(text.into()))
    }
}

fn qualified(text: &str, what: &str) -> Result<(), Fault> {
    if text.is_empty() || text.len() > 63 {
        return Err(Fault::new(format!("{what} has 1 to 63 characters, this one has {}", text.len())));
    }
    if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
        return Err(Fault::new(format!("{what} has only letters, digits, `-`, `_` and `.`, not `{bad}`")));
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(text.chars().next()) || !edge(text.chars().last()) {
        return Err(Fault::new(format!("{what} must start and end with a letter or a digit")));
    }
    Ok(())
}

/// A key of a ConfigMap or Secret: `api-key`, `tls.crt`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConfigKey(String);
text!(ConfigKey);

impl Scalar for ConfigKey {
    const FORMAT: &'static str = "k8s-config-key";
    const EXAMPLE: &'static str = "api-key";
    const PATTERN: Option<&'static str> = Some("^[-._a-zA-Z0-9]{1,253}$");

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() || text.len() > 253 {
            return Err(Fault::new("a key has 1 to 253 characters"));
        }
        match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
            Some(bad) => {
                Err(Fault::new(format!("a key has only letters, digits, `-`, `_` and `.`, not `{bad}`")))
            }
            None => Ok(Self(text.into())),
        }
    }
}
