//! Annotations for external-dns that external-dns does not read.
//!
//! Since 0.22 it reads `external-dns.kubernetes.io/…` and nothing else: what is annotated in the old way,
//! `external-dns.alpha.kubernetes.io/…`, has no records from that day on, and with the policy `sync` those that it
//! had are deleted.
//! The files below `extra/` are looked through; a prefix that does not end in a slash is found, too, as it can never
//! match.
//!
//! Fix: write the new prefix in the files; or keep the old one with `dns.externalDns.annotationPrefix`.
//!
//! Wrong:
//!
//! ```yaml extra/website/website/more.yaml
//! metadata:
//!   annotations:
//!     external-dns.alpha.kubernetes.io/target: 198.51.99.10
//! ```
//!
//! Right:
//!
//! ```yaml extra/website/website/more.yaml
//! metadata:
//!   annotations:
//!     external-dns.kubernetes.io/target: 198.51.99.10
//! ```
//!
//! Source: https://github.com/kubernetes-sigs/external-dns/blob/v0.22.0/docs/flags.md

use components::Plan;
use model::{Diagnostic, Diagnostics, definition::ExternalDns};

super::check!("annotation-prefix-ignored", Dns, "annotation_prefix_ignored.rs");

const OLD: &str = "external-dns.alpha.kubernetes.io/";

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    manifests(plan, diagnostics);
    let Some(external_dns) = plan.definition.dns.as_ref().and_then(|dns| dns.external_dns.as_ref()) else {
        return;
    };
    let prefix = external_dns.annotation_prefix();
    if let Some(stated) = external_dns.annotation_prefix.as_ref().filter(|it| !it.ends_with('/')) {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("`{prefix}` begins no annotation"))
                .at(stated, "does not end in a slash")
                .help(format!("write `{prefix}/`"))
                .fix_by_writing(stated.span, format!("{prefix}/")),
        );
    }
    let read = |prefix: &str, text: &str| text.contains(prefix);
    for (path, bytes) in plan.files.iter().filter(|(path, _)| path.starts_with("extra/")) {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        for other in [OLD, ExternalDns::ANNOTATION_PREFIX].into_iter().filter(|it| *it != prefix) {
            if read(other, text) {
                diagnostics.push(
                    Diagnostic::error(CHECK.code, format!("annotations in `{path}` are not read"))
                        .at(&external_dns.owner, format!("this external-dns reads `{prefix}`"))
                        .note(format!("the file has `{other}`"))
                        .help(format!("write `{prefix}` there, or `annotationPrefix: {other}` here")),
                );
            }
        }
    }
}

/// Annotations of what the repository holds: external-dns of ours reads its own prefix alone.
fn manifests(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(external_dns) = plan.definition.dns.as_ref().and_then(|dns| dns.external_dns.as_ref()) else {
        return;
    };
    let prefix = external_dns.annotation_prefix();
    for (_, object) in plan.adopted.in_phase(plan) {
        object.node.visit(&mut |node| {
            for (key, _) in node.entries() {
                let other = [OLD, ExternalDns::ANNOTATION_PREFIX]
                    .into_iter()
                    .find(|it| *it != prefix && key.value.starts_with(it));
                let Some(other) = other else { continue };
                let rest = key.value.strip_prefix(other).unwrap_or_default();
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("an annotation of {} is not read, and its record vanishes", object.title()),
                    )
                    .at(key, "another prefix than external-dns heeds")
                    .because(&external_dns.owner, format!("this external-dns reads `{prefix}`"))
                    .help(format!(
                        "write `{prefix}{rest}`, or `annotationPrefix: {other}` in the definition"
                    )),
                );
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, cluster, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_file_annotated_in_the_old_way() {
        let mut cluster = cluster(SMALL);
        let text = "metadata:\n  annotations:\n    external-dns.alpha.kubernetes.io/target: 198.51.99.10\n";
        cluster.files.insert("extra/website/website/ingress.yaml".into(), text.into());
        let mut diagnostics = crate::compile(&cluster, crate::Options::default()).diagnostics;
        diagnostics.retain(|it| it.code == "annotation-prefix-ignored");
        assert_snapshot!(diagnostics.render(&cluster.sources, false), @"
        error[annotation-prefix-ignored]: annotations in
          `extra/website/website/ingress.yaml` are not read
           ┌─ cluster.yaml:53:25
           │
        53 │   externalDns: { owner: small-cluster }
           │                         ^^^^^^^^^^^^^
           │                       this external-dns reads `external-dns.kubernetes.io/`
           │
           = the file has `external-dns.alpha.kubernetes.io/`
           = help: write `external-dns.kubernetes.io/` there, or `annotationPrefix:
             external-dns.alpha.kubernetes.io/` here
        ");
    }

    #[test]
    fn a_prefix_without_its_slash() {
        let definition = edit(
            SMALL,
            "owner: small-cluster",
            "owner: small-cluster, annotationPrefix: external-dns.alpha.kubernetes.io",
        );
        assert_snapshot!(report("annotation-prefix-ignored", &definition), @"
        error[annotation-prefix-ignored]: `external-dns.alpha.kubernetes.io` begins no
          annotation
           ┌─ cluster.yaml:53:58
           │
        53 │ …ter, annotationPrefix: external-dns.alpha.kubernetes.io }
           │                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │                         does not end in a slash
           │
           = help: write `external-dns.alpha.kubernetes.io/`
        ");
    }

    #[test]
    fn the_old_prefix_kept() {
        let definition = edit(
            SMALL,
            "owner: small-cluster",
            "owner: small-cluster, annotationPrefix: external-dns.alpha.kubernetes.io/",
        );
        assert_snapshot!(report("annotation-prefix-ignored", &definition), @"");
    }

    #[test]
    fn an_ingress_of_the_repository_annotated_in_the_old_way() {
        let text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations:\n    external-dns.alpha.kubernetes.io/hostname: a.example.org\n";
        assert_snapshot!(crate::testing::report_of("annotation-prefix-ignored", SMALL, &[("k8s/gitea/ingress.yaml", text)]), @"
        error[annotation-prefix-ignored]: an annotation of Ingress `a` is not read, and
          its record vanishes
           ┌─ k8s/gitea/ingress.yaml:6:5
           │
         6 │     external-dns.alpha.kubernetes.io/hostname: a.example.org
           │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           │     another prefix than external-dns heeds
           ┌─ cluster.yaml:53:25
           │
        53 │   externalDns: { owner: small-cluster }
           │                         -------------
           │                       this external-dns reads `external-dns.kubernetes.io/`
           │
           = in the phases `dns` to `cleanup`
           = help: write `external-dns.kubernetes.io/hostname`, or `annotationPrefix:
             external-dns.alpha.kubernetes.io/` in the definition
        ");
    }
}
