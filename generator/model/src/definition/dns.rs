//! Authoritative DNS, and what writes records into it.

use super::{AddressRef, SecretKey};
use crate::{
    Phase, Spanned,
    scalar::{
        Address, Caa, Cidr, Duration, Email, Hostname, Mx, Name, RecordName, Series, Size, Srv, Txt, Url,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Authoritative DNS for the declared zones.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Dns {
    /// The servers.
    pub powerdns: PowerDns,
    /// What writes the records of Ingresses and routes.
    pub external_dns: Option<ExternalDns>,
    /// The zones that the servers answer for.
    pub zones: BTreeMap<Spanned<Hostname>, Zone>,
    /// Whether pods ask our servers for the zones, past the public resolvers.
    pub cluster_forward: Option<Spanned<ClusterForward>>,
    /// The server that answers for the zones until the phase `dns`.
    pub previous: Option<PreviousDns>,
}

/// PowerDNS authoritative: a primary at one site, and secondaries elsewhere.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PowerDns {
    /// The series of releases: `"4.9"`, `"5.0"` or `"5.1"`.
    pub version: Spanned<Series>,
    /// The site of the primary, which alone is written to.
    pub site: Spanned<Name>,
    /// The node of the primary, where the site has several. The first by name where absent.
    pub node: Option<Spanned<Name>>,
    /// Other sites where a secondary of ours runs.
    #[serde(default)]
    pub secondary_sites: Vec<Spanned<Name>>,
    /// Secondaries that others run.
    #[serde(default)]
    pub outside_secondaries: BTreeMap<Spanned<Name>, OutsideSecondary>,
    /// What holds the records. `lmdb` where absent.
    pub backend: Option<Spanned<Backend>>,
    /// How it gets port 53 of its node. `hostPort` where absent.
    pub exposure: Option<Spanned<Exposure>>,
    /// Addresses that it binds, with `hostNetwork`. The node's own where absent; never all of them: Talos' host DNS holds port 53 of 127.0.0.53.
    #[serde(default)]
    pub bind: Vec<Spanned<Address>>,
    /// The API's key, which external-dns and cert-manager use too, each in its own namespace.
    pub api_key: SecretKey,
    /// The key that transfers are signed with.
    pub tsig: Option<Tsig>,
    /// The key that updates are signed with, for the solver `rfc2136`: cert-manager has it too. That of transfers where absent, which whoever runs a secondary has as well.
    pub update_key: Option<Tsig>,
    /// Room for the records. `1Gi` where absent.
    pub volume: Option<Spanned<Size>>,
    /// The storage class that holds the records. A folder of the node where absent.
    pub storage_class: Option<Spanned<Name>>,
}

/// A name server of another operator that has our zones from us.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OutsideSecondary {
    /// Where it is told of changes, and asks from.
    pub address: Spanned<AddressRef>,
    /// The last phase in which it is there. To the end where absent.
    pub until: Option<Spanned<Phase>>,
}

/// A key that signs transfers (RFC 8945).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Tsig {
    /// The key's name, which both ends must know it by.
    pub name: Spanned<Name>,
    /// The digest. `hmac-sha256` where absent.
    pub algorithm: Option<Spanned<TsigAlgorithm>>,
    /// The Secret that holds the key in base64.
    pub key: SecretKey,
}

/// A digest that TSIG knows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum TsigAlgorithm {
    HmacSha256,
    HmacSha384,
    HmacSha512,
}

impl TsigAlgorithm {
    /// As PowerDNS writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
        }
    }
}

/// What holds the records.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Backend {
    /// LMDB: makes its own files.
    Lmdb,
    /// SQLite: one file, looked into with `sqlite3`.
    Gsqlite3,
}

/// How a server gets ports of its node.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Exposure {
    /// Its pod has an address of its own, and Cilium brings the node's ports to it.
    HostPort,
    /// Its pod is on the node's own network.
    HostNetwork,
}

