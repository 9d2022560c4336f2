//! What the output is: typed objects, how they print, the tree they make, and how it reaches the disk.

mod file_tree;
mod object;
mod print;
pub mod resources;
mod write;

pub use file_tree::{CHECKSUMS, Tree, check_path};
pub use k8s_openapi;
pub use object::Object;
pub use print::{print_documents, print_fragment};
pub use write::{ByHand, How, Options, Outcome, Replaced, WriteError, plan, write};
