//! A secret stands in the open.
//!
//! What is in the definition, or in `extra/`, is committed; whoever reads the repository, now or in ten years,
//! has it. A Secret of Kubernetes is encoded, not encrypted.
//!
//! Fix: in the definition, refer to a Secret of the cluster. In `extra/`, encrypt the file with SOPS; where
//! the key has been pushed already, make a new one.
//!
//! Wrong:
//!
//! ```yaml extra/dns-system/powerdns/api-key.yaml
//! apiVersion: v1
//! kind: Secret
//! metadata: { name: powerdns-api-key }
//! stringData: { api-key: hunter22 }
//! ```
//!
//! Right:
//!
//! ```yaml extra/dns-system/powerdns/api-key.yaml
//! apiVersion: v1
//! kind: Secret
//! metadata: { name: powerdns-api-key }
//! stringData: { api-key: "ENC[AES256_GCM,data:Zm9v,type:str]" }
//! sops: { mac: "ENC[AES256_GCM,data:YmFy,type:str]" }
//! ```
//!
//! Source: https://fluxcd.io/flux/guides/mozilla-sops/

use components::{Plan, adopted::Release};
use model::{Diagnostic, Diagnostics, Node};
use serde_json::Value;

super::check!("plaintext-secret", Secrets, "plaintext_secret.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    held(plan, diagnostics);
    if let Some(values) = &plan.definition.cni.cilium.values {
        for path in in_values(values, String::new()) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{path}` looks like a secret in the open"))
                    .at(values, "among these values")
                    .help("name a Secret of the cluster instead; charts take one by a key such as `existingSecret`"),
            );
        }
    }
    for (path, bytes) in plan.files.iter().filter(|(path, _)| path.starts_with("extra/")) {
        if let Some(why) = in_file(bytes) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("`{path}` holds {why} in the open"))
                    .help(format!("encrypt it: `sops encrypt --in-place clusters/{}/{path}`", plan.cluster)),
            );
        }
    }
}

/// The paths of values whose key or text is a secret's.
fn in_values(value: &Value, path: String) -> Vec<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match value {
                    Value::String(text) if is_secret_key(key) && text.len() >= 6 => vec![path],
                    _ => in_values(value, path),
                }
            })
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(i, item)| in_values(item, format!("{path}[{i}]"))).collect()
        }
        Value::String(text) if is_key(text.as_bytes()) => vec![path],
        _ => Vec::new(),
    }
}

/// Whether a key says that its value is secret, and not where one is.
fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase().replace(['-', '_'], "");
    let ends = [
        "password",
        "passwd",
        "passphrase",
        "token",
        "apikey",
        "secretkey",
        "privatekey",
        "clientsecret",
        "preshared",
    ];
    ends.iter().any(|end| key.ends_with(end))
}

/// Whether a text is a private key, whatever holds it.
fn is_key(bytes: &[u8]) -> bool {
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    (has(b"-----BEGIN ") && has(b"PRIVATE KEY-----")) || has(b"AGE-SECRET-KEY-1")
}

/// What a file of `extra/` gives away.
fn in_file(bytes: &[u8]) -> Option<&'static str> {
    if is_key(bytes) {
        return Some("a private key");
    }
    let text = std::str::from_utf8(bytes).ok()?;
    documents(text).iter().any(open_secret).then_some("a Secret")
}

/// The documents of a YAML file, as far as they can be read.
fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(text).map_while(|document| Value::deserialize(document).ok()).collect()
}

fn open_secret(document: &Value) -> bool {
    if document["kind"] == "List" {
        return document["items"].as_array().is_some_and(|items| items.iter().any(open_secret));
    }
    if document["kind"] != "Secret" || document.get("sops").is_some() {
        return false;
    }
    let filled =
        |value: &Value| value.as_str().is_some_and(|text| !text.is_empty() && !text.starts_with("ENC["));
    ["data", "stringData"]
        .iter()
        .any(|key| document[*key].as_object().is_some_and(|map| map.values().any(filled)))
}

/// Secrets and values of charts in files that the repository holds.
fn held(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (_, object) in plan.adopted.in_phase(plan).filter(|(_, it)| !it.encrypted()) {
        if object.is("", "Secret") {
            let given =
                ["stringData", "data"].iter().filter_map(|key| object.node.get(key)).flat_map(Node::entries);
            let Some((key, value)) = given.into_iter().find(|(_, value)| is_open(value)) else { continue };
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("{} holds `{key}` in the open", object.title()))
                    .at_span(value.span, "whoever reads the repository has it")
                    .note("what was pushed once stays in the history: make a new one")
                    .help(format!(
                        "encrypt it: `sops encrypt --in-place {}`; or let a store bring it",
                        object.path
                    )),
            );
        } else if let Some(values) = Release::of(object).and_then(|it| it.values) {
            values.visit(&mut |node| {
                let named = node.entries().iter().any(|(key, _)| key.to_lowercase().contains("existingsecret"));
                for (key, value) in node.entries().iter().filter(|_| !named) {
                    let text = value.str().unwrap_or_default();
                    if is_secret_key(key) && !key.starts_with("existing") && text.len() >= 6 && !text.contains(['$', '/', '{']) {
                        diagnostics.push(
                            Diagnostic::warning(CHECK.code, format!("`{key}` of {} looks like a secret in the open", object.title()))
                                .at_span(value.span, "whoever reads the repository has it")
                                .help("give it by `valuesFrom` a Secret, or by a key of the chart such as `existingSecret`"),
                        );
                    }
                }
            });
        }
    }
}

/// Whether a value of a Secret is one that nobody is to read: not empty, not filled in later, no public certificate.
fn is_open(value: &Node) -> bool {
    let Some(text) = value.str() else { return !value.is_null() };
    let text = text.trim();
    // `LS0tLS1CRUdJTiBDRVJU` is how `-----BEGIN CERT` looks in base64.
    let certificate =
        |it: &str| it.starts_with("-----BEGIN CERTIFICATE-----") || it.starts_with("LS0tLS1CRUdJTiBDRVJU");
    let key = text.contains("PRIVATE KEY-----");
    !(text.is_empty() || text.starts_with("ENC[") || text.contains("${") || certificate(text) && !key)
}

#[cfg(test)]
mod tests {
    use crate::{
        Options, compile,
        testing::{SMALL, cluster, edit, report},
    };
    use insta::assert_snapshot;

    fn extra(text: &str) -> String {
        let mut cluster = cluster(SMALL);
        cluster.files.insert("extra/dns-system/powerdns/api-key.yaml".into(), text.into());
        let mut diagnostics = compile(&cluster, Options::default()).diagnostics;
        diagnostics.retain(|it| it.code == "plaintext-secret");
        diagnostics.render(&cluster.sources, false)
    }

    #[test]
    fn a_password_among_helm_values() {
        let values = "routing: tunnel, values: { clustermesh: { config: { token: not-so-secret, tokenSecretName: mesh } } } }";
        let definition = edit(SMALL, "routing: tunnel }", values);
        assert_snapshot!(report("plaintext-secret", &definition), @"
        error[plaintext-secret]: `clustermesh.config.token` looks like a secret in the
          open
           ┌─ cluster.yaml:34:73
           │
        34 │ …ustermesh: { config: { token: not-so-secret, tokenSecretName: mesh } } } }
           │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │ among these values
           │
           = help: name a Secret of the cluster instead; charts take one by a key such
             as `existingSecret`
        ");
    }

    #[test]
    fn a_secret_as_kubectl_makes_it() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: { name: powerdns-api-key }\nstringData: { api-key: hunter22 }\n";
        assert_snapshot!(extra(text), @"
        error[plaintext-secret]: `extra/dns-system/powerdns/api-key.yaml` holds a Secret
          in the open
         = help: encrypt it: `sops encrypt --in-place
           clusters/small/extra/dns-system/powerdns/api-key.yaml`
        ");
    }

    #[test]
    fn a_secret_that_sops_encrypted() {
        let text =
            "kind: Secret\nstringData: { api-key: 'ENC[AES256_GCM,data:a,type:str]' }\nsops: { mac: x }\n";
        assert_snapshot!(extra(text), @"");
    }

    #[test]
    fn no_secrets_at_all() {
        assert_snapshot!(report("plaintext-secret", SMALL), @"");
    }

    fn held(secret: &str) -> String {
        let text =
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{ name: a }}\nstringData:\n  {secret}\n");
        crate::testing::report_of("plaintext-secret", SMALL, &[("k8s/gitea/secret.yaml", &text)])
    }

    #[test]
    fn a_secret_of_an_app() {
        assert_snapshot!(held("password: hunter22"), @"
        error[plaintext-secret]: Secret `a` holds `password` in the open
          ┌─ k8s/gitea/secret.yaml:5:13
          │
        5 │   password: hunter22
          │             ^^^^^^^^ whoever reads the repository has it
          │
          = what was pushed once stays in the history: make a new one
          = in the phases `dns` to `cleanup`
          = help: encrypt it: `sops encrypt --in-place k8s/gitea/secret.yaml`; or let a
            store bring it
        ");
    }

    #[test]
    fn a_certificate_is_no_secret() {
        assert_snapshot!(held("ca.crt: \"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\""), @"");
    }

    #[test]
    fn a_password_among_the_values_of_a_release() {
        let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: a }\nspec:\n  values:\n    auth: { adminPassword: hunter22 }\n    other: { existingSecret: b, secretKey: password }\n";
        assert_snapshot!(crate::testing::report_of("plaintext-secret", SMALL, &[("k8s/gitea/release.yaml", text)]), @"
        warning[plaintext-secret]: `adminPassword` of HelmRelease `a` looks like a
          secret in the open
          ┌─ k8s/gitea/release.yaml:6:28
          │
        6 │     auth: { adminPassword: hunter22 }
          │                            ^^^^^^^^ whoever reads the repository has it
          │
          = in the phases `dns` to `cleanup`
          = help: give it by `valuesFrom` a Secret, or by a key of the chart such as
            `existingSecret`
        ");
    }
}
