//! Kubernetes' NGINX controller, by its own chart: the last release that there will be.

use super::{NAMESPACE, addresses, class, declaration, host_network, tolerations};
use crate::{
    Component, Context, Declaration, File, Plan, Unit, catalogue,
    helm::{self, UNIT_TIMEOUT},
    placement,
};
use model::definition::{Controller, Ingress};
use serde_json::{Value, json};

pub const INGRESS_NGINX: Component = Component { declare, emit };

fn declare(context: &Context) -> Vec<Declaration> {
    let unit = declaration(context, Controller::IngressNginx);
    unit.map(|(_, unit)| Declaration { timeout: UNIT_TIMEOUT.into(), ..unit }).into_iter().collect()
}

fn emit(plan: &Plan, unit: &Unit) -> Vec<File> {
    let Some(ingress) = &plan.definition.ingress else { return Vec::new() };
    helm::release(plan, unit, &catalogue::INGRESS_NGINX, values(plan, ingress))
}

fn values(plan: &Plan, ingress: &Ingress) -> Value {
    let class = class(ingress);
    let redirect = ingress.redirect_to_https().to_string();
    let mut arguments = json!({ "publish-status-address": addresses(plan).join(",") });
    if plan.provides("default-certificate") {
        arguments["default-ssl-certificate"] = json!(format!("{NAMESPACE}/default-certificate"));
    }
    // Under the usual name it would serve the class `nginx` too, beside the controller that it replaces.
    let prefix = if class == "nginx" { "k8s.io" } else { plan.definition.cluster.domain.as_ref() };
    let mut controller = json!({
        "kind": "DaemonSet",
        "updateStrategy": {
            "type": "RollingUpdate",
            "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 },
        },
        "service": { "enabled": false },
        "publishService": { "enabled": false },
        "extraArgs": arguments,
        "ingressClass": class,
        "ingressClassResource": {
            "name": class,
            "default": true,
            "controllerValue": format!("{prefix}/ingress-nginx"),
        },
        "electionID": "ingress-nginx-leader",
        "allowSnippetAnnotations": false,
        "config": {
            "force-ssl-redirect": redirect,
            "ssl-redirect": redirect,
            // Each site says for itself how long browsers are to insist on HTTPS.
            "hsts": "false",
            "server-tokens": "false",
            "use-forwarded-headers": "false",
        },
        "metrics": { "enabled": true },
        "affinity": placement::at_site_value(plan, &ingress.site),
        "tolerations": tolerations(plan, ingress),
        "priorityClassName": "system-cluster-critical",
        "resources": { "requests": { "cpu": "100m", "memory": "128Mi" }, "limits": { "memory": "512Mi" } },
    });
    let exposure = if host_network(ingress) {
        json!({ "hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet" })
    } else {
        json!({ "hostPort": { "enabled": true } })
    };
    helm::merge(&mut controller, &exposure);
    json!({ "controller": controller })
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    #[test]
    fn the_last_release_that_there_will_be() {
        let definition = edit(SMALL, "controller: traefik", "controller: ingress-nginx");
        let values = file(&definition, Phase::Cleanup, "apps/ingress/ingress-nginx/app/helmrelease.yaml");
        let (_, values) = values.split_once("  values:\n").expect("a release has values");
        assert_snapshot!(values, @r#"
        controller:
          kind: DaemonSet
          updateStrategy:
            type: RollingUpdate
            rollingUpdate:
              maxUnavailable: 1
              maxSurge: 0
          service:
            enabled: false
          publishService:
            enabled: false
          extraArgs:
            publish-status-address: "198.51.99.10"
            default-ssl-certificate: ingress/default-certificate
          ingressClass: ingress-nginx
          ingressClassResource:
            name: ingress-nginx
            default: true
            controllerValue: example.org/ingress-nginx
          electionID: ingress-nginx-leader
          allowSnippetAnnotations: false
          config:
            force-ssl-redirect: "true"
            ssl-redirect: "true"
            hsts: "false"
            server-tokens: "false"
            use-forwarded-headers: "false"
          metrics:
            enabled: true
          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                  - matchExpressions:
                      - key: example.org/site
                        operator: In
                        values:
                          - vps
          tolerations:
            - effect: NoExecute
              key: node.kubernetes.io/not-ready
              operator: Exists
            - effect: NoExecute
              key: node.kubernetes.io/unreachable
              operator: Exists
          priorityClassName: system-cluster-critical
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 512Mi
          hostPort:
            enabled: true
        "#);
    }
}
