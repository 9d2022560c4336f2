//! The configuration is written for a Talos that does not run, or cannot.
//!
//! `talos.contract` says in which minor version's form the documents are written. A Talos reads the forms of older
//! contracts, and refuses those of newer ones: the node keeps what it has, or does not boot.
//! Each Talos runs some versions of Kubernetes; it goes up by single minors, and never down.
//! The community supports the newest minor version alone.
//!
//! Fix: write a contract that is at most the version; leave it out to follow the version.
//!
//! Wrong:
//!
//! ```yaml
//! talos: { version: v1.14.2, contract: v1.15 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! talos: { version: v1.14.2, contract: v1.13 }
//! ```
//!
//! Source: https://docs.siderolabs.com/talos/latest/getting-started/support-matrix

use components::{
    Plan,
    talos::{
        contract::{KNOWN, known},
        release::{RELEASES, newest, release},
    },
};
use model::{
    Diagnostic, Diagnostics, Spanned,
    definition::{Holder, Talos},
    scalar::Version,
};

super::check!("document-unknown-to-contract", Mesh, "document_unknown_to_contract.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let talos = &plan.definition.talos;
    contract(talos, diagnostics);
    versions(talos, &plan.definition.kubernetes.version, diagnostics);
    fields(plan, diagnostics);
}

fn contract(talos: &Talos, diagnostics: &mut Diagnostics) {
    let version = &talos.version;
    if let Some(contract) = talos.contract.as_ref().filter(|it| it.value > version.minor()) {
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("Talos {version} does not read documents of {contract}"))
                .at(contract, "newer than what runs")
                .because(version, "what runs")
                .help(format!("write `{}` at most, or delete the line", version.minor()))
                .fix_by_writing(contract.span, version.minor().to_string()),
        );
        return;
    }
    if known(talos.contract()).is_some() {
        return;
    }
    let (oldest, newest) = (KNOWN[0].contract(), KNOWN[KNOWN.len() - 1].contract());
    let diagnostic = Diagnostic::error(
        CHECK.code,
        format!(
            "there is no form for contract {}: those of {oldest} to {newest} are known",
            talos.contract()
        ),
    );
    diagnostics.push(
        match &talos.contract {
            Some(contract) => diagnostic.at(contract, "unknown"),
            None => diagnostic.at(version, format!("its own contract would be {}", version.minor())),
        }
        .help(if talos.contract() > newest {
            format!("write `contract: {newest}`, which newer versions read too")
        } else {
            format!("upgrade to Talos {oldest} first")
        }),
    );
}

fn versions(talos: &Talos, kubernetes: &Spanned<Version>, diagnostics: &mut Diagnostics) {
    let version = &talos.version;
    if let Some(current) = &talos.current {
        if current.value > version.value {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("Talos goes from {current} down to {version}"))
                    .at(version, "older than what runs")
                    .because(current, "what runs")
                    .help(format!("write `{current}` or newer; Talos does not go down a minor version")),
            );
        } else if current.minor() < RELEASES[0].contract() && current.minor() < version.minor() {
            diagnostics.push(
                Diagnostic::error(CHECK.code, format!("the way up from Talos {current} is not known"))
                    .at(current, format!("known from {} on", RELEASES[0].contract()))
                    .help("upgrade by single minor versions up to there first"),
            );
        }
    }
    let Some(release) = release(version.minor()) else { return };
    if !release.runs(kubernetes) {
        let (first, last) = release.kubernetes;
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("Talos {version} does not run Kubernetes {kubernetes}"))
                .at(kubernetes, format!("it runs v1.{first} to v1.{last}"))
                .because(version, "this Talos")
                .help("take a version within these, or another Talos"),
        );
    }
    if release.minor < newest().minor {
        diagnostics.push(
            Diagnostic::warning(CHECK.code, format!("Talos {} has no more fixes", version.minor()))
                .at(version, format!("the community supports {} alone", newest().contract()))
                .help(format!(
                    "write `version: {}` with `current: {version}`; `contract` may stay as it is",
                    newest().latest()
                )),
        );
    }
}

