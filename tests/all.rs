//! One binary for every test that looks at the whole.

mod cli;
mod golden;
mod hostile;
mod published;
mod tidy;
