//! What DNS records say: mail servers, services, certificate authorities, texts.
//!
//! The text is the one that a zone file has, parsed and put into the one form that name servers print, so that what
//! is declared and what is served can be compared letter by letter.

use super::{Address, Fault, Hostname, Scalar, macros::scalar};
use std::fmt::{self, Write};

/// A mail server: preference and host (RFC 1035, section 3.3.9). The host `.` says that there is no mail (RFC 7505).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mx {
    pub preference: u16,
    pub host: Option<Hostname>,
}
scalar!(Mx);

impl fmt::Display for Mx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.preference, Dotted(self.host.as_ref()))
    }
}

impl Scalar for Mx {
    const FORMAT: &'static str = "mx-record";
    const EXAMPLE: &'static str = "10 mail.example.org";

    fn parse(text: &str) -> Result<Self, Fault> {
        let [preference, host] = words(text).map_err(|()| {
            Fault::new(format!("`{text}` is not a mail server's record"))
                .help("write a preference and a host: `10 mail.example.org`")
        })?;
        Ok(Self { preference: number(preference, "the preference")?, host: target(host, "a mail server")? })
    }
}

/// A service: priority, weight, port and host (RFC 2782). The host `.` says that there is none.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Srv {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub host: Option<Hostname>,
}
scalar!(Srv);

impl fmt::Display for Srv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.priority, self.weight, self.port, Dotted(self.host.as_ref()))
    }
}

impl Scalar for Srv {
    const FORMAT: &'static str = "srv-record";
    const EXAMPLE: &'static str = "10 5 5060 sip.example.org";

    fn parse(text: &str) -> Result<Self, Fault> {
        let [priority, weight, port, host] = words(text).map_err(|()| {
            Fault::new(format!("`{text}` is not a service's record"))
                .help("write priority, weight, port and host: `10 5 5060 sip.example.org`")
        })?;
        Ok(Self {
            priority: number(priority, "the priority")?,
            weight: number(weight, "the weight")?,
            port: number(port, "the port")?,
            host: target(host, "a service")?,
        })
    }
}

/// Who may issue certificates (RFC 8659): a flag, a tag and a value.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Caa {
    pub flags: u8,
    pub tag: String,
    pub value: String,
}
scalar!(Caa);

impl fmt::Display for Caa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.flags, self.tag, quoted(self.value.as_bytes()))
    }
}

impl Scalar for Caa {
    const FORMAT: &'static str = "caa-record";
    const EXAMPLE: &'static str = r#"0 issue "letsencrypt.org""#;

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(format!("`{text}` does not say who may issue certificates"))
                .help(r#"write a flag, a tag and a value in quotes: `0 issue "letsencrypt.org"`"#)
        };
        let (flags, rest) = text.trim().split_once(' ').ok_or_else(fault)?;
        let (tag, value) = rest.trim_start().split_once(' ').ok_or_else(fault)?;
        let flags: u8 = flags.parse().map_err(|_| fault())?;
        if flags != 0 && flags != 128 {
            return Err(Fault::new(format!("the flag of a CAA record is 0 or 128, not {flags} (RFC 8659)")));
        }
        let tag = tag.to_ascii_lowercase();
        if !["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"]
            .contains(&&*tag)
        {
            return Err(Fault::new(format!("`{tag}` is not a tag that authorities know")).help(
                "the tags are `issue`, `issuewild`, `issuemail`, `iodef`, `contactemail` and `contactphone`",
            ));
        }
        let value = value.trim();
        let value = match value.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').ok_or_else(fault)?,
            None => value,
        };
        if value.contains(['"', '\\']) || !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(fault());
        }
        if tag.starts_with("issue") && value != ";" {
            let authority = value.split(';').next().unwrap_or_default().trim();
            if !authority.is_empty() {
                Hostname::parse(authority).map_err(|fault| Fault {
                    message: format!("`{authority}` names no authority: {}", fault.message),
                    help: fault.help,
                })?;
            }
        }
        if tag == "iodef"
            && !["mailto:", "http://", "https://"].iter().any(|scheme| value.starts_with(scheme))
        {
            return Err(Fault::new(format!("`{value}` is nowhere to report to"))
                .help("write `mailto:…` or `https://…` (RFC 8659, section 4.4)"));
        }
        Ok(Self { flags, tag, value: value.into() })
    }
}

/// A text, as it is meant: without quotes and escapes, which records have and people should not have to write.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Txt(String);
scalar!(Txt);

