//! A path leads to nothing.
//!
//! The definition adopts a directory, or a kustomization.yaml lists a file, that the repository does not have.
//! Flux says `kustomization path not found` or `accumulating resources`, and applies nothing of the whole directory.
//! A symbolic link is as good as missing: Flux leaves links out of what it fetches from Git.
//! Nothing is said of an app in another repository that has no `checkout` here: its files are unknown.
//!
//! Fix: correct the path; the message names the one most like it.
//!
//! Wrong:
//!
//! ```yaml
//! apps:
//!   gitea: { path: ./k8s/gitae, namespace: gitea }
//! ```
//!
//! ```yaml k8s/gitea/kustomization.yaml
//! resources: []
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
//! Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#path

use components::{Plan, adopted::Why};
use model::{Diagnostic, Diagnostics};

super::check!("path-not-found", Flux, "path_not_found.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    for gap in &plan.adopted.gaps {
        let path = &gap.path;
        let diagnostic = match &gap.why {
            Why::Missing { close } => {
                let diagnostic = Diagnostic::error(CHECK.code, format!("the repository has no `{path}`"))
                    .at_span(gap.from, "leads to nothing");
                match close {
                    Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
                    None => diagnostic.help("correct the path, or take out what names it"),
                }
            }
            Why::Link => {
                Diagnostic::error(CHECK.code, format!("`{path}` is, or lies behind, a symbolic link"))
                    .at_span(gap.from, "Flux finds nothing here")
                    .note("Flux leaves symbolic links out of what it fetches from Git")
                    .help("put the files there themselves, or name the path that they have")
            }
            Why::Outside => Diagnostic::error(CHECK.code, format!("`{path}` leads out of the repository"))
                .at_span(gap.from, "Flux has nothing above its root")
                .help("move what is meant into the repository"),
            _ => continue,
        };
        diagnostics.push(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report_of};
    use insta::assert_snapshot;

    #[test]
    fn a_mistyped_directory() {
        let definition = edit(SMALL, "path: ./k8s/gitea", "path: ./k8s/gitae");
        assert_snapshot!(report_of("path-not-found", &definition, &[]), @"
        error[path-not-found]: the repository has no `k8s/gitae`
           ┌─ cluster.yaml:67:18
           │
        67 │   gitea: { path: ./k8s/gitae, namespace: gitea, site: home, storage: [prox…
           │                  ^^^^^^^^^^^ leads to nothing
           │
           = help: did you mean `k8s/gitea`?
        ");
    }

    #[test]
    fn a_resource_that_was_renamed() {
        let files = [
            ("k8s/gitea/kustomization.yaml", "resources:\n  - helm-release.yaml\n"),
            ("k8s/gitea/helmrelease.yaml", "{}"),
        ];
        assert_snapshot!(report_of("path-not-found", SMALL, &files), @"
        error[path-not-found]: the repository has no `k8s/gitea/helm-release.yaml`
          ┌─ k8s/gitea/kustomization.yaml:2:5
          │
        2 │   - helm-release.yaml
          │     ^^^^^^^^^^^^^^^^^ leads to nothing
          │
          = help: did you mean `k8s/gitea/helmrelease.yaml`?
        ");
    }

    #[test]
    fn a_directory_that_is_there() {
        assert_snapshot!(report_of("path-not-found", SMALL, &[]), @"");
    }
}
