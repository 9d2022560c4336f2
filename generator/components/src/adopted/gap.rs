//! What is referred to and could not be had.

use model::Span;

/// A file or directory that was asked for, and why it could not be had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gap {
    pub path: String,
    /// Where the path is written.
    pub from: Span,
    pub why: Why,
}

/// Why a file or directory could not be had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Why {
    /// It is not there; the name most like it that is.
    Missing { close: Option<String> },
    /// It is a symbolic link, which Flux leaves out of what it fetches.
    Link,
    /// It leads out of the repository.
    Outside,
    /// It is larger than what is read, in bytes.
    TooLarge { limit: u64 },
    /// So much lies there that reading stopped.
    TooMuch,
    /// The operating system refused.
    Refused(String),
    /// It is no text.
    NotText(String),
    /// It is no YAML: where, and what the reader says.
    NotYaml { at: Span, message: String },
    /// It is drawn in by itself.
    Circle,
    /// It is neither a file nor a directory.
    Special,
}
