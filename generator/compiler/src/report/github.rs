//! Annotations of GitHub: one workflow command a diagnostic, shown beside the line of a change.
//!
//! Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::{name, region};
use crate::Cluster;
use model::{Diagnostics, Severity};
use std::fmt::Write;

/// One line a diagnostic.
pub fn github(cluster: &Cluster, diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    for it in diagnostics.iter() {
        let command = match it.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let file = it.primary.as_ref().map_or(cluster.definition, |label| label.span.file);
        let mut properties = vec![("file", name(&cluster.sources, file).to_owned())];
        if let Some(label) = &it.primary {
            let region = region(&cluster.sources, label.span);
            properties.push(("line", region.start.0.to_string()));
            properties.push(("endLine", region.end.0.to_string()));
            // Columns are heeded within one line alone; the end is the last character there.
            if region.start.0 == region.end.0 {
                properties.push(("col", region.start.1.to_string()));
                properties
                    .push(("endColumn", region.end.1.saturating_sub(1).max(region.start.1).to_string()));
            }
        }
        properties.push(("title", it.code.to_owned()));
        let properties: Vec<String> =
            properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
        let mut message = it.message.clone();
        for label in it.labels().filter(|label| !label.text.is_empty()) {
            let line = region(&cluster.sources, label.span).start.0;
            let _ = write!(message, "\nline {line}: {}", label.text);
        }
        it.notes.iter().cloned().chain(it.in_phases()).for_each(|note| message.extend(["\n", &note]));
        it.help.iter().for_each(|help| message.extend(["\nhelp: ", help]));
        let _ = writeln!(out, "::{command} {}::{}", properties.join(","), data(&message));
    }
    out
}

/// What would end a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What would end a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, github, property};
    use crate::testing::{SMALL, diagnostics, edit};
    use insta::assert_snapshot;

    #[test]
    fn a_diagnostic_on_its_line() {
        let (cluster, found) = diagnostics(&edit(SMALL, "vps0: { site: vps,", "vps0: { site: vsp,"));
        assert_snapshot!(github(&cluster, &found), @"
        ::warning file=cluster.yaml,line=8,endLine=8,col=12,endColumn=18,title=document-unknown-to-contract::Talos v1.13 has no more fixes%0Aline 8: the community supports v1.14 alone%0Ahelp: write `version: v1.14.2` with `current: v1.13.9`; `contract` may stay as it is
        ::error file=cluster.yaml,line=27,endLine=27,col=17,endColumn=19,title=node-at-unknown-site::the node `vps0` is at `vsp`, which is no site%0Aline 27: not declared below `sites`%0Ahelp: did you mean `vps`?
        ");
    }

    #[test]
    fn nothing_ends_a_command_before_its_end() {
        assert_eq!(data("50%: a,\r\n::error::b"), "50%25: a,%0D%0A::error::b");
        assert_eq!(property("c:\\a,b\n100%"), "c%3A\\a%2Cb%0A100%25");
    }
}