impl fmt::Display for Txt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for Txt {
    const FORMAT: &'static str = "txt-record";
    const EXAMPLE: &'static str = "v=spf1 mx -all";

    fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            return Err(Fault::new("the quotes would become part of the text")
                .help(format!("write the text alone: `{}`", inner.replace("\" \"", ""))));
        }
        // What fits is bounded by the packet that carries it; longer keys and policies have their own ways.
        if text.len() > 4000 {
            return Err(Fault::new(format!(
                "a text has at most 4000 bytes here, this one has {}: answers with more are cut by many resolvers",
                text.len()
            )));
        }
        Ok(Self(text.into()))
    }
}

impl Txt {
    /// As a record has it: strings of at most 255 bytes in quotes (RFC 1035, section 3.3).
    pub fn as_record(&self) -> String {
        if self.0.is_empty() {
            return "\"\"".into();
        }
        self.0.as_bytes().chunks(255).map(quoted).collect::<Vec<_>>().join(" ")
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            0x20..0x7f => out.push(char::from(*byte)),
            _ => write!(out, "\\{byte:03}").expect("a string takes all"),
        }
    }
    out.push('"');
    out
}

/// A host with the dot that ends a whole name.
struct Dotted<'a>(Option<&'a Hostname>);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(host) => write!(f, "{host}."),
            None => f.write_str("."),
        }
    }
}

fn words<const N: usize>(text: &str) -> Result<[&str; N], ()> {
    text.split_whitespace().collect::<Vec<_>>().try_into().map_err(drop)
}

fn number(text: &str, what: &str) -> Result<u16, Fault> {
    text.parse().map_err(|_| Fault::new(format!("{what} is a number from 0 to 65535, not `{text}`")))
}

fn target(text: &str, what: &str) -> Result<Option<Hostname>, Fault> {
    if text == "." {
        return Ok(None);
    }
    if Address::parse(text).is_ok() {
        return Err(Fault::new(format!("{what} is named by its host, not by the address `{text}`"))
            .help("give the address a name of its own, and name that here"));
    }
    // In a zone file the last dot ends a whole name; here every name is whole.
    Hostname::parse(&text.strip_suffix('.').unwrap_or(text).to_lowercase()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Caa, Mx, Srv, Txt};
    use crate::Scalar;

    fn refusal<T: Scalar + std::fmt::Debug>(text: &str) -> String {
        let fault = T::parse(text).expect_err("it is wrong");
        format!("{}; {}", fault.message, fault.help.unwrap_or_default())
    }

    #[test]
    fn records_print_as_name_servers_do() {
        assert_eq!(
            Mx::parse("10  Mail.example.com.").map(|it| it.to_string()),
            Ok("10 mail.example.com.".into())
        );
        assert_eq!(Mx::parse("0 .").map(|it| it.to_string()), Ok("0 .".into()));
        assert_eq!(
            Srv::parse("0 5 5060 sip.example.org").map(|it| it.to_string()),
            Ok("0 5 5060 sip.example.org.".into())
        );
        assert_eq!(
            Caa::parse("0 ISSUE letsencrypt.org").map(|it| it.to_string()),
            Ok("0 issue \"letsencrypt.org\"".into())
        );
        assert_eq!(Caa::parse("0 issuewild \";\"").map(|it| it.to_string()), Ok("0 issuewild \";\"".into()));
    }

    #[test]
    fn a_long_text_is_cut_into_strings() {
        let record = Txt::parse(&"k".repeat(300)).expect("it fits").as_record();
        assert_eq!(record, format!("\"{}\" \"{}\"", "k".repeat(255), "k".repeat(45)));
        assert_eq!(Txt::parse("a \"b\" \\ ü").expect("it fits").as_record(), r#""a \"b\" \\ \195\188""#);
    }

    #[test]
    fn wrong_records_are_told_what_to_be() {
        assert_eq!(
            refusal::<Mx>("10 192.0.2.1"),
            "a mail server is named by its host, not by the address `192.0.2.1`; give the address a name of its own, and name that here"
        );
        assert_eq!(
            refusal::<Mx>("mail.example.org"),
            "`mail.example.org` is not a mail server's record; write a preference and a host: `10 mail.example.org`"
        );
        assert_eq!(
            refusal::<Srv>("0 0 70000 a.example.org"),
            "the port is a number from 0 to 65535, not `70000`; "
        );
        assert_eq!(
            refusal::<Txt>("\"v=spf1\""),
            "the quotes would become part of the text; write the text alone: `v=spf1`"
        );
    }
}
