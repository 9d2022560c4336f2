//! Something uses what another Kustomization brings, and does not wait for it.
//!
//! An issuer, a store of secrets, a bundle of CA certificates or the definition of a custom resource comes from another
//! Flux Kustomization, and no `dependsOn` leads there, not even by way of others.
//! On a running cluster nothing shows. On the day on which the cluster is built anew the order is left to chance, and
//! each loser fails until it is tried again; with `wait` it holds up all that waits for it.
//!
//! Fix: add the order. An app of the definition says it by `needs`; a Kustomization of its own by `dependsOn`.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitea, namespace: gitea }
//!   vault-issuer: { path: ./k8s/vault-issuer, namespace: vault }
//! ```
//!
//! ```yaml k8s/gitea/certificate.yaml
//! apiVersion: cert-manager.io/v1
//! kind: Certificate
//! metadata: { name: gitea, namespace: gitea }
//! spec: { secretName: gitea-tls, dnsNames: [gitea.gitea.svc], issuerRef: { kind: ClusterIssuer, name: inner } }
//! ```
//!
//! ```yaml k8s/vault-issuer/issuer.yaml
//! apiVersion: cert-manager.io/v1
//! kind: ClusterIssuer
//! metadata: { name: inner }
//! spec: { ca: { secretName: inner-ca } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitea, namespace: gitea, needs: [vault-issuer] }
//!   vault-issuer: { path: ./k8s/vault-issuer, namespace: vault }
//! ```
//!
//! ```yaml k8s/gitea/certificate.yaml
//! apiVersion: cert-manager.io/v1
//! kind: Certificate
//! metadata: { name: gitea, namespace: gitea }
//! spec: { secretName: gitea-tls, dnsNames: [gitea.gitea.svc], issuerRef: { kind: ClusterIssuer, name: inner } }
//! ```
//!
//! ```yaml k8s/vault-issuer/issuer.yaml
//! apiVersion: cert-manager.io/v1
//! kind: ClusterIssuer
//! metadata: { name: inner }
//! spec: { ca: { secretName: inner-ca } }
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use components::{
    Plan,
    adopted::{Bundle, Object, Order, groups},
};
use model::{Diagnostic, Diagnostics, Node, Span};
use std::collections::{BTreeMap, BTreeSet};

super::check!("order-missing", Flux, "order_missing.rs");

/// What something uses: an object by kind and name, or the definition of a kind by its group.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Used<'a> {
    Object(&'static str, &'a str),
    Group(&'a str),
}

impl Used<'_> {
    fn title(&self) -> String {
        match self {
            Self::Object(kind, name) => format!("{kind} `{name}`"),
            Self::Group(group) => format!("definition of `{group}`"),
        }
    }
}

/// Who brings a thing.
pub(super) type Providers<'a> = BTreeMap<Used<'a>, (&'a Bundle, &'a Object)>;

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let adopted = plan.adopted;
    if adopted.bundles.is_empty() {
        return;
    }
    let providers = providers(plan);
    let order = Order::of(plan);
    let mut seen = BTreeSet::new();
    for (bundle, object) in adopted.in_phase(plan).filter(|(bundle, _)| !bundle.root) {
        let name = bundle.name(adopted);
        for (used, at) in uses(object) {
            let Some((provider, brings)) = providers.get(&used) else { continue };
            let other = provider.name(adopted);
            if other == name || order.after(name, other) || !seen.insert((name, other)) {
                continue;
            }
            // The other way round there is a circle, or a wait for what cannot be there yet: not to be mended so.
            if order.after(other, name) {
                continue;
            }
            let (place, label) = waits(plan, bundle);
            diagnostics.push(
                Diagnostic::warning(
                    CHECK.code,
                    format!(
                        "`{name}` uses the {} that `{other}` brings, and does not wait for it",
                        used.title()
                    ),
                )
                .at_span(at, "used here")
                .because_span(brings.span(), "brought here")
                .because_span(place, label)
                .help(match bundle.app(plan) {
                    Some(_) => format!("add `{other}` to `needs` of `{name}`"),
                    None => format!("add `- name: {other}` to its `dependsOn`"),
                }),
            );
        }
    }
}

/// Where a bundle says what it waits for.
fn waits(plan: &Plan, bundle: &Bundle) -> (Span, &'static str) {
    if let Some((name, app)) = bundle.app(plan) {
        return match app.needs.first() {
            Some(need) => (need.span, "it waits for other things"),
            None => (name.span, "it waits for nothing"),
        };
    }
    match bundle.found(plan.adopted) {
        Some(found) => match found.node.at("spec").and_then(|spec| spec.entry("dependsOn")) {
            Some((key, _)) => (key.span, "it waits for other things"),
            None => (found.span(), "it waits for nothing"),
        },
        None => (Span::default(), ""),
    }
}

