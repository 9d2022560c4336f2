//! A schematic as the Image Factory writes it, byte for byte: its id is the SHA-256 of that text.
//!
//! The Factory writes it with Go's `gopkg.in/yaml.v3`, four spaces deep. The conformance suite asks its own code.

use std::fmt::Write;

/// The schematic of kernel arguments and of extensions by their full names, both in their order.
pub(super) fn text(arguments: &[&str], extensions: &[String]) -> String {
    let mut text = String::from("customization:");
    if arguments.is_empty() && extensions.is_empty() {
        text.push_str(" {}\n");
        return text;
    }
    text.push('\n');
    if !arguments.is_empty() {
        text.push_str("    extraKernelArgs:\n");
        for argument in arguments {
            writeln!(text, "        - {}", scalar(argument)).expect("writing to a string");
        }
    }
    if !extensions.is_empty() {
        text.push_str("    systemExtensions:\n        officialExtensions:\n");
        for extension in extensions {
            writeln!(text, "            - {extension}").expect("writing to a string");
        }
    }
    text
}

/// A kernel argument as Go's YAML writes a string: in double quotes where a plain one would read as something else,
/// in single quotes where a plain one cannot hold its characters. An argument is printable ASCII and starts with a
/// name, so neither escapes nor dates come up.
fn scalar(text: &str) -> String {
    if is_word(text) || is_integer(text) || is_float(text) {
        format!("\"{text}\"")
    } else if is_plain(text) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Truth values of YAML 1.1 and 1.2, null, and the floats that are words.
fn is_word(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(text, "" | "~" | ".nan" | ".NaN" | ".NAN")
        || matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].iter().any(|word| {
            let capitals = word.to_ascii_uppercase();
            text == *word || text == capitals || text == format!("{}{}", &capitals[..1], &word[1..])
        })
}

/// What Go's `strconv.ParseInt` reads with base 0, once `_` is taken out; and `0b-1`, which Go's YAML reads as well.
fn is_integer(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
        return false;
    }
    let text = text.replace('_', "");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let lower = unsigned.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    let largest = match text.as_bytes().first() {
        Some(b'-') => 1 << 63,
        Some(b'+') => (1 << 63) - 1,
        _ => u64::MAX,
    };
    let digits_only = digits.bytes().all(|it| it.is_ascii_alphanumeric());
    let signed_within = || {
        let (digits, radix) = match text.as_bytes() {
            [b'0', b'b', ..] => (&text[2..], 2),
            [b'0', b'o', ..] => (&text[2..], 8),
            _ => return false,
        };
        i64::from_str_radix(digits, radix).is_ok()
    };
    digits_only && u64::from_str_radix(digits, radix).is_ok_and(|it| it <= largest) || signed_within()
}

/// A decimal float that is finite: Go takes one out of range for a string. After a leading `.`, Go's YAML leaves `_` to
/// `strconv.ParseFloat`, which allows it between digits.
fn is_float(text: &str) -> bool {
    let between_digits = |at: usize| {
        let bytes = text.as_bytes();
        bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    text.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c))
        && (!text.starts_with('.') || text.match_indices('_').all(|(at, _)| between_digits(at)))
        && text.replace('_', "").parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether a plain scalar of a block can hold the text: `block_indicators` of libyaml's emitter.
fn is_plain(text: &str) -> bool {
    let indicator = text.starts_with(|c: char| "#,[]{}&*!|>'\"%@`".contains(c))
        || ["---", "..."].iter().any(|it| text.starts_with(it))
        || ["? ", "- "].iter().any(|it| text.starts_with(it))
        || matches!(text, "?" | "-");
    !indicator && !text.contains(": ") && !text.ends_with(':') && !text.contains(" #") && text.trim() == text
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn what_reads_as_something_else_is_in_double_quotes() {
        for text in [
            "1", "-1", "0x1f", "0b10", "0b-1", "-0b11", "0o7", "017", "08", "1_000", "1e5", "-.5", ".5",
            "1.", "yes", "Off", "NULL", ".NaN", "-.inf",
        ] {
            assert_eq!(scalar(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_a_plain_scalar_cannot_hold_is_in_single_quotes() {
        assert_eq!(scalar("ip=::::eth0:"), "'ip=::::eth0:'");
        assert_eq!(scalar("dyndbg=\"file a: +p\""), "'dyndbg=\"file a: +p\"'");
        assert_eq!(scalar("a=\"b #'c'\""), "'a=\"b #''c''\"'");
        assert_eq!(scalar("---a"), "'---a'");
    }

    #[test]
    fn everything_else_is_plain() {
        for text in [
            "net.ifnames=0",
            "-console",
            "console=ttyS0,115200",
            "yEs",
            "1e400",
            "0x",
            "0xfffffffffffffffff",
            "inf",
            "nan",
            "-0x8000000000000001",
            "8250.nr_uarts=4",
            "dyndbg=\"file a +p\"",
        ] {
            assert_eq!(scalar(text), text);
        }
    }
}
