//! Every image and chart that we name, once: version and digest.
//!
//! A digest is that of the index for all architectures, unless it says otherwise. Sources: the projects' own
//! releases; `docs/catalogue.md` says where each was read.

/// A container image.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    pub repository: &'static str,
    pub tag: &'static str,
    pub digest: Option<&'static str>,
}

impl Image {
    /// As a pod names it.
    pub fn reference(&self) -> String {
        match self.digest {
            Some(digest) => format!("{}:{}@{digest}", self.repository, self.tag),
            None => format!("{}:{}", self.repository, self.tag),
        }
    }
}

/// A Helm chart in an OCI registry, or in an older repository of charts.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    pub name: &'static str,
    /// `oci://…` with the chart's own name at the end, or the `https://…` of a repository.
    pub url: &'static str,
    pub version: &'static str,
    pub digest: Option<&'static str>,
}

pub const POWERDNS_5_1: Image = Image {
    repository: "docker.io/powerdns/pdns-auth-51",
    tag: "5.1.4",
    digest: Some("sha256:bb5b1c133bcca1dd455075321de7d55db4945a8d7f2ba23339e3c7bbe416b205"),
};

pub const POWERDNS_5_0: Image = Image {
    repository: "docker.io/powerdns/pdns-auth-50",
    tag: "5.0.7",
    digest: Some("sha256:4d6cc4fc42a28f2df7fb55f6f36d8323f96e0da66135ccdad057ca7349b223b4"),
};

pub const POWERDNS_4_9: Image =
    Image { repository: "docker.io/powerdns/pdns-auth-49", tag: "4.9.17", digest: None };

/// The manifest for amd64 alone: the digest of the index was not found.
pub const EXTERNAL_DNS: Image = Image {
    repository: "registry.k8s.io/external-dns/external-dns",
    tag: "v0.22.0",
    digest: Some("sha256:5fdcaf7deb5c158f93a1fc6fe169cdff4cfb9ae0172bee1a90ab0ef74fb9c9cf"),
};

pub const NGINX: Image = Image {
    repository: "docker.io/nginxinc/nginx-unprivileged",
    tag: "1.31.6-alpine",
    digest: Some("sha256:b54ac358b83fc6c965793fd271839b4ea4cdb6e99895bb19618cbc2ca152d972"),
};

pub const CERT_MANAGER: Chart = Chart {
    name: "cert-manager",
    url: "oci://quay.io/jetstack/charts/cert-manager",
    version: "v1.21.2",
    digest: None,
};

pub const CERT_MANAGER_WEBHOOK_PDNS: Chart = Chart {
    name: "cert-manager-webhook-pdns",
    url: "https://zachomedia.github.io/cert-manager-webhook-pdns",
    version: "3.2.5",
    digest: None,
};

/// The name under which that webhook's solver is called by issuers.
pub const PDNS_WEBHOOK_GROUP: &str = "acme.zacharyseguin.ca";

pub const TRAEFIK: Chart =
    Chart { name: "traefik", url: "oci://ghcr.io/traefik/helm/traefik", version: "41.3.0", digest: None };

/// The image that the chart's `appVersion` names.
pub const TRAEFIK_IMAGE: Image = Image {
    repository: "docker.io/traefik",
    tag: "v3.7.11",
    digest: Some("sha256:5203c3f39ca70de6790d964624e042463ffbd57715bc82be155cf224c0dd5144"),
};

pub const INGRESS_NGINX: Chart = Chart {
    name: "ingress-nginx",
    url: "https://kubernetes.github.io/ingress-nginx",
    version: "4.15.1",
    digest: None,
};

pub const CILIUM_URL: &str = "oci://quay.io/cilium/charts/cilium";

pub const METALLB: Chart =
    Chart { name: "metallb", url: "https://metallb.github.io/metallb", version: "0.15.2", digest: None };

/// The newest release of the Gateway API whose types Cilium, cert-manager and external-dns are built with.
pub const GATEWAY_API_TAG: &str = "v1.6.1";
