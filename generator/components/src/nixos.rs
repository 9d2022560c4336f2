//! `nixos.json` of the tree: what the NixOS modules of this project are told, for hosts outside the cluster.

use crate::Plan;
use serde::Serialize;

/// The file, where the definition says anything that such a host needs.
pub fn file(plan: &Plan) -> Option<(String, String)> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Hosts<'a> {
        cluster: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        terraform_state_backup: Option<Backup<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nix_cache_client: Option<Cache<'a>>,
    }
    #[derive(Serialize)]
    struct Backup<'a> {
        remote: &'a str,
        schedule: String,
        keep: u16,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Cache<'a> {
        url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        public_key: Option<&'a str>,
    }
    let backup = plan.definition.backup.terraform_state.as_ref();
    let cache = plan.definition.nix_cache.as_ref();
    if backup.is_none() && cache.is_none() {
        return None;
    }
    let hosts = Hosts {
        cluster: &plan.definition.cluster.name,
        terraform_state_backup: backup.map(|it| Backup {
            remote: &it.remote,
            schedule: it.schedule().to_string(),
            keep: it.keep(),
        }),
        nix_cache_client: cache.map(|it| Cache {
            url: format!("https://{}?priority={}", it.host, it.priority()),
            public_key: it.public_key.as_ref().map(|it| &***it),
        }),
    };
    let text = serde_json::to_string_pretty(&hosts).expect("the settings are plain data");
    Some(("nixos.json".into(), text + "\n"))
}
