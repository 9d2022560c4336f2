//! Nothing: the tests of this crate are in `all.rs`.
