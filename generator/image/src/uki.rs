//! A unified kernel image: a PE file whose sections are the kernel, the initramfs and the command line.
//!
//! Source: the UAPI Group's specification of unified kernel images, and Microsoft's of PE.

use crate::Refusal;

/// How many bytes of a file are one section's, and where its header is.
#[derive(Clone, Copy, Debug)]
struct Section {
    header: usize,
    at: usize,
    length: usize,
    address: u32,
}

/// A UKI, read.
#[derive(Clone, Debug)]
pub struct Uki {
    bytes: Vec<u8>,
    sections: Vec<(String, Section)>,
    alignment: usize,
}

impl Uki {
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Refusal> {
        let short = || Refusal::from("the UKI is cut short");
        let pe = word(&bytes, 0x3c).ok_or_else(short)? as usize;
        if bytes.get(pe..pe + 4) != Some(b"PE\0\0") {
            return Err("the UKI is not a PE file".into());
        }
        let count = half(&bytes, pe + 6).ok_or_else(short)?;
        let optional = half(&bytes, pe + 20).ok_or_else(short)?;
        let alignment = word(&bytes, pe + 24 + 36).ok_or_else(short)? as usize;
        let mut sections = Vec::new();
        for index in 0..usize::from(count) {
            let header = pe + 24 + usize::from(optional) + 40 * index;
            let name = bytes.get(header..header + 8).ok_or_else(short)?;
            let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
            let [size, address, raw, at] =
                [8, 12, 16, 20].map(|offset| word(&bytes, header + offset)).map(Option::unwrap_or_default);
            let section = Section { header, at: at as usize, length: size.min(raw) as usize, address };
            if section.at.checked_add(section.length).is_none_or(|end| end > bytes.len()) {
                return Err(short());
            }
            sections.push((name, section));
        }
        Ok(Self { bytes, sections, alignment: alignment.max(1) })
    }

    /// A section by its name; the first is the main profile's, later ones are those of other boot profiles.
    pub fn section(&self, name: &str) -> Result<&[u8], Refusal> {
        let found = self.sections.iter().find(|(it, _)| it == name);
        let (_, section) = found.ok_or_else(|| format!("the UKI has no section `{name}`"))?;
        Ok(&self.bytes[section.at..section.at + section.length])
    }

    /// The command line of the main profile.
    pub fn cmdline(&self) -> Result<String, Refusal> {
        text(self.section(".cmdline")?)
    }

    /// The same UKI with another command line: in each boot profile, what begins as the main one's begins as this.
    pub fn with_cmdline(mut self, cmdline: &str) -> Result<Vec<u8>, Refusal> {
        let main = self.cmdline()?;
        if main == cmdline {
            return Ok(self.bytes);
        }
        if self.sections.iter().any(|(name, _)| name == ".pcrsig") || self.signed() {
            return Err("the UKI is signed: another command line would break its signature".into());
        }
        let lines: Vec<Section> =
            self.sections.iter().filter(|(name, _)| name == ".cmdline").map(|(_, it)| *it).collect();
        for section in lines {
            let old = text(&self.bytes[section.at..section.at + section.length])?;
            let rest = old.strip_prefix(&main).unwrap_or_default();
            self.replace(section, format!("{cmdline}{rest}").as_bytes())?;
        }
        Ok(self.bytes)
    }