/// Everything that something else may use, and who brings it.
pub(super) fn providers<'a>(plan: &'a Plan) -> Providers<'a> {
    let mut providers = Providers::new();
    for (bundle, object) in plan.adopted.in_phase(plan).filter(|(bundle, _)| !bundle.root) {
        // Flux's own kinds are there before Flux applies anything.
        for group in groups(object).into_iter().filter(|it| !it.ends_with(".toolkit.fluxcd.io")) {
            providers.entry(Used::Group(group)).or_insert((bundle, object));
        }
        let named = match (object.group(), object.kind.as_str()) {
            ("cert-manager.io", "ClusterIssuer") => "ClusterIssuer",
            ("external-secrets.io", "ClusterSecretStore") => "ClusterSecretStore",
            ("trust.cert-manager.io", "Bundle") => "CA bundle",
            _ => continue,
        };
        providers.entry(Used::Object(named, &object.name)).or_insert((bundle, object));
    }
    providers
}

/// What an object uses, and where it says so.
pub(super) fn uses(object: &Object) -> Vec<(Used<'_>, Span)> {
    let mut found = vec![(Used::Group(object.group()), object.api_version.span)];
    for (key, value) in object.annotations() {
        if let ("cert-manager.io/cluster-issuer", Some(name)) = (key.value.as_str(), value.str()) {
            found.push((Used::Object("ClusterIssuer", name), value.span));
        }
    }
    object.node.visit(&mut |node| {
        for (key, value) in node.entries() {
            reference(&key.value, value, &mut found);
        }
    });
    found
}

/// A reference by name, as kinds and charts write it.
fn reference<'a>(key: &str, value: &'a Node, found: &mut Vec<(Used<'a>, Span)>) {
    let Some(name) = value.get("name").or_else(|| Some(value).filter(|it| it.str().is_some())) else {
        return;
    };
    let Some(text) = name.str() else { return };
    let cluster = |kind: &str| value.str_at("kind") == Some(kind);
    match key {
        "issuerRef" if cluster("ClusterIssuer") => {
            found.push((Used::Object("ClusterIssuer", text), name.span));
        }
        "secretStoreRef" if cluster("ClusterSecretStore") => {
            found.push((Used::Object("ClusterSecretStore", text), name.span));
        }
        "configMap" | "configMapRef" | "configMapKeyRef" | "caBundleConfigMap" => {
            found.push((Used::Object("CA bundle", text), name.span));
        }
        "cert-manager.io/cluster-issuer" => found.push((Used::Object("ClusterIssuer", text), name.span)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report_of};
    use insta::assert_snapshot;

    const ROOT: &str = "existing: { flux: [./flux] }\n";
    const CERTIFICATE: &str = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: vault }\nspec:\n  issuerRef:\n    kind: ClusterIssuer\n    name: inner\n";
    const ISSUER: &str = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata:\n  name: inner\n";

    fn step(name: &str, more: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\nspec:\n  path: ./{name}\n  sourceRef: {{ kind: GitRepository, name: flux-system }}\n{more}"
        )
    }

    fn report(vault: &str) -> String {
        let definition = SMALL.to_owned() + ROOT;
        let files = [
            ("flux/vault.yaml", &*step("vault", vault)),
            ("flux/ca.yaml", &*step("ca", "")),
            ("vault/certificate.yaml", CERTIFICATE),
            ("ca/issuer.yaml", ISSUER),
        ];
        report_of("order-missing", &definition, &files)
    }

    #[test]
    fn a_certificate_without_an_order_after_its_issuer() {
        assert_snapshot!(report(""), @"
        warning[order-missing]: `vault` uses the ClusterIssuer `inner` that `ca` brings,
          and does not wait for it
          ┌─ vault/certificate.yaml:7:11
          │
        7 │     name: inner
          │           ^^^^^ used here
          ┌─ ca/issuer.yaml:4:9
          │
        4 │   name: inner
          │         ----- brought here
          ┌─ flux/vault.yaml:4:9
          │
        4 │   name: vault
          │         ----- it waits for nothing
          │
          = help: add `- name: ca` to its `dependsOn`
        ");
    }

    #[test]
    fn a_certificate_after_its_issuer() {
        assert_snapshot!(report("  dependsOn: [{ name: ca }]\n"), @"");
    }

    #[test]
    fn an_app_that_needs_other_things() {
        let definition = edit(SMALL, "apps:\n", "apps:\n  ca: { path: ./ca, namespace: ca }\n");
        let files = [("k8s/gitea/certificate.yaml", CERTIFICATE), ("ca/issuer.yaml", ISSUER)];
        assert_snapshot!(report_of("order-missing", &definition, &files), @"
        warning[order-missing]: `gitea` uses the ClusterIssuer `inner` that `ca` brings,
          and does not wait for it
           ┌─ k8s/gitea/certificate.yaml:7:11
           │
         7 │     name: inner
           │           ^^^^^ used here
           ┌─ ca/issuer.yaml:4:9
           │
         4 │   name: inner
           │         ----- brought here
           ┌─ cluster.yaml:68:93
           │
        68 │ …e: home, storage: [proxmox-csi], needs: [ingress, certificates], hosts: […
           │                                           ------- it waits for other things
           │
           = in the phases `dns` to `cleanup`
           = help: add `ca` to `needs` of `gitea`
        ");
    }
}
