//! Who signs: Let's Encrypt's staging and production side, each with an account of its own.

use crate::{Component, Context, Declaration, File, Plan, Unit, catalogue};
use model::{
    Phase,
    definition::{AcmeEnvironment, Certificates, Dns, Solver, TsigAlgorithm},
};
use serde_json::json;
use tree::{
    Object,
    k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    resources::{
        cert_manager::{
            Acme, ClusterIssuer, ClusterIssuerSpec, Dns01, Protocol, Rfc2136, SecretKeyRef, Selector,
            Solver as AcmeSolver, TsigAlgorithm as Algorithm, Webhook,
        },
        flux::LocalRef,
    },
};

pub const COMPONENT: Component = Component { declare, emit };

/// Our own server within the cluster.
const API: &str = "http://powerdns-api.dns-system:8081";
const NAMESERVER: &str = "powerdns.dns-system:53";

fn declare(context: &Context) -> Vec<Declaration> {
    let definition = context.definition;
    let (Some(certificates), Some(since), Some(dns)) =
        (&definition.certificates, definition.certificates_since(), &definition.dns)
    else {
        return Vec::new();
    };
    let mut unit = Declaration::new("issuers", "cert-manager", "certificates")
        .since(since)
        .needs(if certificates.solver.value == Solver::PowerdnsWebhook {
            "cert-manager-webhook-pdns"
        } else {
            "cert-manager"
        })
        .provides("certificates");
    unit.pod_security = None;
    let ours = dns.previous.is_none() || context.phase >= Phase::Dns;
    vec![if ours { unit.needs("powerdns") } else { unit }]
}

fn emit(plan: &Plan, _: &Unit) -> Vec<File> {
    let (Some(certificates), Some(dns)) = (&plan.definition.certificates, &plan.definition.dns) else {
        return Vec::new();
    };
    let both = [AcmeEnvironment::Staging, AcmeEnvironment::Production].map(|it| (it.issuer(), it));
    let aliases = certificates.issuer_aliases.iter().map(|name| (&***name, certificates.environment.value));
    both.into_iter()
        .chain(aliases)
        .map(|(name, environment)| issuer(plan, certificates, dns, name, environment).into())
        .collect()
}

fn issuer(
    plan: &Plan,
    certificates: &Certificates,
    dns: &Dns,
    name: &str,
    environment: AcmeEnvironment,
) -> Object {
    let dns01 = match certificates.solver.value {
        Solver::PowerdnsWebhook => Dns01 { webhook: Some(webhook(plan, dns)), ..Default::default() },
        Solver::Rfc2136 => Dns01 { rfc2136: Some(rfc2136(plan, certificates, dns)), ..Default::default() },
    };
    let zones = dns.zones.keys().map(ToString::to_string).collect();
    Object::new(&ClusterIssuer {
        metadata: ObjectMeta { name: Some(name.into()), ..Default::default() },
        spec: ClusterIssuerSpec {
            acme: Some(Acme {
                server: environment.directory().into(),
                email: Some(certificates.email.to_string()),
                // An alias has the account of the issuer that it stands for.
                private_key_secret_ref: LocalRef { name: format!("{}-account", environment.issuer()) },
                solvers: vec![AcmeSolver {
                    selector: Some(Selector { dns_zones: zones, ..Default::default() }),
                    dns01: Some(dns01),
                    ..Default::default()
                }],
                ..Default::default()
            }),
            ..Default::default()
        },
    })
}

/// The server that answers for the zones in this phase, if it is not ours yet.
fn previous<'a>(plan: &Plan, dns: &'a Dns) -> Option<&'a model::definition::PreviousDns> {
    dns.previous.as_ref().filter(|_| plan.phase < Phase::Dns)
}

fn webhook(plan: &Plan, dns: &Dns) -> Webhook {
    let host = previous(plan, dns).map_or_else(|| API.to_owned(), |it| it.api.to_string());
    let key = &dns.powerdns.api_key;
    Webhook {
        group_name: catalogue::PDNS_WEBHOOK_GROUP.into(),
        solver_name: "pdns".into(),
        config: Some(json!({
            "host": host,
            "apiKeySecretRef": { "name": key.secret.to_string(), "key": key.key.to_string() },
            "ttl": 60,
            "timeout": 30,
            "allowed-zones": dns.zones.keys().map(|zone| format!("{zone}.")).collect::<Vec<_>>(),
        })),
    }
}

