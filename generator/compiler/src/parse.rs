//! Stand-in until the real one is merged.
use model::{Diagnostics, FileId, Sources, Span};
pub struct Parsed<T> {
    pub value: T,
    pub poisoned: Vec<Span>,
}
pub fn parse<T>(_: &Sources, _: FileId, _: &mut Diagnostics) -> Option<Parsed<T>> {
    None
}
