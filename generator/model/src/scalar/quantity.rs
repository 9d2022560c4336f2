//! Durations and sizes, as Kubernetes and Flux write them.

use super::{Fault, Scalar, macros::text};

/// A span of time as Go writes it: `30s`, `10m`, `1h30m`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Duration(String);
text!(Duration);

impl Scalar for Duration {
    const FORMAT: &'static str = "go-duration";
    const EXAMPLE: &'static str = "10m";
    const PATTERN: Option<&'static str> = Some("^([0-9]+(ms|s|m|h))+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(format!("`{text}` is not a duration"))
                .help("write a number and a unit: `30s`, `10m`, `1h30m`")
        };
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
            if digits == 0 || rest[..digits].parse::<u32>().is_err() {
                return Err(fault());
            }
            let after = &rest[digits..];
            let unit =
                ["ms", "s", "m", "h"].into_iter().find(|unit| after.starts_with(unit)).ok_or_else(|| {
                    if after.starts_with('d') {
                        Fault::new(format!("`{text}`: Go durations have no days"))
                            .help("write hours: `24h` for a day")
                    } else {
                        fault()
                    }
                })?;
            rest = &after[unit.len()..];
        }
        if text.is_empty() { Err(fault()) } else { Ok(Self(text.into())) }
    }
}

impl Duration {
    pub fn seconds(&self) -> u64 {
        let mut total = 0;
        let mut rest = self.0.as_str();
        while let Some(digits) = rest.find(|c: char| !c.is_ascii_digit()) {
            let number: u64 = rest[..digits].parse().unwrap_or(0);
            let after = &rest[digits..];
            let (factor, unit) = if after.starts_with("ms") {
                (0, 2)
            } else {
                (
                    match after.as_bytes()[0] {
                        b'h' => 3600,
                        b'm' => 60,
                        _ => 1,
                    },
                    1,
                )
            };
            total += number * factor;
            rest = &after[unit..];
        }
        total
    }
}

/// An amount of memory or disk as Kubernetes writes it: `64Mi`, `1Gi`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Size(String);
text!(Size);

impl Scalar for Size {
    const FORMAT: &'static str = "k8s-size";
    const EXAMPLE: &'static str = "1Gi";
    const PATTERN: Option<&'static str> = Some("^[1-9][0-9]*(Ki|Mi|Gi|Ti)$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let unit = ["Ki", "Mi", "Gi", "Ti"].into_iter().find_map(|unit| text.strip_suffix(unit));
        match unit.map(str::parse::<u32>) {
            Some(Ok(number)) if number > 0 && !text.starts_with(['0', '+']) => Ok(Self(text.into())),
            _ => Err(Fault::new(format!("`{text}` is not a size"))
                .help("write a whole number and `Ki`, `Mi`, `Gi` or `Ti`: `1Gi`")),
        }
    }
}
