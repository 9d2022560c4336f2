//! On a new cluster, a certificate needs itself.
//!
//! An issuer proves names by a DNS API whose key is a Secret; the Secret is copied from a store; the store is asked by
//! TLS with a certificate; and that certificate comes from the very issuer. Each is there on a cluster that runs, so
//! nothing shows until the day on which all of it has to be made anew.
//! The message shows the whole way round, and each step at its place.
//!
//! Fix: cut the circle where it is cheapest: put the key into the repository encrypted (SOPS, SealedSecret) instead of
//! the store, or give the store a certificate of an issuer of your own CA, which asks nobody.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/all.yaml
//! apiVersion: cert-manager.io/v1
//! kind: ClusterIssuer
//! metadata: { name: acme }
//! spec: { acme: { solvers: [{ dns01: { webhook: { config: { apiKeySecretRef: { name: dns-key } } } } }] } }
//! ---
//! apiVersion: external-secrets.io/v1
//! kind: ExternalSecret
//! metadata: { name: dns-key }
//! spec: { secretStoreRef: { kind: ClusterSecretStore, name: vault } }
//! ---
//! apiVersion: external-secrets.io/v1
//! kind: ClusterSecretStore
//! metadata: { name: vault }
//! spec: { provider: { vault: { server: "https://vault.example.org" } } }
//! ---
//! apiVersion: cert-manager.io/v1
//! kind: Certificate
//! metadata: { name: vault }
//! spec: { dnsNames: [vault.example.org], issuerRef: { kind: ClusterIssuer, name: acme } }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/all.yaml
//! apiVersion: cert-manager.io/v1
//! kind: ClusterIssuer
//! metadata: { name: acme }
//! spec: { acme: { solvers: [{ dns01: { webhook: { config: { apiKeySecretRef: { name: dns-key } } } } }] } }
//! ---
//! apiVersion: external-secrets.io/v1
//! kind: ExternalSecret
//! metadata: { name: dns-key }
//! spec: { secretStoreRef: { kind: ClusterSecretStore, name: vault } }
//! ---
//! apiVersion: external-secrets.io/v1
//! kind: ClusterSecretStore
//! metadata: { name: vault }
//! spec: { provider: { vault: { server: "https://vault.example.org" } } }
//! ```
//!
//! Source: https://cert-manager.io/docs/configuration/acme/dns01/webhook/

use components::{Plan, adopted::Object};
use model::{Diagnostic, Diagnostics, Node, Span};
use std::collections::BTreeMap;

super::check!("bootstrap-cycle", Certificates, "bootstrap_cycle.rs");

/// A step: what is needed next, where that is said, and why.
struct Step<'a> {
    to: String,
    at: Span,
    why: &'a str,
}

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut steps: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for (_, object) in plan.adopted.in_phase(plan) {
        for (from, step) in needs(object) {
            steps.entry(from).or_default().push(step);
        }
    }
    for start in steps.keys().filter(|it| it.starts_with("issuer ")) {
        let Some(way) = way(&steps, start) else { continue };
        // Of two issuers in one circle the first tells of it.
        if way.iter().any(|step| step.to.starts_with("issuer ") && step.to < *start) {
            continue;
        }
        let names: Vec<&str> =
            std::iter::once(start.as_str()).chain(way.iter().map(|it| it.to.as_str())).collect();
        let mut diagnostic =
            Diagnostic::error(CHECK.code, format!("the {} needs itself on a new cluster", title(start)));
        for (index, step) in way.iter().enumerate() {
            diagnostic = match index {
                0 => diagnostic.at_span(step.at, step.why),
                _ => diagnostic.because_span(step.at, step.why),
            };
        }
        let path: Vec<String> = names.iter().map(|it| title(it)).collect();
        diagnostics.push(
            diagnostic
                .note(path.join(" → "))
                .help("put the key into the repository encrypted (SOPS, SealedSecret), not into the store; or give the store a certificate of a CA of your own"),
        );
    }
}

/// `issuer acme` as "issuer `acme`".
fn title(name: &str) -> String {
    name.split_once(' ').map_or_else(|| name.into(), |(kind, name)| format!("{kind} `{name}`"))
}

/// The shortest way from a thing back to itself.
fn way<'a>(steps: &'a BTreeMap<String, Vec<Step<'a>>>, start: &str) -> Option<Vec<&'a Step<'a>>> {
    let mut reached: BTreeMap<&str, (&str, &Step)> = BTreeMap::new();
    let mut next = vec![start];
    while let Some(at) = next.pop() {
        for step in steps.get(at).into_iter().flatten() {
            if reached.contains_key(step.to.as_str()) {
                continue;
            }
            let (from, _) = steps.get_key_value(at)?;
            reached.insert(&step.to, (from, step));
            if step.to == start {
                let mut way = Vec::new();
                let mut at = start;
                loop {
                    let (before, step) = reached.get(at)?;
                    way.push(*step);
                    at = before;
                    if at == start {
                        way.reverse();
                        return Some(way);
                    }
                }
            }
            next.insert(0, &step.to);
        }
    }
    None
}

