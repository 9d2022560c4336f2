//! One binary for every test that looks at the whole.

// Tests look at files and run programs: that is what they are for.
#![allow(clippy::disallowed_methods)]

mod cli;
mod existing;
mod golden;
mod hostile;
mod matrix;
mod mutations;
mod published;
mod supply;
mod table;
mod tidy;
