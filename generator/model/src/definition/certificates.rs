//! Certificates by ACME.

use super::SecretKey;
use crate::{
    Spanned,
    scalar::{Email, Name, SocketAddress},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Certificates by ACME with a challenge in DNS (RFC 8555, section 8.4).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Certificates {
    /// The mailbox that Let's Encrypt keeps for the account.
    pub email: Spanned<Email>,
    /// Which of the two issuers signs what we serve. `staging` proves the chain without using up the limits of `production`.
    pub environment: Spanned<AcmeEnvironment>,
    /// How the challenge gets into DNS.
    pub solver: Spanned<Solver>,
    /// The TSIG key that updates are signed with, for `rfc2136`; in cert-manager's namespace.
    pub update_key: Option<SecretKey>,
    /// Whether one certificate for `*.zone` stands for all hosts of a zone. No where absent.
    pub wildcard: Option<Spanned<bool>>,
    /// Name servers that see what the world sees, asked before the challenge is answered.
    pub recursive_nameservers: Option<Vec<Spanned<SocketAddress>>>,
    /// Names of issuers that apps use already, kept as further names of ours.
    #[serde(default)]
    pub issuer_aliases: Vec<Spanned<Name>>,
}

/// Which of Let's Encrypt's two sides signs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum AcmeEnvironment {
    /// Certificates that no browser trusts, with generous limits.
    Staging,
    /// Certificates that browsers trust.
    Production,
}

impl AcmeEnvironment {
    /// The ClusterIssuer's name.
    pub const fn issuer(self) -> &'static str {
        match self {
            Self::Staging => "letsencrypt-staging",
            Self::Production => "letsencrypt-production",
        }
    }

    pub const fn directory(self) -> &'static str {
        match self {
            Self::Staging => "https://acme-staging-v02.api.letsencrypt.org/directory",
            Self::Production => "https://acme-v02.api.letsencrypt.org/directory",
        }
    }
}

/// How the challenge gets into DNS.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// By a webhook that speaks PowerDNS' API.
    PowerdnsWebhook,
    /// By DNS updates, which cert-manager speaks itself (RFC 2136).
    Rfc2136,
}

impl Certificates {
    pub fn wildcard(&self) -> bool {
        self.wildcard.as_ref().is_some_and(|it| it.value)
    }
}
