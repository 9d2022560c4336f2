//! A file in `extra/` belongs to no unit, so it would be applied by nothing.
//!
//! `extra/<namespace>/<unit>/` is passed through into that unit's folder of the tree: encrypted Secrets, above all.
//! A folder that names no unit of any phase would be left out in silence, and the Secret would be missing at night.
//!
//! Fix: move the file to the folder of the unit that needs it; `generated/README.md` lists them.
//!
//! Wrong:
//!
//! ```yaml extra/cert-manager/isuers/key.sops.yaml
//! sops: {}
//! ```
//!
//! Right:
//!
//! ```yaml extra/cert-manager/issuers/key.sops.yaml
//! sops: {}
//! ```
//!
//! Source: ARCHITECTURE.md, of this project.

use components::{COMPONENTS, File, Plan};
use model::{Diagnostic, Diagnostics};
use std::collections::BTreeSet;

super::check!("extra-without-unit", Secrets, "extra_without_unit.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let mut files = plan.files.keys().filter(|path| path.starts_with("extra/")).peekable();
    if files.peek().is_none() {
        return;
    }
    let context = plan.context();
    let folders: BTreeSet<String> = COMPONENTS
        .iter()
        .flat_map(|component| (component.declare)(&context))
        .filter(|unit| unit.adopted.is_none())
        .map(|unit| format!("extra/{}/{}", unit.namespace, unit.name))
        .collect();
    for path in files {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folders.contains(folder) {
            let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
            if taken(plan, folder).contains(name) {
                diagnostics.push(
                    Diagnostic::error(
                        CHECK.code,
                        format!("`{path}` has the name of a file that we write there"),
                    )
                    .help("give it another name; `kustomization.yaml` is written for you and lists it"),
                );
            }
            continue;
        }
        let diagnostic = Diagnostic::error(CHECK.code, format!("`{path}` belongs to no unit"));
        diagnostics.push(match crate::closest(folder, folders.iter().map(String::as_str)) {
            Some(close) => diagnostic.help(format!("did you mean `{close}/`?")),
            None => diagnostic.help("put it into `extra/<namespace>/<unit>/` of the unit that needs it"),
        });
    }
}

/// The names of the files that a unit has of its own in this phase.
fn taken(plan: &Plan, folder: &str) -> BTreeSet<String> {
    let unit = folder.rsplit_once('/').and_then(|(_, name)| plan.units.get(name));
    let files = unit.into_iter().flat_map(|unit| {
        (unit.component.emit)(plan, unit).into_iter().filter_map(|file| match file {
            File::Object(object) => Some(object.file_name(&unit.name)),
            File::Data { path, .. } => Some(path),
            File::Outside { .. } => None,
        })
    });
    files.chain(["kustomization.yaml".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use crate::{Options, testing};
    use insta::assert_snapshot;

    fn report(path: &str) -> String {
        let mut cluster = testing::cluster(testing::SMALL);
        cluster.files.insert(path.into(), b"sops: {}\n".to_vec());
        let mut said = crate::compile(&cluster, Options::default()).diagnostics;
        said.retain(|it| it.code == "extra-without-unit");
        said.render(&cluster.sources, false)
    }

    #[test]
    fn a_folder_that_is_mistyped() {
        assert_snapshot!(report("extra/cert-manager/isuers/key.sops.yaml"), @"
        error[extra-without-unit]: `extra/cert-manager/isuers/key.sops.yaml` belongs to
          no unit
         = help: did you mean `extra/cert-manager/issuers/`?
        ");
    }

    #[test]
    fn the_folder_of_a_unit() {
        assert_snapshot!(report("extra/cert-manager/issuers/key.sops.yaml"), @"");
    }

    #[test]
    fn the_name_of_a_file_that_is_written() {
        assert_snapshot!(report("extra/cert-manager/issuers/kustomization.yaml"), @"
        error[extra-without-unit]: `extra/cert-manager/issuers/kustomization.yaml` has
          the name of a file that we write there
         = help: give it another name; `kustomization.yaml` is written for you and lists
           it
        ");
    }
}
