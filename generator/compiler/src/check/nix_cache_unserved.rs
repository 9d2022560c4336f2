//! Hosts are sent to a binary cache of Nix at a name that nothing serves.
//!
//! Each build on them waits for it before it goes on to the next cache.
//! The cache is an app of the cluster, and one of the hosts of that app is the one to name.
//!
//! Fix: correct `nixCache.host`, or add the host to the app that serves it.
//!
//! Wrong:
//!
//! ```yaml
//! nixCache: { host: cache.example.org }
//! ```
//!
//! Right:
//!
//! ```yaml
//! nixCache: { host: git.example.org }   # one of an app's `hosts`
//! ```
//!
//! Source: https://nix.dev/manual/nix/stable/command-ref/conf-file.html#conf-substituters

use components::Plan;
use model::{Diagnostic, Diagnostics, Phase};

super::check!("nix-cache-unserved", Edge, "nix_cache_unserved.rs");

fn run(plan: &Plan, diagnostics: &mut Diagnostics) {
    let Some(cache) = &plan.definition.nix_cache else { return };
    // The app may come late; at the end it is there.
    let last = Phase::ALL.last().copied().unwrap_or_default();
    let served = || plan.definition.served_hosts(last);
    if served().any(|it| it.value == cache.host.value) {
        return;
    }
    let diagnostic = Diagnostic::error(CHECK.code, format!("nothing serves `{}`", cache.host))
        .at(&cache.host, "hosts would ask for packages here");
    let help = match crate::closest(&cache.host, served().map(|it| &***it)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name a host of the app that is the cache".into(),
    };
    diagnostics.push(diagnostic.help(help));
}

#[cfg(test)]
mod tests {
    use crate::testing::{SMALL, report};
    use insta::assert_snapshot;

    fn with(host: &str) -> String {
        format!("{SMALL}\nnixCache: {{ host: {host} }}\n")
    }

    #[test]
    fn a_cache_that_is_no_host_of_an_app() {
        assert_snapshot!(report("nix-cache-unserved", &with("wwv.example.org")), @"
        error[nix-cache-unserved]: nothing serves `wwv.example.org`
           ┌─ cluster.yaml:69:19
           │
        69 │ nixCache: { host: wwv.example.org }
           │                   ^^^^^^^^^^^^^^^ hosts would ask for packages here
           │
           = help: did you mean `www.example.org`?
        ");
    }

    #[test]
    fn a_cache_that_is_served() {
        assert_snapshot!(report("nix-cache-unserved", &with("www.example.org")), @"");
    }
}
