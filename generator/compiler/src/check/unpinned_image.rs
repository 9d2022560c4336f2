//! An image is named by a tag that somebody can move.
//!
//! `latest` is another program tomorrow, and a version's tag can be pushed again; two nodes may then run different
//! things under one name, and a rollback brings back what is there now and not what was there then.
//! A digest names the bytes. Each image that tombolo writes itself has one.
//! Images that a chart brings are the chart's own matter, but for those that its values name.
//!
//! Fix: write the digest behind the tag; `crane digest IMAGE` prints it. Renovate keeps both up to date.
//!
//! Wrong:
//!
//! ```yaml k8s/gitea/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: { name: gitea, namespace: gitea }
//! spec: { containers: [{ name: gitea, image: "gitea/gitea:latest" }] }
//! ```
//!
//! Right:
//!
//! ```yaml k8s/gitea/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: { name: gitea, namespace: gitea }
//! spec:
//!   containers:
//!     - name: gitea
//!       image: gitea/gitea:1.26.1@sha256:1111111111111111111111111111111111111111111111111111111111111111
//! ```
//!
//! Source: https://kubernetes.io/docs/concepts/containers/images/#image-names

use components::Plan;
use model::{Diagnostic, Diagnostics, Span};
use std::collections::BTreeMap;

super::check!("unpinned-image", Secrets, "unpinned_image.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    // One warning an image, at its first place; the others are counted.
    let mut images: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (_, pods) in plan.adopted.pods(plan) {
        for container in pods.containers() {
            let Some(image) = container.get("image") else { continue };
            let Some(text) = image.str() else { continue };
            if text.contains("@sha256:") || text.contains("${") || text.is_empty() {
                continue;
            }
            let places = images.entry(text).or_default();
            if !places.contains(&image.span) {
                places.push(image.span);
            }
        }
    }
    for (image, places) in images {
        let last = image.rfind('/').map_or(0, |slash| slash + 1);
        let tag = image[last..].split_once(':').map(|(_, tag)| tag);
        let message = match tag {
            None => format!("`{image}` has no tag and no digest: it is whatever is the latest"),
            Some("latest") => format!("`{image}` is whatever is the latest"),
            Some(_) => format!("`{image}` has no digest"),
        };
        let mut diagnostic =
            Diagnostic::warning(CHECK.code, message).at_span(places[0], "the tag can be moved");
        if places.len() > 1 {
            diagnostic = diagnostic.note(format!("and {} more places have it", places.len() - 1));
        }
        diagnostics.push(diagnostic.help(match tag {
            None | Some("latest") => format!(
                "choose a version, and write `{}:VERSION@sha256:…`; `crane digest` prints it",
                image.trim_end_matches(":latest")
            ),
            Some(_) => format!("write `{image}@sha256:…`; `crane digest {image}` prints it"),
        }));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report_of};
    use insta::assert_snapshot;

    fn pod(image: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: a }}\nspec:\n  containers:\n    - name: a\n      image: {image}\n"
        )
    }

    #[test]
    fn the_latest_of_an_image() {
        let pod = pod("registry.example.org:5000/tools/shell:latest");
        assert_snapshot!(report_of("unpinned-image", SMALL, &[("k8s/gitea/pod.yaml", &pod)]), @"
        warning[unpinned-image]: `registry.example.org:5000/tools/shell:latest` is
          whatever is the latest
          ┌─ k8s/gitea/pod.yaml:7:14
          │
        7 │       image: registry.example.org:5000/tools/shell:latest
          │              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          │              the tag can be moved
          │
          = in the phases `dns` to `cleanup`
          = help: choose a version, and write
            `registry.example.org:5000/tools/shell:VERSION@sha256:…`; `crane digest`
            prints it
        ");
    }

    #[test]
    fn one_image_in_two_places() {
        let text = format!("{}---\n{}", pod("a/b:1"), pod("a/b:1").replace("name: a }", "name: b }"));
        assert_snapshot!(report_of("unpinned-image", SMALL, &[("k8s/gitea/pod.yaml", &text)]), @"
        warning[unpinned-image]: `a/b:1` has no digest
          ┌─ k8s/gitea/pod.yaml:7:14
          │
        7 │       image: a/b:1
          │              ^^^^^ the tag can be moved
          │
          = and 1 more places have it
          = in the phases `dns` to `cleanup`
          = help: write `a/b:1@sha256:…`; `crane digest a/b:1` prints it
        ");
    }

    #[test]
    fn an_image_by_its_digest() {
        let pod = pod(&format!("a/b:1@sha256:{}", "1".repeat(64)));
        assert_snapshot!(report_of("unpinned-image", SMALL, &[("k8s/gitea/pod.yaml", &pod)]), @"");
    }
}
