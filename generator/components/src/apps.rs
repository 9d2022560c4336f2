//! Apps: directories that exist already. We write their Flux Kustomization, order and placement.

use crate::{Component, Context, Declaration, File, Plan, Route, Unit};
use model::{Phase, Phases};

pub const COMPONENT: Component = Component { declare, emit };

fn declare(context: &Context) -> Vec<Declaration> {
    context
        .definition
        .apps
        .iter()
        .map(|(name, app)| {
            let source = app.source.as_ref().unwrap_or(&context.definition.cluster.flux.source);
            Declaration {
                phases: Phases {
                    since: app.since.as_ref().map_or(Phase::Prerequisites, |it| it.value),
                    until: app.until.as_ref().map_or(Phase::Cleanup, |it| it.value),
                },
                site: app.site.as_ref().map(ToString::to_string),
                provides: app.provides.iter().map(ToString::to_string).collect(),
                needs: app.needs.clone(),
                pod_security: None,
                holds_data: !app.prune(),
                routes: app
                    .hosts
                    .iter()
                    .map(|host| Route {
                        host: host.clone(),
                        redirect_to: None,
                        service: String::new(),
                        port: 0,
                        ours: false,
                    })
                    .collect(),
                adopted: Some((app.path.to_string(), source.to_string())),
                timeout: app.timeout.as_ref().map_or_else(|| "5m".into(), ToString::to_string),
                ..Declaration::new(name, &app.namespace, &format!("apps.{name}"))
            }
        })
        .collect()
}

/// Nothing: the directory has its own.
fn emit(_plan: &Plan, _unit: &Unit) -> Vec<File> {
    Vec::new()
}
