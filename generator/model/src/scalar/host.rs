//! What programs on hosts outside the cluster are told: remotes of rclone, keys of Nix.

use super::{Fault, Scalar, macros::text};

/// A remote of rclone and a folder on it: `gdrive-crypt:terraform`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Remote(String);
text!(Remote);

impl Scalar for Remote {
    const FORMAT: &'static str = "rclone-remote";
    const EXAMPLE: &'static str = "gdrive-crypt:terraform";
    const PATTERN: Option<&'static str> = Some("^[A-Za-z0-9_][A-Za-z0-9_.+@-]*:[^\\s:]+$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |message: String| {
            Fault::new(message)
                .help("write the remote's name as rclone has it, and a folder: `gdrive-crypt:terraform`")
        };
        let Some((name, folder)) = text.split_once(':') else {
            return Err(fault(format!("`{text}` names no remote")));
        };
        let first = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.+@-".contains(c)) {
            return Err(fault(format!("`{name}` is not the name of a remote")));
        }
        if folder.is_empty() || folder.contains(|c: char| c.is_whitespace() || c == ':' || c.is_control()) {
            return Err(fault(format!("`{text}` names no folder, or one that a script would stumble over")));
        }
        if folder.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(fault(format!("`{folder}` does not lie plainly below the remote")));
        }
        Ok(Self(text.into()))
    }
}

/// A public key of Nix: a name, and 32 bytes in base64.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NixPublicKey(String);
text!(NixPublicKey);

impl Scalar for NixPublicKey {
    const FORMAT: &'static str = "nix-public-key";
    const EXAMPLE: &'static str = "cache.example.org-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const PATTERN: Option<&'static str> = Some("^[^\\s:]+:[A-Za-z0-9+/]{43}=$");

    fn parse(text: &str) -> Result<Self, Fault> {
        let help = "`nix key convert-secret-to-public < secret-key` prints the public one";
        let (name, key) = text.split_once(':').unwrap_or_default();
        // A secret key has the public one appended: 64 bytes.
        if key.len() >= 86 {
            return Err(Fault::new("this is a secret key of Nix").help(help));
        }
        let digits = key.strip_suffix('=').unwrap_or_default();
        let base64 = digits.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/');
        if name.is_empty() || name.contains(char::is_whitespace) || digits.len() != 43 || !base64 {
            return Err(Fault::new(format!("`{text}` is not a public key of Nix"))
                .help("write its name, a colon and 32 bytes in base64, as the cache's owner published it"));
        }
        Ok(Self(text.into()))
    }
}
