//! Whether a machine configuration holds a secret. An image is no place for one: it lies in the store, in caches and
//! at providers, where many can read it.

use crate::Refusal;
use serde::Deserialize;
use serde_yaml::Value;

/// Keys of Talos' configuration whose value is a secret wherever they stand.
const KEYS: &[&str] = &[
    "aescbcEncryptionSecret",
    "bootstrapToken",
    "identitytoken",
    "password",
    "presharedKey",
    "privateKey",
    "secretboxEncryptionSecret",
    "secret",
    "token",
];
/// Objects that are a certificate and its key.
const KEY_PAIRS: &[&str] = &["aggregatorCA", "ca", "clientIdentity", "issuingCA", "serviceAccount"];

/// Refuses a configuration with a secret in it, naming each place.
pub fn refuse(text: &str) -> Result<(), Refusal> {
    let mut places = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document)
            .map_err(|error| format!("the machine configuration is not YAML: {error}"))?;
        walk(&value, "", &mut places);
    }
    if places.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = places.iter().map(|it| format!("  {it}")).collect();
    Err(format!(
        "the machine configuration holds secrets, and an image is no place for them:\n{}\nhelp: embed what is public, and send the rest to the machine as user data or with `talosctl apply-config`",
        places.join("\n")
    ))
}

fn walk(value: &Value, path: &str, places: &mut Vec<String>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                let key = key.as_str().unwrap_or("?");
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                let filled = !matches!(value, Value::Null) && value.as_str() != Some("");
                let pair = KEY_PAIRS.contains(&key) && value.get("key").is_some_and(|it| !it.is_null());
                if pair {
                    places.push(format!("{path}.key"));
                } else if filled && KEYS.contains(&key) && !value.is_mapping() && !value.is_sequence() {
                    places.push(path);
                } else {
                    walk(value, &path, places);
                }
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{index}]"), places);
            }
        }
        Value::String(text) if known_secret(text) => places.push(path.to_owned()),
        _ => {}
    }
}

/// Text that gives itself away: private keys, in PEM or in the base64 of it, and keys of Tailscale.
fn known_secret(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
        || text.contains("LS0tLS1CRUdJTi")
            && (text.contains("UFJJVkFURS") || text.contains("BSSVZBVE") || text.contains("QUklWQVRF"))
        || text.contains("tskey-")
}

#[cfg(test)]
mod tests {
    use super::refuse;
    use insta::assert_snapshot;

    #[test]
    fn what_a_whole_configuration_holds() {
        let text = "
machine:
  token: abcdef.0123456789abcdef
  ca: { crt: LS0t, key: LS0t }
  network: { interfaces: [{ wireguard: { privateKey: eA== } }] }
cluster:
  secret: eA==
  aescbcEncryptionSecret: ''
  inlineManifests: [{ name: x, contents: \"-----BEGIN EC PRIVATE KEY-----\" }]
---
kind: ExtensionServiceConfig
environment: [TS_AUTHKEY=tskey-auth-x]
";
        assert_snapshot!(refuse(text).expect_err("secrets"), @"
        the machine configuration holds secrets, and an image is no place for them:
          machine.token
          machine.ca.key
          machine.network.interfaces[0].wireguard.privateKey
          cluster.secret
          cluster.inlineManifests[0].contents
          environment[0]
        help: embed what is public, and send the rest to the machine as user data or with `talosctl apply-config`
        ");
    }

    #[test]
    fn what_is_public_passes() {
        let text = "
machine:
  ca: { crt: LS0t }
  network: { hostname: vps0, interfaces: [{ interface: eth0, addresses: [203.0.113.10/24] }] }
  acceptedCAs: [{ crt: LS0t }]
---
apiVersion: v1alpha1
kind: HostnameConfig
hostname: vps0
";
        assert_eq!(refuse(text), Ok(()));
    }

    #[test]
    fn what_is_no_yaml_is_no_configuration() {
        assert!(refuse("a: [").expect_err("not YAML").starts_with("the machine configuration is not YAML: "));
    }
}