/// external-dns, which writes records for Ingresses and routes into PowerDNS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExternalDns {
    /// The name that its records are marked with; no other writer of the zones may have it.
    pub owner: Spanned<Name>,
    /// What it may do to records of its own. `sync` where absent.
    pub policy: Option<Spanned<RecordsPolicy>>,
    /// How often it looks. `1m` where absent.
    pub interval: Option<Spanned<Duration>>,
    /// The annotations that it heeds begin so. `external-dns.kubernetes.io/` where absent, external-dns' own since 0.22.
    pub annotation_prefix: Option<Spanned<String>>,
    /// What the names of its marks begin with, beside each record of its own. `_owner-%{record_type}.` where absent: a name of their own each, also for a zone's own name and beside a CNAME.
    pub txt_prefix: Option<Spanned<String>>,
}

/// What external-dns may do to records of its own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum RecordsPolicy {
    /// Make, change and delete them.
    Sync,
    /// Make and change them.
    UpsertOnly,
    /// Make them.
    CreateOnly,
}

impl RecordsPolicy {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::UpsertOnly => "upsert-only",
            Self::CreateOnly => "create-only",
        }
    }
}

/// A zone: its authority and its own records.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Zone {
    /// The zone's name servers, and who answers at each. No address where another zone than ours says it.
    pub nameservers: BTreeMap<Spanned<Hostname>, Vec<Spanned<AddressRef>>>,
    /// The name server that the SOA names as primary. The first by name where absent.
    pub primary: Option<Spanned<Hostname>>,
    /// The mailbox of whoever keeps the zone.
    pub hostmaster: Spanned<Email>,
    /// Seconds that a record may be kept, where it says nothing else. 300 where absent.
    pub ttl: Option<Spanned<u32>>,
    /// The zone's own clock.
    #[serde(default)]
    pub soa: Soa,
    /// What the parent zone says of this one, as far as it is known.
    pub parent: Option<Parent>,
    /// The zone's own records, beside those that external-dns writes.
    #[serde(default)]
    pub records: BTreeMap<Spanned<RecordName>, RecordSet>,
}

/// The clock of a zone (RFC 1035, section 3.3.13), in seconds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Soa {
    /// How often secondaries ask. 3600 where absent.
    pub refresh: Option<Spanned<u32>>,
    /// How soon they ask again after a failure. 600 where absent.
    pub retry: Option<Spanned<u32>>,
    /// How long they answer without having reached the primary. 1209600 where absent.
    pub expire: Option<Spanned<u32>>,
    /// How long the lack of a name may be kept. 300 where absent.
    pub minimum: Option<Spanned<u32>>,
}

/// What the parent zone says of a zone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Parent {
    /// Where the parent's records are kept: `Route 53`, `registrar`.
    pub kept_at: Spanned<String>,
    /// The name servers that the parent names.
    pub nameservers: Vec<Spanned<Hostname>>,
    /// The addresses that the parent gives for name servers within the zone.
    #[serde(default)]
    pub glue: BTreeMap<Spanned<Hostname>, Vec<Spanned<Address>>>,
}

/// Records of one name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordSet {
    /// Seconds that these may be kept.
    pub ttl: Option<Spanned<u32>>,
    /// Addresses of IPv4 and IPv6, by who holds them: become A and AAAA.
    #[serde(default)]
    pub addresses: Vec<Spanned<AddressRef>>,
    /// Another name that this one stands for.
    #[serde(rename = "CNAME")]
    pub cname: Option<Spanned<Hostname>>,
    /// Mail servers: preference and host, `10 mail.example.org`.
    #[serde(rename = "MX", default)]
    pub mx: Vec<Spanned<Mx>>,
    /// Texts.
    #[serde(rename = "TXT", default)]
    pub txt: Vec<Spanned<Txt>>,
    /// Services: priority, weight, port and host.
    #[serde(rename = "SRV", default)]
    pub srv: Vec<Spanned<Srv>>,
    /// Who may issue certificates (RFC 8659): `0 issue "letsencrypt.org"`.
    #[serde(rename = "CAA", default)]
    pub caa: Vec<Spanned<Caa>>,
    /// Name servers of a zone below this one.
    #[serde(rename = "NS", default)]
    pub ns: Vec<Spanned<Hostname>>,
}