/// What an object says that one thing needs of another.
fn needs(object: &Object) -> Vec<(String, Step<'static>)> {
    let mut found = Vec::new();
    let mut push =
        |from: String, to: String, at: Span, why: &'static str| found.push((from, Step { to, at, why }));
    let node = &object.node;
    match (object.group(), object.kind.as_str()) {
        ("cert-manager.io", "ClusterIssuer" | "Issuer") => {
            // An account's own key is made by the issuer itself.
            for solver in node.items_at("spec.acme.solvers") {
                solver.visit(&mut |it| {
                    for (key, value) in it.entries() {
                        if let (true, Some(name)) = (key.ends_with("SecretRef"), value.get("name")) {
                            let secret = format!("Secret {}", name.str().unwrap_or_default());
                            push(
                                issuer(&object.name),
                                secret,
                                name.span,
                                "the issuer asks the DNS API with this key",
                            );
                        }
                    }
                });
            }
        }
        ("external-secrets.io", "ExternalSecret") => {
            let secret = node.str_at("spec.target.name").unwrap_or(&object.name);
            if let Some(store) = node.at("spec.secretStoreRef.name") {
                let to = format!("store {}", store.str().unwrap_or_default());
                push(format!("Secret {secret}"), to, store.span, "the key comes from this store");
            }
        }
        ("external-secrets.io", "ClusterSecretStore" | "SecretStore") => {
            let server = node.at("spec.provider.vault.server");
            if let Some((host, server)) = server.and_then(|it| Some((https(it)?, it))) {
                push(
                    format!("store {}", object.name),
                    format!("certificate {host}"),
                    server.span,
                    "the store is asked by TLS",
                );
            }
        }
        ("cert-manager.io", "Certificate") => {
            if let Some(of) = node.at("spec.issuerRef.name") {
                for host in node.items_at("spec.dnsNames").iter().filter_map(Node::str) {
                    push(
                        format!("certificate {host}"),
                        issuer(of.str().unwrap_or_default()),
                        of.span,
                        "its certificate comes from this issuer",
                    );
                }
            }
        }
        ("networking.k8s.io", "Ingress") => {
            let of =
                object.annotations().iter().find(|(key, _)| key.value == "cert-manager.io/cluster-issuer");
            for host in
                of.iter().flat_map(|_| node.items_at("spec.tls")).flat_map(|tls| tls.items_at("hosts"))
            {
                if let (Some((_, of)), Some(host)) = (of, host.str()) {
                    push(
                        format!("certificate {host}"),
                        issuer(of.str().unwrap_or_default()),
                        of.span,
                        "its certificate comes from this issuer",
                    );
                }
            }
        }
        _ => {}
    }
    found
}

fn issuer(name: &str) -> String {
    format!("issuer {name}")
}

/// The host of a URL that is asked by TLS.
fn https(url: &Node) -> Option<&str> {
    url.str()?.strip_prefix("https://")?.split([':', '/']).next()
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn report(issuer: &str) -> String {
        let store = "apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: { name: vault }\nspec:\n  provider:\n    vault:\n      server: https://vault.example.org:8200\n";
        let key = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: { name: dns-key }\nspec:\n  secretStoreRef:\n    kind: ClusterSecretStore\n    name: vault\n";
        let acme = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: acme }\nspec:\n  acme:\n    solvers:\n      - dns01:\n          webhook:\n            config:\n              apiKeySecretRef:\n                name: dns-key\n";
        let certificate = format!(
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{ name: vault }}\nspec:\n  dnsNames: [vault.example.org]\n  issuerRef:\n    name: {issuer}\n"
        );
        let files = [
            ("k8s/gitea/acme.yaml", acme),
            ("k8s/gitea/key.yaml", key),
            ("k8s/gitea/store.yaml", store),
            ("k8s/gitea/tls.yaml", &*certificate),
        ];
        report_of("bootstrap-cycle", SMALL, &files)
    }

    #[test]
    fn the_store_has_a_certificate_of_the_issuer_that_it_serves() {
        assert_snapshot!(report("acme"), @"
        error[bootstrap-cycle]: the issuer `acme` needs itself on a new cluster
           ┌─ k8s/gitea/acme.yaml:11:23
           │
        11 │                 name: dns-key
           │                       ^^^^^^^ the issuer asks the DNS API with this key
           ┌─ k8s/gitea/key.yaml:7:11
           │
         7 │     name: vault
           │           ----- the key comes from this store
           ┌─ k8s/gitea/store.yaml:7:15
           │
         7 │       server: https://vault.example.org:8200
           │               ------------------------------ the store is asked by TLS
           ┌─ k8s/gitea/tls.yaml:7:11
           │
         7 │     name: acme
           │           ---- its certificate comes from this issuer
           │
           = issuer `acme` → Secret `dns-key` → store `vault` → certificate
             `vault.example.org` → issuer `acme`
           = in the phases `dns` to `cleanup`
           = help: put the key into the repository encrypted (SOPS, SealedSecret), not
             into the store; or give the store a certificate of a CA of your own
        ");
    }

    #[test]
    fn the_store_has_a_certificate_of_its_own_ca() {
        assert_snapshot!(report("inner-ca"), @"");
    }
}
