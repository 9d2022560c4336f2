//! What a cluster is: the definition a person writes, and the diagnostics that talk about it.
//!
//! This crate knows nothing of Kubernetes objects and touches no file system.

pub mod definition;
mod diagnostic;
pub mod node;
mod phase;
mod render;
pub mod scalar;
mod span;

pub use definition::Definition;
pub use diagnostic::{Code, Diagnostic, Diagnostics, Edit, Label, Severity, Sources};
pub use node::Node;
pub use phase::{Phase, Phases};
pub use scalar::Scalar;
pub use span::{FileId, Span, Spanned, protocol as span_protocol};
