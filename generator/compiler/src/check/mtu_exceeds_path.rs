//! Packets are larger than the way between sites takes.
//!
//! WireGuard adds 60 bytes over IPv4 and 80 over IPv6, VXLAN 50 more for pods.
//! What is too large is dropped without a word where a router between does not tell: small requests work, and downloads hang.
//! KubeSpan takes no less than 1280 bytes, so a way of less than 1360 cannot carry it.
//!
//! Fix: delete the value, as the right one is worked out of the sites' `underlayMtu`.
//! Measure that with `ping -M do -s 1472 HOST`, which a way of 1500 bytes lets through.
//!
//! Wrong:
//!
//! ```yaml
//! sites:
//!   home: { underlayMtu: 1492 }   # PPPoE
//! mesh: { kubespan: { mtu: 1420 } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sites:
//!   home: { underlayMtu: 1492 }
//! mesh: { kubespan: { mtu: 1412 } }   # 1492 less 80, also where it is left out
//! ```
//!
//! Source: https://www.wireguard.com/protocol/, siderolabs/talos pkg/machinery/config/types/network/kubespan.go

use components::Plan;
use model::{Diagnostic, Diagnostics, Spanned, definition::Site, scalar::Mtu};

super::check!("mtu-exceeds-path", Mesh, "mtu_exceeds_path.rs");

/// What WireGuard adds over IPv6 and over IPv4.
const OVERHEAD: (u16, u16) = (80, 60);

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let path = plan.path_mtu();
    let narrow = plan.definition.sites.values().find(|it| it.underlay_mtu() == path);
    let narrow = narrow.and_then(|site: &Site| site.underlay_mtu.as_ref());
    let because = |diagnostic: Diagnostic| match narrow {
        Some(narrow) => diagnostic.because(narrow, format!("the narrowest way takes {path} bytes")),
        None => diagnostic.note(format!("the narrowest way takes {path} bytes")),
    };
    let stated = plan.definition.mesh.kubespan().and_then(|it| it.mtu.as_ref());
    if plan.kubespan() {
        match (stated, narrow) {
            (Some(mtu), _) => mesh(mtu, path).map(because).into_iter().for_each(|it| diagnostics.push(it)),
            (None, Some(narrow)) if path < Mtu::LEAST + OVERHEAD.0 => diagnostics.push(
                Diagnostic::error(CHECK.code, format!("a way of {path} bytes is too narrow for KubeSpan"))
                    .at(
                        narrow,
                        format!("leaves {} bytes, and KubeSpan takes no less than 1280", path - OVERHEAD.0),
                    )
                    .help("write 1360 or more, if the way takes as much"),
            ),
            _ => {}
        }
    }
    let under = if plan.kubespan() { plan.kubespan_mtu() } else { path };
    if let Some(mtu) = plan.definition.cni.cilium.mtu.as_ref().filter(|it| it.value.0 > under) {
        let carrier = if plan.kubespan() { "KubeSpan carries" } else { "the narrowest way takes" };
        diagnostics.push(
            Diagnostic::error(CHECK.code, format!("Cilium sends {mtu} bytes, and {carrier} {under}"))
                .at(mtu, "larger packets are dropped")
                .help(format!("delete this line, or write {under}"))
                .fix_by_replacing(mtu.span, under.to_string()),
        );
    }
}

fn mesh(mtu: &Spanned<Mtu>, path: u16) -> Option<Diagnostic> {
    let (six, four) = (path - OVERHEAD.0, path - OVERHEAD.1);
    let diagnostic = match mtu.value.0 {
        size if size <= six => return None,
        size if size <= four => Diagnostic::warning(
            CHECK.code,
            format!("KubeSpan's {size} bytes fit only between IPv4 addresses"),
        )
        .at(mtu, format!("over IPv6 the way leaves {six}")),
        size => {
            Diagnostic::error(CHECK.code, format!("KubeSpan sends {size} bytes, and the way leaves {six}"))
                .at(mtu, "larger packets are dropped")
        }
    };
    let help = format!("delete this line: {six} is worked out");
    Some(diagnostic.help(help).fix_by_replacing(mtu.span, six.to_string()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, edit, report};
    use insta::assert_snapshot;

    #[test]
    fn a_mesh_as_wide_as_the_way() {
        let text = edit(SMALL, "kubespan: {}", "kubespan: { mtu: 1500 }");
        assert_snapshot!(report("mtu-exceeds-path", &text), @"
        error[mtu-exceeds-path]: KubeSpan sends 1500 bytes, and the way leaves 1420
           ┌─ cluster.yaml:32:20
           │
        32 │   kubespan: { mtu: 1500 }
           │                    ^^^^ larger packets are dropped
           │
           = the narrowest way takes 1500 bytes
           = in the phases `mesh` to `cleanup`
           = help: delete this line: 1420 is worked out
        ");
    }

    #[test]
    fn a_way_too_narrow_for_any_mesh() {
        let text = edit(SMALL, "    nat: true\n", "    nat: true\n    underlayMtu: 1350\n");
        assert_snapshot!(report("mtu-exceeds-path", &text), @"
        error[mtu-exceeds-path]: a way of 1350 bytes is too narrow for KubeSpan
           ┌─ cluster.yaml:18:18
           │
        18 │     underlayMtu: 1350
           │                  ^^^^
           │                  leaves 1270 bytes, and KubeSpan takes no less than 1280
           │
           = in the phases `mesh` to `cleanup`
           = help: write 1360 or more, if the way takes as much
        ");
    }

    #[test]
    fn cilium_wider_than_the_mesh() {
        let text = edit(SMALL, "routing: tunnel", "routing: tunnel, mtu: 1450");
        assert_snapshot!(report("mtu-exceeds-path", &text), @"
        error[mtu-exceeds-path]: Cilium sends 1450 bytes, and KubeSpan carries 1420
           ┌─ cluster.yaml:34:70
           │
        34 │   cilium: { version: v1.20.2, managedBy: flux, routing: tunnel, mtu: 1450 }
           │                                                                      ^^^^
           │                                                  larger packets are dropped
           │
           = in the phases `mesh` to `cleanup`
           = help: delete this line, or write 1420
        ");
    }

    #[test]
    fn a_way_by_pppoe() {
        let text = edit(SMALL, "    nat: true\n", "    nat: true\n    underlayMtu: 1492\n");
        assert_snapshot!(report("mtu-exceeds-path", &text), @"");
    }
}
