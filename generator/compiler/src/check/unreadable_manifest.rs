//! A file that is to be applied cannot be read.
//!
//! It is drawn in by an app or a Flux Kustomization, and is no YAML, no text, or larger than what is read.
//! Where it is no YAML, Flux cannot read it either, and applies nothing of the whole directory; a template of Helm in a
//! directory without a kustomization.yaml is the usual case.
//! Where only this program does not read it, it is a warning: the other checks know nothing of what it holds.
//!
//! Fix: mend the file, or write a kustomization.yaml that lists what is to be applied and leaves this out.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitea, namespace: gitea }
//! ```
//!
//! ```yaml k8s/gitea/template.yaml
//! {{- if .Values.enabled }}
//! kind: ConfigMap
//! {{- end }}
//! ```
//!
//! Right:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitea, namespace: gitea }
//! ```
//!
//! ```yaml k8s/gitea/kustomization.yaml
//! resources: []
//! ```
//!
//! ```yaml k8s/gitea/template.yaml
//! {{- if .Values.enabled }}
//! kind: ConfigMap
//! {{- end }}
//! ```
//!
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#generating-a-kustomizationyaml-file

use components::{Plan, adopted::Why};
use model::{Diagnostic, Diagnostics, Span};

super::check!("unreadable-manifest", Flux, "unreadable_manifest.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for gap in &plan.adopted.gaps {
        let path = &gap.path;
        let error = |why: String| Diagnostic::error(CHECK.code, why);
        let unread = |why: String, help: &str| {
            Diagnostic::warning(CHECK.code, why)
                .at_span(gap.from, "drawn in from here")
                .note("what it holds was not checked")
                .help(help)
        };
        diagnostics.push(match &gap.why {
            Why::NotYaml { at, message } => error(format!("`{path}` is no YAML: {message}"))
                .at_span(*at, "the reader stops here")
                .because_span(elsewhere(gap.from, *at), "drawn in from here")
                .help("mend it; a template belongs into a chart, or out of the kustomization.yaml"),
            Why::NotText(message) => error(format!("`{path}` {message}"))
                .at_span(gap.from, "drawn in from here")
                .help("save it as UTF-8, or take it out of what is applied"),
            Why::Circle => error(format!("`{path}` draws itself in"))
                .at_span(gap.from, "comes back to where it is listed")
                .help("take this entry out"),
            Why::Special => error(format!("`{path}` is neither a file nor a directory"))
                .at_span(gap.from, "drawn in from here")
                .help("put a file there"),
            Why::TooLarge { limit } => unread(
                format!("`{path}` is larger than {} MiB, the most that is read of one file", limit >> 20),
                "split it, if it is to be checked",
            ),
            Why::TooMuch => unread(
                format!("so much is adopted that reading stopped at `{path}`"),
                "adopt fewer directories, or write a kustomization.yaml that lists what is applied",
            ),
            Why::Refused(message) => {
                unread(format!("`{path}` cannot be read: {message}"), "let it be read, and check again")
            }
            Why::Missing { .. } | Why::Link | Why::Outside => continue,
        });
    }
}

/// A place in another file than the one that is shown already.
fn elsewhere(place: Span, shown: Span) -> Span {
    if place.file == shown.file { Span::default() } else { place }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    #[test]
    fn a_template_of_helm_is_listed() {
        let files = [
            ("k8s/gitea/kustomization.yaml", "resources: [deployment.yaml]\n"),
            ("k8s/gitea/deployment.yaml", "kind: Deployment\n{{- if .Values.on }}\nspec: {}\n{{- end }}\n"),
        ];
        assert_snapshot!(report_of("unreadable-manifest", SMALL, &files), @r#"
        error[unreadable-manifest]: `k8s/gitea/deployment.yaml` is no YAML: "-" is only
          valid inside a block
          ┌─ k8s/gitea/deployment.yaml:2:3
          │
        2 │ {{- if .Values.on }}
          │   ^ the reader stops here
          ┌─ k8s/gitea/kustomization.yaml:1:13
          │
        1 │ resources: [deployment.yaml]
          │             --------------- drawn in from here
          │
          = help: mend it; a template belongs into a chart, or out of the
            kustomization.yaml
        "#);
    }

    #[test]
    fn a_directory_that_lists_itself() {
        let files = [("k8s/gitea/kustomization.yaml", "resources: [../gitea]\n")];
        assert_snapshot!(report_of("unreadable-manifest", SMALL, &files), @"
        error[unreadable-manifest]: `k8s/gitea` draws itself in
          ┌─ k8s/gitea/kustomization.yaml:1:13
          │
        1 │ resources: [../gitea]
          │             ^^^^^^^^ comes back to where it is listed
          │
          = help: take this entry out
        ");
    }

    #[test]
    fn manifests_with_anchors_and_several_documents() {
        let files = [(
            "k8s/gitea/all.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: &m { name: a }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n",
        )];
        assert_snapshot!(report_of("unreadable-manifest", SMALL, &files), @"");
    }
}
