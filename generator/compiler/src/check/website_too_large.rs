//! The website is too large for a ConfigMap.
//!
//! The website's files travel as one ConfigMap, and Kubernetes refuses one of more than 1 MiB: the whole page
//! would stay what it was.
//!
//! Fix: leave large files out, or make a container image of the site and run it as an app with this host.
//!
//! Wrong:
//!
//! ```yaml website/film.webm: 3145728 bytes
//! ```
//!
//! Right:
//!
//! ```yaml website/poster.webp: 40000 bytes
//! ```
//!
//! Source: https://kubernetes.io/docs/concepts/configuration/configmap/#motivation

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("website-too-large", Edge, "website_too_large.rs");

/// What Kubernetes allows the keys and values of a ConfigMap together.
const LIMIT: usize = 1 << 20;

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(website) = &plan.definition.website else { return };
    let content = components::website_content(plan.files, &website.content);
    let total: usize = content.iter().map(|it| it.key.len() + it.bytes.len()).sum();
    if total <= LIMIT {
        return;
    }
    let mut largest: Vec<_> = content.iter().collect();
    largest.sort_by_key(|it| (std::cmp::Reverse(it.bytes.len()), it.path));
    let named: Vec<String> = largest
        .iter()
        .take(3)
        .map(|it| format!("`{}` ({} KiB)", it.path, it.bytes.len().div_ceil(1024)))
        .collect();
    diagnostics.push(
        Diagnostic::error(
            CHECK.code,
            format!("the website has {} KiB, and a ConfigMap holds 1024", total.div_ceil(1024)),
        )
        .at(&website.content, "the files of this folder")
        .note(format!("the largest are {}", named.join(", ")))
        .help("make them smaller or leave them out; or build an image of the site and run it as an entry of `apps`"),
    );
}

#[cfg(test)]
mod tests {
    use crate::{
        compile,
        testing::{SMALL, cluster, report},
    };
    use insta::assert_snapshot;

    #[test]
    fn a_film_among_the_pages() {
        let mut cluster = cluster(SMALL);
        cluster.files.insert("website/film.webm".into(), vec![0; 3 << 20]);
        let mut diagnostics = compile(&cluster, crate::Options::default()).diagnostics;
        diagnostics.retain(|it| it.code == "website-too-large");
        assert_snapshot!(diagnostics.render(&cluster.sources, false), @"
        error[website-too-large]: the website has 3073 KiB, and a ConfigMap holds 1024
           ┌─ cluster.yaml:65:55
           │
        65 │ website: { host: www.example.org, site: vps, content: ./website }
           │                                                       ^^^^^^^^^
           │                                                    the files of this folder
           │
           = the largest are `film.webm` (3072 KiB), `index.html` (1 KiB)
           = help: make them smaller or leave them out; or build an image of the site
             and run it as an entry of `apps`
        ");
    }

    #[test]
    fn one_page() {
        assert_snapshot!(report("website-too-large", SMALL), @"");
    }
}
