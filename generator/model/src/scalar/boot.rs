//! What a boot image is made with: arguments of the kernel, system extensions.

use super::{Fault, Scalar, macros::text};

/// One argument of the kernel: a name, and a value where it takes one. A leading `-` takes one of Talos' own away.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KernelArgument(String);
text!(KernelArgument);

impl Scalar for KernelArgument {
    const FORMAT: &'static str = "kernel-argument";
    const EXAMPLE: &'static str = "net.ifnames=0";
    const PATTERN: Option<&'static str> =
        Some(r#"^[0-9_./-]*[A-Za-z][A-Za-z0-9_./-]*(=([!#-~]|"[ !#-~]*")*)?$"#);

    /// Source: <https://docs.kernel.org/admin-guide/kernel-parameters.html>: blanks part arguments, double quotes
    /// protect blanks.
    fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(odd) = text.chars().find(|c| !matches!(c, ' '..='~')) {
            return Err(Fault::new(format!(
                "an argument of the kernel is printable ASCII, which `{}` is not",
                odd.escape_default()
            )));
        }
        let mut quoted = false;
        for (at, c) in text.char_indices() {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => {
                    let help = match text.split_once('=') {
                        _ if text.trim() != text => format!("write `{}`", text.trim()),
                        Some((name, value)) if name.len() < at && !value.contains('"') => {
                            format!("write an item for each, or `{name}=\"{value}\"` where it is one value")
                        }
                        _ => "write an item for each".into(),
                    };
                    return Err(Fault::new(format!("the kernel parts `{text}` at its blanks")).help(help));
                }
                _ => {}
            }
        }
        if quoted {
            return Err(Fault::new(format!("`{text}` has a double quote that nothing closes")));
        }
        let name = text.split('=').next().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
        if !name.chars().all(allowed) || !name.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(Fault::new(format!("`{name}` is not the name of a kernel parameter"))
                .help("write a name, and `=` with a value where it takes one: `console=ttyS0`"));
        }
        Ok(Self(text.into()))
    }
}

/// A system extension of the Image Factory, of Sidero Labs where it names no other author.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Extension(String);
text!(Extension);

impl Scalar for Extension {
    const FORMAT: &'static str = "talos-extension";
    const EXAMPLE: &'static str = "siderolabs/qemu-guest-agent";
    const PATTERN: Option<&'static str> = Some("^([a-z0-9][a-z0-9-]*/)?[a-z0-9][a-z0-9-]*$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let is_name = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        };
        if text.split('/').count() <= 2 && text.split('/').all(is_name) {
            return Ok(Self(text.into()));
        }
        let fault = Fault::new(format!("`{text}` is not the name of a system extension"));
        // Images are pulled by a reference with a tag or digest, but a schematic takes the name alone.
        let name = text.split([':', '@']).next().unwrap_or_default();
        let short = name.rsplit('/').next().unwrap_or_default();
        Err(if is_name(short) {
            fault.help(format!("write `{short}`: the Image Factory picks the version for Talos' own"))
        } else {
            fault.help("write it as the Image Factory lists it: `qemu-guest-agent`")
        })
    }
}
