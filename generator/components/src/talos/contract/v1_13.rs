//! Contract 1.13: KubeSpan moves to a document.

use super::{Form, Forms, v1_12};

pub(super) const FORMS: Forms = Forms {
    minor: 13,
    changes: &["`machine.network.kubespan` becomes `KubeSpanConfig`"],
    kubespan: Form::Document,
    ..v1_12::FORMS
};
