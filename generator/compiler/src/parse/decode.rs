//! Bytes to text: UTF-8, with or without a byte order mark, and a clear word about anything else.

/// The text of a file, or what it is instead.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, String> {
    if let Some(encoding) = other_unicode(bytes) {
        return Err(format!("is {encoding}; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let place = |at: usize| {
        let lines: Vec<&[u8]> = bytes[..at].split(|byte| *byte == b'\n').collect();
        format!("line {}, byte {}", lines.len(), lines.last().map_or(0, |line| line.len()) + 1)
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("is not text: it has a zero byte at {}", place(at)));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            Err(format!(
                "is not UTF-8: it has the byte 0x{:02X} at {}; save it as UTF-8",
                bytes[at],
                place(at)
            ))
        }
    }
}

/// The encoding of Unicode that the bytes are in, if that is not UTF-8.
fn other_unicode(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xFF\xFE\0\0") || bytes.starts_with(b"\0\0\xFE\xFF") {
        return Some("UTF-32");
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Some("UTF-16");
    }
    // Without a mark: text in Latin letters has a zero in every second byte, and none in the others.
    let start = &bytes[..bytes.len().min(64) & !1];
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = start.len() / 2;
    (most > 1 && even.min(odd) == 0 && even.max(odd) * 4 >= most * 3).then_some("UTF-16")
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn what_is_not_utf8_is_named() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (bytes, said) in [
            (utf16("\u{FEFF}name: home\n", u16::to_le_bytes), "is UTF-16; save it as UTF-8"),
            (utf16("\u{FEFF}name: home\n", u16::to_be_bytes), "is UTF-16; save it as UTF-8"),
            (utf16("name: home\n", u16::to_le_bytes), "is UTF-16; save it as UTF-8"),
            (utf16("name: home\n", u16::to_be_bytes), "is UTF-16; save it as UTF-8"),
            (b"a: b\n\0".to_vec(), "is not text: it has a zero byte at line 2, byte 1"),
            (png.to_vec(), "is not text: it has a zero byte at line 3, byte 1"),
            (
                b"a: b\nc: caf\xE9\n".to_vec(),
                "is not UTF-8: it has the byte 0xE9 at line 2, byte 7; save it as UTF-8",
            ),
        ] {
            assert_eq!(decode(&bytes).expect_err("refused"), said);
        }
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        assert_eq!(decode(b"\xEF\xBB\xBFa: b\n"), Ok("a: b\n".into()));
        assert_eq!(decode(b""), Ok(String::new()));
    }
}