fn rfc2136(plan: &Plan, certificates: &Certificates, dns: &Dns) -> Rfc2136 {
    let server = previous(plan, dns).and_then(|it| plan.resolve(&it.server).into_iter().next());
    let tsig = dns.powerdns.update_key();
    Rfc2136 {
        nameserver: server
            .map_or_else(|| NAMESERVER.to_owned(), |ip| std::net::SocketAddr::new(ip, 53).to_string()),
        // A challenge's record fits a datagram, but its signed answer need not.
        protocol: Some(Protocol::Tcp),
        tsig_algorithm: tsig.map(|tsig| match tsig.algorithm() {
            TsigAlgorithm::HmacSha256 => Algorithm::HmacSha256,
            // cert-manager knows no 384: a check refuses it.
            TsigAlgorithm::HmacSha384 | TsigAlgorithm::HmacSha512 => Algorithm::HmacSha512,
        }),
        tsig_key_name: tsig.map(|tsig| tsig.name.to_string()),
        tsig_secret_secret_ref: certificates
            .update_key
            .as_ref()
            .map(|it| SecretKeyRef { name: it.secret.to_string(), key: Some(it.key.to_string()) }),
    }
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    const PATH: &str = "apps/cert-manager/issuers/app/clusterissuer-letsencrypt-production.yaml";

    #[test]
    fn challenges_by_the_webhook() {
        assert_snapshot!(file(SMALL, Phase::Dns, PATH), @"
        # Generated from clusters/small/cluster.yaml (certificates); do not edit.
        # To render it anew: nix run .#render, or cargo run --release -- render
        ---
        apiVersion: cert-manager.io/v1
        kind: ClusterIssuer
        metadata:
          name: letsencrypt-production
        spec:
          acme:
            server: https://acme-v02.api.letsencrypt.org/directory
            email: hostmaster@example.org
            privateKeySecretRef:
              name: letsencrypt-production-account
            solvers:
              - selector:
                  dnsZones:
                    - example.org
                dns01:
                  webhook:
                    groupName: acme.zacharyseguin.ca
                    solverName: pdns
                    config:
                      host: http://powerdns-api.dns-system:8081
                      apiKeySecretRef:
                        name: powerdns-api-key
                        key: api-key
                      ttl: 60
                      timeout: 30
                      allowed-zones:
                        - example.org.
        ");
    }

    #[test]
    fn the_server_before_ours_answers_first() {
        let previous = "  previous: { api: \"http://pdns.old:8081\", server: second-ns }\n  externalDns: {";
        let definition = edit(SMALL, "  externalDns: {", previous);
        let host = |phase| {
            let issuer = file(&definition, phase, PATH);
            issuer.lines().find(|line| line.contains("host:")).map(str::to_owned).unwrap_or(issuer)
        };
        assert_snapshot!(host(Phase::Prerequisites), @"              host: http://pdns.old:8081");
        assert_snapshot!(host(Phase::Dns), @"              host: http://powerdns-api.dns-system:8081");
    }

    #[test]
    fn challenges_by_dns_updates() {
        let solver = "solver: rfc2136\n  updateKey: { secret: update-key, key: secret }";
        let definition = edit(SMALL, "solver: powerdns-webhook", solver);
        let issuer = file(&definition, Phase::Cleanup, PATH);
        let (_, solvers) = issuer.split_once("solvers:\n").expect("an issuer has solvers");
        assert_snapshot!(solvers, @"
        - selector:
            dnsZones:
              - example.org
          dns01:
            rfc2136:
              nameserver: powerdns.dns-system:53
              protocol: TCP
              tsigAlgorithm: HMACSHA256
              tsigKeyName: transfer
              tsigSecretSecretRef:
                name: update-key
                key: secret
        ");
    }
}
