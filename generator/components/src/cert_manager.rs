//! cert-manager and, where it is needed, the webhook that brings challenges to PowerDNS.

use crate::{
    Component, Context, Declaration, File, Plan, Unit, catalogue,
    helm::{self, UNIT_TIMEOUT},
};
use model::definition::{Controller, Solver};
use serde_json::{Value, json};

pub const CERT_MANAGER: Component = Component { declare, emit };
pub const CERT_MANAGER_WEBHOOK_PDNS: Component = Component { declare: declare_webhook, emit: emit_webhook };

const NAMESPACE: &str = "cert-manager";

fn declare(context: &Context) -> Vec<Declaration> {
    let Some(since) = context.definition.certificates_since() else { return Vec::new() };
    let mut unit = Declaration::new("cert-manager", NAMESPACE, "certificates").since(since).needs("network");
    unit.timeout = UNIT_TIMEOUT.into();
    vec![if gateway(context) { unit.needs("gateway-api") } else { unit }]
}

fn gateway(context: &Context) -> bool {
    let ingress = context.definition.ingress.as_ref();
    ingress.is_some_and(|ingress| ingress.controller.value == Controller::CiliumGateway)
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    helm::release(plan, unit, &catalogue::CERT_MANAGER, values(plan))
}

fn values(plan: &Plan) -> Value {
    let resources = |memory: &str| json!({ "requests": { "cpu": "10m", "memory": memory }, "limits": { "memory": "256Mi" } });
    let mut values = json!({
        // Helm leaves types alone when it takes a release away, and with them every Certificate.
        "crds": { "enabled": true, "keep": true },
        "resources": resources("64Mi"),
        "webhook": { "resources": resources("32Mi") },
        "cainjector": { "resources": resources("64Mi") },
    });
    let nameservers = plan.definition.certificates.as_ref().and_then(|it| it.recursive_nameservers.as_ref());
    if let Some(nameservers) = nameservers.filter(|list| !list.is_empty()) {
        let list: Vec<String> = nameservers.iter().map(ToString::to_string).collect();
        values["dns01RecursiveNameservers"] = json!(list.join(","));
        values["dns01RecursiveNameserversOnly"] = json!(true);
    }
    if gateway(&plan.context()) {
        values["config"] = json!({
            "apiVersion": "controller.config.cert-manager.io/v1alpha1",
            "kind": "ControllerConfiguration",
            "gatewayAPI": { "enabled": true },
        });
    }
    values
}

fn declare_webhook(context: &Context) -> Vec<Declaration> {
    let definition = context.definition;
    let wanted =
        definition.certificates.as_ref().is_some_and(|it| it.solver.value == Solver::PowerdnsWebhook);
    let Some(since) = definition.certificates_since().filter(|_| wanted) else { return Vec::new() };
    let mut unit = Declaration::new("cert-manager-webhook-pdns", NAMESPACE, "certificates.solver")
        .since(since)
        .needs("cert-manager");
    unit.timeout = UNIT_TIMEOUT.into();
    vec![unit]
}

fn emit_webhook(plan: &Plan, unit: &Unit) -> Vec<File> {
    let values = json!({
        "groupName": catalogue::PDNS_WEBHOOK_GROUP,
        "certManager": { "namespace": NAMESPACE, "serviceAccountName": "cert-manager" },
        "podSecurityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containerSecurityContext": {
            "runAsUser": 100,
            "runAsGroup": 100,
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
        },
        "resources": { "requests": { "cpu": "10m", "memory": "32Mi" }, "limits": { "memory": "128Mi" } },
    });
    helm::release(plan, unit, &catalogue::CERT_MANAGER_WEBHOOK_PDNS, values)
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, file};
    use insta::assert_snapshot;
    use model::Phase;

    #[test]
    fn it_asks_public_resolvers() {
        let release = file(SMALL, Phase::Dns, "apps/cert-manager/cert-manager/app/helmrelease.yaml");
        let (_, values) = release.split_once("  values:\n").expect("a release has values");
        assert_snapshot!(values, @"
        crds:
          enabled: true
          keep: true
        resources:
          requests:
            cpu: 10m
            memory: 64Mi
          limits:
            memory: 256Mi
        webhook:
          resources:
            requests:
              cpu: 10m
              memory: 32Mi
            limits:
              memory: 256Mi
        cainjector:
          resources:
            requests:
              cpu: 10m
              memory: 64Mi
            limits:
              memory: 256Mi
        dns01RecursiveNameservers: 1.1.1.1:53,9.9.9.9:53
        dns01RecursiveNameserversOnly: true
        ");
    }
}
