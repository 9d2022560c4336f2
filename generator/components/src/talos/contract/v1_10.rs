//! Contract 1.10: nothing that we write changes.

use super::{Forms, v1_9};

pub(super) const FORMS: Forms = Forms { minor: 10, changes: &[], ..v1_9::FORMS };
