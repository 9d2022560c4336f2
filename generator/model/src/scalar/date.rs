//! Days.

use super::{Fault, Scalar, macros::scalar};
use std::fmt;

/// A day: `2027-03-31`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Date(pub jiff::civil::Date);
scalar!(Date);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Scalar for Date {
    const FORMAT: &'static str = "date";
    const EXAMPLE: &'static str = "2027-03-31";
    const PATTERN: Option<&'static str> = Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault =
            || Fault::new(format!("`{text}` is no day")).help("write year, month and day, like `2027-03-31`");
        // The library reads more forms than one.
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|it| it.is_ascii_digit());
        let [year, month, day] = parts.as_slice() else { return Err(fault()) };
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return Err(fault());
        }
        text.parse().map(Self).map_err(|_| fault())
    }
}

impl Date {
    /// The day, in UTC, on which so many seconds have passed since 1970.
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        Some(Self(time.to_zoned(jiff::tz::TimeZone::UTC).date()))
    }
}
