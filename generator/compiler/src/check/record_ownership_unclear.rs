//! It is not clear who writes a record.
//!
//! external-dns marks each record of its own with a TXT beside it that names its owner, and touches no other.
//! An owner whose name everybody has may be that of a second external-dns with the same zones: each then deletes
//! the records of the other. That is a warning.
//! A served host whose record the definition declares as well is an error: whoever comes first wins, and the other
//! never writes; after a restore of the zones the answer can be another one.
//!
//! Fix: give this cluster's name to the owner; take the declared record out, external-dns makes it.
//!
//! Wrong:
//!
//! ```yaml
//! dns:
//!   externalDns: { owner: external-dns }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dns:
//!   externalDns: { owner: house-cluster }
//! ```
//!
//! Source: https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/registry/

use components::Plan;
use model::{Diagnostic, Diagnostics, scalar::RecordName};

super::check!("record-ownership-unclear", Dns, "record_ownership_unclear.rs");

/// Names that say what writes, and not for whom; the first is external-dns' own default.
const GENERIC: [&str; 6] = ["default", "external-dns", "externaldns", "k8s", "kubernetes", "cluster"];

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    deployments(plan, diagnostics);
    let definition = plan.definition;
    let Some(dns) = &definition.dns else { return };
    let Some(external_dns) = &dns.external_dns else { return };
    if GENERIC.contains(&&**external_dns.owner) {
        diagnostics.push(
            Diagnostic::warning(CHECK.code, format!("the owner `{}` could be anybody's", external_dns.owner))
                .at(&external_dns.owner, "two writers of this name would delete each other's records")
                .help(format!("write `owner: {}`, this cluster's name", definition.cluster.name)),
        );
    }
    for host in definition.served_hosts(plan.phase) {
        let Some((zone_name, zone)) = definition.zone_of(host) else { continue };
        let declared = zone.records.iter().find(|(name, set)| {
            RecordName::within(name, zone_name) == *host.value
                && (!set.addresses.is_empty() || set.cname.is_some())
        });
        let nameserver = zone.nameservers.keys().find(|nameserver| **nameserver == *host);
        let declared = declared.map(|(name, _)| (name.span, "declared here"));
        let nameserver = nameserver.map(|it| (it.span, "the address of this name server is declared"));
        if let Some((span, why)) = declared.or(nameserver) {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("two write the record of `{host}`"))
                    .at_span(span, why)
                    .because(host, "served here, for which external-dns writes a record")
                    .help("take the declared record out, or serve the host under another name"),
            );
        }
    }
}

/// external-dns among the workloads that the repository holds: it is told by arguments.
fn deployments(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (_, pods) in plan.adopted.pods(plan) {
        for container in pods.containers() {
            let image =
                container.get("image").filter(|it| it.str().is_some_and(|it| it.contains("external-dns")));
            let Some(image) = image else { continue };
            let arguments = container.items_at("args");
            let argument = |name: &str| {
                arguments
                    .iter()
                    .find_map(|it| Some((it.str()?.strip_prefix(name)?.trim_start_matches('='), it.span)))
            };
            let title = pods.object.title();
            match argument("--txt-owner-id") {
                None => diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("{title} marks its records with the name `default`, as everybody's does"),
                    )
                    .at_span(image.span, "has no `--txt-owner-id`")
                    .help("add `--txt-owner-id=` and the cluster's name"),
                ),
                Some((owner @ ("default" | "external-dns" | "externaldns"), span)) => diagnostics.push(
                    Diagnostic::warning(
                        CHECK.code,
                        format!("{title} marks its records as `{owner}`, as many others do"),
                    )
                    .at_span(span, "another cluster that writes this zone would take its records for its own")
                    .help(format!(
                        "write `--txt-owner-id={}`, once no record is marked with the old name",
                        plan.definition.cluster.name
                    )),
                ),
                Some(_) => {}
            }
            if argument("--policy").is_none() {
                diagnostics.push(
                    Diagnostic::warning(CHECK.code, format!("{title} deletes records by default"))
                        .at_span(image.span, "has no `--policy`, which means `sync`")
                        .help("add `--policy=sync` if that is meant, `--policy=upsert-only` if not"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn an_owner_of_a_name_that_all_have() {
        let definition = edit(SMALL, "owner: small-cluster", "owner: external-dns");
        assert_snapshot!(report("record-ownership-unclear", &definition), @"
        warning[record-ownership-unclear]: the owner `external-dns` could be anybody's
           ┌─ cluster.yaml:53:25
           │
        53 │   externalDns: { owner: external-dns }
           │                         ^^^^^^^^^^^^
           │                  two writers of this name would delete each other's records
           │
           = help: write `owner: small`, this cluster's name
        ");
    }

    #[test]
    fn a_served_host_is_declared() {
        let definition = edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            "      hostmaster: hostmaster@example.org\n      records: { www: { addresses: [vps0] } }\ncert",
        );
        assert_snapshot!(report("record-ownership-unclear", &definition), @"
        error[record-ownership-unclear]: two write the record of `www.example.org`
           ┌─ cluster.yaml:60:18
           │
        60 │       records: { www: { addresses: [vps0] } }
           │                  ^^^ declared here
           ·
        66 │ website: { host: www.example.org, site: vps, content: ./website }
           │                  ---------------
           │                  served here, for which external-dns writes a record
           │
           = in the phases `services` to `cleanup`
           = help: take the declared record out, or serve the host under another name
        ");
    }

    #[test]
    fn each_record_has_one_writer() {
        let definition = edit(
            SMALL,
            "      hostmaster: hostmaster@example.org\ncert",
            "      hostmaster: hostmaster@example.org\n      records: { www: { TXT: [a] }, mail: { addresses: [vps0] } }\ncert",
        );
        assert_snapshot!(report("record-ownership-unclear", &definition), @"");
    }

    #[test]
    fn external_dns_of_the_repository_under_a_common_name() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: external-dns }\nspec:\n  template:\n    spec:\n      containers:\n        - name: external-dns\n          image: registry.k8s.io/external-dns/external-dns:v0.15.0\n          args:\n            - --txt-owner-id=external-dns\n";
        assert_snapshot!(crate::testing::report_of("record-ownership-unclear", SMALL, &[("k8s/gitea/d.yaml", text)]), @"
        warning[record-ownership-unclear]: Deployment `external-dns` deletes records by
          default
          ┌─ k8s/gitea/d.yaml:9:18
          │
        9 │           image: registry.k8s.io/external-dns/external-dns:v0.15.0
          │                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          │                  has no `--policy`, which means `sync`
          │
          = in the phases `dns` to `cleanup`
          = help: add `--policy=sync` if that is meant, `--policy=upsert-only` if not

        warning[record-ownership-unclear]: Deployment `external-dns` marks its records
          as `external-dns`, as many others do
           ┌─ k8s/gitea/d.yaml:11:15
           │
        11 │             - --txt-owner-id=external-dns
           │               ^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │    another cluster that writes this zone would take its records for its own
           │
           = in the phases `dns` to `cleanup`
           = help: write `--txt-owner-id=small`, once no record is marked with the old
             name
        ");
        let text = text.replace("=external-dns\n", "=small\n            - --policy=sync\n");
        assert_snapshot!(crate::testing::report_of("record-ownership-unclear", SMALL, &[("k8s/gitea/d.yaml", &text)]), @"");
    }
}
