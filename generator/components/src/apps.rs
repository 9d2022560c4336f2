//! What exists already: each app becomes a Flux Kustomization of its directory.

use crate::{Component, Context, Declaration, Route};
use model::{Spanned, definition::App, scalar::Name};

pub const COMPONENT: Component = Component { declare, emit: |_, _| Vec::new() };

fn declare(context: &Context) -> Vec<Declaration> {
    context.definition.apps.iter().map(|(name, app)| declaration(context, name, app)).collect()
}

fn declaration(context: &Context, name: &str, app: &App) -> Declaration {
    let definition = context.definition;
    let source = app.source.as_ref().unwrap_or(&definition.cluster.flux.source);
    let mut needs = app.needs.clone();
    let ours =
        |class: &Spanned<Name>| definition.storage_class(class).is_some_and(|(_, it)| it.driver.is_none());
    if app.storage.iter().any(ours) {
        needs.push(Spanned::nowhere(Name::fixed("storage")));
    }
    Declaration {
        phases: definition.app_phases(name, app),
        site: app.site.as_ref().map(ToString::to_string),
        provides: app.provides.iter().map(ToString::to_string).collect(),
        needs,
        // It brings its own namespace, with the level that it needs.
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
}
