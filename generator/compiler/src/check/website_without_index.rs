//! The website has no first page.
//!
//! Who asks for the host alone gets `index.html` of the website's folder; without one, an error.
//! The path is relative to the folder of `cluster.yaml`.
//!
//! Fix: add `index.html`, or correct `content`.
//!
//! Wrong:
//!
//! ```yaml
//! website: { content: ./site }   # and no ./site/index.html
//! ```
//!
//! Right:
//!
//! ```yaml
//! website: { content: ./website }
//! ```
//!
//! Source: https://nginx.org/en/docs/http/ngx_http_index_module.html

use components::Plan;
use model::{Diagnostic, Diagnostics};

super::check!("website-without-index", Edge, "website_without_index.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(website) = &plan.definition.website else { return };
    let content = components::website_content(plan.files, &website.content);
    if content.iter().any(|it| it.path == "index.html") {
        return;
    }
    let message =
        if content.is_empty() { "the website has no files" } else { "the website has no first page" };
    let diagnostic = Diagnostic::error(CHECK.code, message).at(
        &website.content,
        if content.is_empty() { "nothing is below this folder" } else { "`index.html` is missing here" },
    );
    let elsewhere = plan.files.keys().find_map(|path| path.strip_suffix("/index.html"));
    diagnostics.push(match elsewhere {
        Some(folder) => diagnostic.help(format!("there is one in `./{folder}`")),
        None => diagnostic.help("add `index.html`"),
    });
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn the_folder_is_another() {
        let definition = edit(SMALL, "content: ./website", "content: ./site");
        assert_snapshot!(report("website-without-index", &definition), @"
        error[website-without-index]: the website has no files
           ┌─ cluster.yaml:65:55
           │
        65 │ website: { host: www.example.org, site: vps, content: ./site }
           │                                                       ^^^^^^
           │                                                nothing is below this folder
           │
           = help: there is one in `./website`
        ");
    }

    #[test]
    fn the_page_is_there() {
        assert_snapshot!(report("website-without-index", SMALL), @"");
    }
}
