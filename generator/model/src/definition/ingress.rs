//! The way in for web traffic.

use super::{AddressRef, Exposure};
use crate::{
    Phase, Spanned,
    scalar::{Hostname, Name},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The way in for web traffic.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ingress {
    /// What takes the requests.
    pub controller: Spanned<Controller>,
    /// The site where it runs, on every node there.
    pub site: Spanned<Name>,
    /// How it gets ports 80 and 443 of its nodes. `hostPort` where absent.
    pub exposure: Option<Spanned<Exposure>>,
    /// Whether it speaks HTTP/3, on UDP 443. No where absent.
    pub http3: Option<Spanned<bool>>,
    /// Addresses that its hosts resolve to. The public addresses of its nodes where absent.
    #[serde(default)]
    pub targets: Vec<Spanned<AddressRef>>,
    /// The IngressClass. The controller's own name where absent.
    pub class: Option<Spanned<Name>>,
    /// Whether it also serves Ingresses of class `nginx`, with ingress-nginx's annotations (Traefik). No where absent.
    pub nginx_class: Option<Spanned<bool>>,
    /// Whether requests in the clear are sent on to HTTPS. Yes where absent.
    pub redirect_to_https: Option<Spanned<bool>>,
    /// Hosts that it serves beside those of apps and the website.
    #[serde(default)]
    pub hosts: Vec<Spanned<Hostname>>,
    /// The phase in which it appears. `ingress` where absent.
    pub since: Option<Spanned<Phase>>,
}

/// What takes web requests.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    /// Kubernetes' NGINX controller; no fixes since March 2026.
    IngressNginx,
    /// Traefik.
    Traefik,
    /// Cilium's Gateway API, with Envoy on the nodes.
    CiliumGateway,
}

impl Controller {
    /// The name that its component, class and namespace have.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "traefik",
            Self::CiliumGateway => "gateway",
        }
    }
}

impl Ingress {
    pub fn exposure(&self) -> Exposure {
        self.exposure.as_ref().map_or(Exposure::HostPort, |it| it.value)
    }

    pub fn http3(&self) -> bool {
        self.http3.as_ref().is_some_and(|it| it.value)
    }

    pub fn redirect_to_https(&self) -> bool {
        self.redirect_to_https.as_ref().is_none_or(|it| it.value)
    }

    pub fn since(&self) -> Phase {
        self.since.as_ref().map_or(Phase::Ingress, |it| it.value)
    }
}