/// What older contracts have no field for.
fn fields(plan: &Plan, diagnostics: &mut Diagnostics) {
    let talos = &plan.definition.talos;
    let Some(forms) = known(talos.contract()) else { return };
    let at = |diagnostic: Diagnostic| match &talos.contract {
        Some(contract) => diagnostic.because(contract, "the form of the documents"),
        None => diagnostic.because(&talos.version, "gives the form of the documents"),
    };
    let excluded = plan.definition.mesh.kubespan().and_then(|it| it.exclude_advertised_networks.first());
    if let Some(stated) = excluded {
        let since = semver::Version::new(1, 12, 4);
        if !forms.exclude_advertised_networks {
            let message = format!("contract {} cannot leave networks out of the mesh", talos.contract());
            diagnostics.push(
                at(Diagnostic::error(CHECK.code, message).at(stated, "has a field from v1.12 on"))
                    .help("delete it, or write `contract: v1.12` once the nodes run that"),
            );
        } else if talos.version.0 < since {
            let message = format!("Talos {} cannot leave networks out of the mesh", talos.version);
            diagnostics.push(
                Diagnostic::error(CHECK.code, message)
                    .at(stated, "nodes refuse a configuration with it")
                    .because(&talos.version, "knows the field from v1.12.4 on")
                    .help("delete it, or write `version: v1.12.4` or newer"),
            );
        }
    }
    if !forms.exclude_advertised_networks {
        let mut vips = plan.held().filter(|(_, held)| held.holder.value == Holder::TalosVip);
        if let (Some(first), Some(second)) = (vips.next(), vips.next()) {
            let message = format!("contract {} has one virtual address a link", talos.contract());
            diagnostics.push(
                at(Diagnostic::error(CHECK.code, message).at(&second.1.address, "the second"))
                    .because(&first.1.address, "the first")
                    .help("delete one, or write `contract: v1.12` once the nodes run that"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    fn talos(lines: &str) -> String {
        let text = edit(SMALL, "  version: v1.13.9\n  contract: v1.13\n", lines);
        report("document-unknown-to-contract", &text)
    }

    #[test]
    fn a_contract_newer_than_the_version() {
        assert_snapshot!(talos("  version: v1.14.2\n  contract: v1.15\n"), @"
        error[document-unknown-to-contract]: Talos v1.14.2 does not read documents of
          v1.15
          ┌─ cluster.yaml:9:13
          │
        8 │   version: v1.14.2
          │            ------- what runs
        9 │   contract: v1.15
          │             ^^^^^ newer than what runs
          │
          = help: write `v1.14` at most, or delete the line
        ");
    }

    #[test]
    fn a_version_that_nobody_knows_yet() {
        assert_snapshot!(talos("  version: v1.15.0\n"), @"
        error[document-unknown-to-contract]: there is no form for contract v1.15: those
          of v1.9 to v1.14 are known
          ┌─ cluster.yaml:8:12
          │
        8 │   version: v1.15.0
          │            ^^^^^^^ its own contract would be v1.15
          │
          = help: write `contract: v1.14`, which newer versions read too
        ");
    }

    #[test]
    fn a_way_down() {
        assert_snapshot!(talos("  version: v1.14.1\n  current: v1.14.2\n"), @"
        error[document-unknown-to-contract]: Talos goes from v1.14.2 down to v1.14.1
          ┌─ cluster.yaml:8:12
          │
        8 │   version: v1.14.1
          │            ^^^^^^^ older than what runs
        9 │   current: v1.14.2
          │            ------- what runs
          │
          = help: write `v1.14.2` or newer; Talos does not go down a minor version
        ");
    }

    #[test]
    fn kubernetes_too_new() {
        assert_snapshot!(talos("  version: v1.12.11\n"), @"
        warning[document-unknown-to-contract]: Talos v1.12 has no more fixes
          ┌─ cluster.yaml:8:12
          │
        8 │   version: v1.12.11
          │            ^^^^^^^^ the community supports v1.14 alone
          │
          = help: write `version: v1.14.2` with `current: v1.12.11`; `contract` may stay
            as it is

        error[document-unknown-to-contract]: Talos v1.12.11 does not run Kubernetes
          v1.36.3
           ┌─ cluster.yaml:10:12
           │
         8 │   version: v1.12.11
           │            -------- this Talos
         9 │ kubernetes:
        10 │   version: v1.36.3
           │            ^^^^^^^ it runs v1.30 to v1.35
           │
           = help: take a version within these, or another Talos
        ");
    }

    #[test]
    fn a_field_that_came_with_a_patch() {
        let text = edit(
            SMALL,
            "  version: v1.13.9\n  contract: v1.13\n",
            "  version: v1.12.3\n  current: v1.12.3\n",
        );
        let text = edit(&text, "v1.36.3", "v1.35.0");
        let text = edit(&text, "kubespan: {}", "kubespan: { excludeAdvertisedNetworks: [10.3.0.0/16] }");
        let mended = edit(&text, "  version: v1.12.3\n", "  version: v1.12.4\n");
        let errors = |text: &str| report("document-unknown-to-contract", text).matches("error[").count();
        assert_eq!((errors(&text), errors(&mended)), (1, 0));
    }

    #[test]
    fn two_virtual_addresses_on_one_link() {
        let text = edit(SMALL, "contract: v1.13", "contract: v1.11");
        let vip = "  api-vip: { address: 10.2.3.1, holder: talos-vip }\n";
        let text =
            edit(&text, vip, &format!("{vip}  more-vip: {{ address: 10.2.3.2, holder: talos-vip }}\n"));
        assert_snapshot!(report("document-unknown-to-contract", &text), @"
        warning[document-unknown-to-contract]: Talos v1.13 has no more fixes
          ┌─ cluster.yaml:8:12
          │
        8 │   version: v1.13.9
          │            ^^^^^^^ the community supports v1.14 alone
          │
          = help: write `version: v1.14.2` with `current: v1.13.9`; `contract` may stay
            as it is

        error[document-unknown-to-contract]: contract v1.11 has one virtual address a
          link
           ┌─ cluster.yaml:30:24
           │
         9 │   contract: v1.11
           │             ----- the form of the documents
           ·
        29 │   api-vip: { address: 10.2.3.1, holder: talos-vip }
           │                       -------- the first
        30 │   more-vip: { address: 10.2.3.2, holder: talos-vip }
           │                        ^^^^^^^^ the second
           │
           = help: delete one, or write `contract: v1.12` once the nodes run that
        ");
    }

    #[test]
    fn an_older_contract_on_the_newest() {
        assert_snapshot!(talos("  version: v1.14.2\n  contract: v1.12\n"), @"");
    }
}
