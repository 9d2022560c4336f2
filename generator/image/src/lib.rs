//! The parts of a Talos disk image that are more than a file copied. `nix/image.nix` puts them together.
//!
//! Everything here is a function of bytes; files are read and written in `main.rs`.

pub mod cmdline;
pub mod grub;
pub mod meta;
pub mod secret;
pub mod uki;

/// Why an image cannot be made, as a person reads it.
pub type Refusal = String;
