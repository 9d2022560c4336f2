//! The certificate that the ingress shows where a host brings none of its own.

use crate::{Component, Context, Declaration, File, Plan, Unit, hosts, route};
use model::Phase;

pub const COMPONENT: Component = Component { declare, emit };

/// Its name, that of its Secret, and what it provides.
const NAME: &str = "default-certificate";

fn declare(context: &Context) -> Vec<Declaration> {
    let definition = context.definition;
    let (Some(ingress), Some(since)) = (&definition.ingress, definition.certificates_since()) else {
        return Vec::new();
    };
    if definition.dns.is_none() || hosts::certificate_names(definition, context.phase).is_empty() {
        return Vec::new();
    }
    let since: Phase = since.max(ingress.since());
    let mut unit = Declaration::new(NAME, "ingress", "certificates").since(since).needs("issuers");
    unit.pod_security = None;
    vec![unit]
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let names = hosts::certificate_names(plan.definition, plan.phase);
    route::certificate(plan, unit, NAME, NAME, names).into_iter().map(Into::into).collect()
}
