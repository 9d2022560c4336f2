//! Contract 1.11: nothing that we write changes.

use super::{Forms, v1_10};

pub(super) const FORMS: Forms = Forms { minor: 11, changes: &[], ..v1_10::FORMS };