    /// Puts a section's new contents at the end of the file, and its header in order.
    fn replace(&mut self, section: Section, contents: &[u8]) -> Result<(), Refusal> {
        let next = self.sections.iter().map(|(_, it)| it.address).filter(|it| *it > section.address).min();
        // The contents are loaded at the section's address, and must end before the next section's.
        let room = next.map_or(4096, |next| (next - section.address) as usize);
        if contents.len() >= room {
            return Err(format!(
                "the command line has {} bytes, and the UKI has room for {}",
                contents.len(),
                room - 1
            ));
        }
        let at = self.bytes.len().next_multiple_of(self.alignment);
        let raw = contents.len().next_multiple_of(self.alignment);
        self.bytes.resize(at, 0);
        self.bytes.extend(contents);
        self.bytes.resize(at + raw, 0);
        for (offset, value) in [(8, contents.len()), (16, raw), (20, at)] {
            let value = u32::try_from(value).map_err(|_| "the UKI is too large")?;
            self.bytes[section.header + offset..section.header + offset + 4]
                .copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }

    /// Whether the file has a signature: the fifth directory of a PE32+ header is not empty.
    fn signed(&self) -> bool {
        let pe = word(&self.bytes, 0x3c).unwrap_or_default() as usize;
        word(&self.bytes, pe + 24 + 112 + 4 * 8 + 4).is_some_and(|size| size != 0)
    }
}

fn text(bytes: &[u8]) -> Result<String, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the command line of the UKI is not text")?;
    Ok(text.trim_end_matches(['\0', '\n', ' ']).to_owned())
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).and_then(|it| it.try_into().ok()).map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|it| it.try_into().ok()).map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::Uki;

    /// A PE file of these sections, each aligned to 512 bytes of the file and 4096 of memory.
    fn pe(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        bytes[0x3c] = 0x40;
        bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
        bytes[0x46] = u8::try_from(sections.len()).expect("few sections");
        bytes[0x54] = 240;
        bytes[0x58 + 36..0x58 + 40].copy_from_slice(&512_u32.to_le_bytes());
        for (index, (name, contents)) in sections.iter().enumerate() {
            let header = 0x58 + 240 + 40 * index;
            bytes[header..header + name.len()].copy_from_slice(name.as_bytes());
            let at = bytes.len();
            bytes.extend(*contents);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
            let raw = bytes.len() - at;
            for (offset, value) in [(8, contents.len()), (12, 4096 * (index + 1)), (16, raw), (20, at)] {
                let value = u32::try_from(value).expect("a small file").to_le_bytes();
                bytes[header + offset..header + offset + 4].copy_from_slice(&value);
            }
        }
        bytes
    }

    fn release() -> Uki {
        let profiles: &[(&str, &[u8])] = &[
            (".linux", b"kernel"),
            (".initrd", b"initramfs"),
            (".cmdline", b"talos.platform=metal pti=on"),
            (".profile", b"ID=reset"),
            (".cmdline", b"talos.platform=metal pti=on talos.experimental.wipe=system"),
        ];
        Uki::parse(pe(profiles)).expect("a UKI")
    }

    #[test]
    fn the_main_profile_is_the_first() {
        assert_eq!(release().section(".linux"), Ok(&b"kernel"[..]));
        assert_eq!(release().cmdline(), Ok("talos.platform=metal pti=on".into()));
        assert_eq!(release().section(".dtb"), Err("the UKI has no section `.dtb`".into()));
    }

    #[test]
    fn each_profile_gets_the_new_command_line() {
        let bytes = release().with_cmdline("talos.platform=akamai pti=on").expect("room enough");
        let uki = Uki::parse(bytes).expect("a UKI");
        let lines: Vec<String> = uki
            .sections
            .iter()
            .filter(|(name, _)| name == ".cmdline")
            .map(|(_, it)| String::from_utf8_lossy(&uki.bytes[it.at..it.at + it.length]).into_owned())
            .collect();
        assert_eq!(
            lines,
            ["talos.platform=akamai pti=on", "talos.platform=akamai pti=on talos.experimental.wipe=system"]
        );
        assert_eq!(uki.section(".initrd"), Ok(&b"initramfs"[..]));
    }

    #[test]
    fn the_same_command_line_leaves_every_byte() {
        let same = release().with_cmdline("talos.platform=metal pti=on");
        assert_eq!(same, Ok(release().bytes));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let said = |result: Result<_, String>| result.map(|_: Vec<u8>| ()).expect_err("refused");
        assert_eq!(
            said(release().with_cmdline(&"x".repeat(5000))),
            "the command line has 5000 bytes, and the UKI has room for 4095"
        );
        let signed = pe(&[(".cmdline", b"a"), (".pcrsig", b"{}")]);
        assert_eq!(
            said(Uki::parse(signed).expect("a UKI").with_cmdline("b")),
            "the UKI is signed: another command line would break its signature"
        );
        assert_eq!(Uki::parse(vec![0; 100]).map(drop), Err("the UKI is not a PE file".into()));
        assert_eq!(Uki::parse(vec![0; 10]).map(drop), Err("the UKI is cut short".into()));
        let mut cut = release().bytes;
        cut.truncate(1500);
        assert_eq!(Uki::parse(cut).map(drop), Err("the UKI is cut short".into()));
    }
}
