//! Every component, once. A line here is what makes one exist.

use crate::{Component, apps};

/// In any order: what depends on what is worked out.
pub const COMPONENTS: &[&Component] = &[&apps::COMPONENT];