/// Whom pods ask for the zones.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum ClusterForward {
    /// Our own servers, by a CoreDNS configuration that we write.
    Servers,
    /// Public resolvers, as for any other name.
    Public,
}

/// The server that answered for the zones before.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PreviousDns {
    /// Its API within the cluster: `http://powerdns-api.dns-system:8081`.
    pub api: Spanned<Url>,
    /// The Service or machine that answers on port 53.
    pub server: Spanned<AddressRef>,
    /// The app that runs it.
    pub app: Option<Spanned<Name>>,
    /// The owner that external-dns marked its records with there; ours goes on under that name until the phase `dns`. Ours where absent.
    pub owner: Option<Spanned<Name>>,
    /// What the names of the marks begin with there. Nothing where absent, external-dns' own default.
    pub txt_prefix: Option<Spanned<String>>,
    /// Addresses that hosts resolve to until the ingress moves. Without any, external-dns of ours comes only then.
    #[serde(default)]
    pub targets: Vec<Spanned<AddressRef>>,
    /// Seconds that its answers may be kept, where that is known.
    pub ttl: Option<Spanned<u32>>,
    /// Networks that it answers from.
    #[serde(default)]
    pub networks: Vec<Spanned<Cidr>>,
}

impl PowerDns {
    pub fn backend(&self) -> Backend {
        self.backend.as_ref().map_or(Backend::Lmdb, |it| it.value)
    }

    pub fn exposure(&self) -> Exposure {
        self.exposure.as_ref().map_or(Exposure::HostPort, |it| it.value)
    }

    /// The key that updates are signed with.
    pub fn update_key(&self) -> Option<&Tsig> {
        self.update_key.as_ref().or(self.tsig.as_ref())
    }

    /// Every site with a server of ours; the primary's first.
    pub fn sites(&self) -> impl Iterator<Item = &Spanned<Name>> {
        std::iter::once(&self.site).chain(&self.secondary_sites)
    }
}

impl Tsig {
    pub fn algorithm(&self) -> TsigAlgorithm {
        self.algorithm.as_ref().map_or(TsigAlgorithm::HmacSha256, |it| it.value)
    }
}

impl ExternalDns {
    /// What annotations begin with since 0.22.
    pub const ANNOTATION_PREFIX: &str = "external-dns.kubernetes.io/";

    pub fn policy(&self) -> RecordsPolicy {
        self.policy.as_ref().map_or(RecordsPolicy::Sync, |it| it.value)
    }

    pub fn annotation_prefix(&self) -> &str {
        self.annotation_prefix.as_ref().map_or(Self::ANNOTATION_PREFIX, |it| &it.value)
    }

    pub fn txt_prefix(&self) -> &str {
        self.txt_prefix.as_ref().map_or("_owner-%{record_type}.", |it| &it.value)
    }
}

impl OutsideSecondary {
    pub fn there_in(&self, phase: Phase) -> bool {
        self.until.as_ref().is_none_or(|until| phase <= until.value)
    }
}

impl Soa {
    pub fn refresh(&self) -> u32 {
        self.refresh.as_ref().map_or(3600, |it| it.value)
    }

    pub fn retry(&self) -> u32 {
        self.retry.as_ref().map_or(600, |it| it.value)
    }

    pub fn expire(&self) -> u32 {
        self.expire.as_ref().map_or(1_209_600, |it| it.value)
    }

    pub fn minimum(&self) -> u32 {
        self.minimum.as_ref().map_or(300, |it| it.value)
    }
}

impl Zone {
    pub fn ttl(&self) -> u32 {
        self.ttl.as_ref().map_or(300, |it| it.value)
    }

    /// The name server that the SOA names as primary.
    pub fn primary(&self) -> Option<&Spanned<Hostname>> {
        self.primary.as_ref().or_else(|| self.nameservers.keys().next())
    }
}
