//! When things arrive: the first phase in which something is there, and what is served by then.

use super::{App, Definition};
use crate::{
    Phase, Phases, Spanned,
    scalar::{Hostname, Name},
};
use std::collections::BTreeMap;

impl Definition {
    /// The first phase in which certificates can be had: not before a server of ours, or the one before it, can
    /// answer challenges.
    pub fn certificates_since(&self) -> Option<Phase> {
        self.certificates.as_ref()?;
        let previous = self.dns.as_ref().is_some_and(|dns| dns.previous.is_some());
        Some(if previous { Phase::Prerequisites } else { Phase::Dns })
    }

    /// The phases in which an app is there.
    pub fn app_phases(&self, name: &str, app: &App) -> Phases {
        Phases {
            since: self.app_arrivals().get(name).copied().unwrap_or(Phase::Prerequisites),
            until: app.until.as_ref().map_or(Phase::Cleanup, |it| it.value),
        }
    }

    /// The first phase of each app: what it says, else that in which all that it needs is there. Worked out once.
    ///
    /// Apps in a cycle of needs, which has a check of its own, hold each other back no further than what the rest
    /// of them waits for.
    fn app_arrivals(&self) -> &BTreeMap<String, Phase> {
        self.arrivals.get_or_init(|| {
            let mut providers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (name, app) in &self.apps {
                for what in std::iter::once(&name.value).chain(app.provides.iter().map(|it| &it.value)) {
                    providers.entry(what).or_default().push(name);
                }
            }
            let stated = |app: &App| app.since.as_ref().map_or(Phase::Prerequisites, |since| since.value);
            let mut since: BTreeMap<String, Phase> =
                self.apps.iter().map(|(name, app)| (name.to_string(), stated(app))).collect();
            // Phases only rise, and there are seven of them: this ends.
            loop {
                let mut later = Vec::new();
                for (name, app) in self.apps.iter().filter(|(_, app)| app.since.is_none()) {
                    let needed = app.needs.iter().map(|what| {
                        let apps = providers.get(&***what).into_iter().flatten().map(|app| since[*app]);
                        apps.chain(self.component_arrival(what)).min().unwrap_or(Phase::Prerequisites)
                    });
                    let phase = needed.max().unwrap_or(Phase::Prerequisites);
                    if phase > since[&***name] {
                        later.push((name.to_string(), phase));
                    }
                }
                if later.is_empty() {
                    return since;
                }
                since.extend(later);
            }
        })
    }

    /// The first phase in which a component of ours that comes late provides this.
    fn component_arrival(&self, what: &str) -> Option<Phase> {
        match what {
            "ingress" | "traefik" | "ingress-nginx" | "gateway" => {
                self.ingress.as_ref().map(super::Ingress::since)
            }
            "certificates" | "issuers" => self.certificates_since(),
            "dns" | "powerdns" => self.dns.as_ref().map(|_| Phase::Dns),
            "website" => self.website.as_ref().map(super::Website::since),
            _ => None,
        }
    }

    /// Every host that is served through the ingress in a phase, in the order of who serves it.
    pub fn served_hosts(&self, phase: Phase) -> impl Iterator<Item = &Spanned<Hostname>> {
        let extra = self
            .ingress
            .iter()
            .filter(move |ingress| ingress.since() <= phase)
            .flat_map(|ingress| &ingress.hosts);
        let website =
            self.website.iter().filter(move |it| it.since() <= phase).flat_map(super::Website::hosts);
        let apps = self
            .apps
            .iter()
            .filter(move |(name, app)| self.app_phases(name, app).contains(phase))
            .flat_map(|(_, app)| &app.hosts);
        extra.chain(website).chain(apps)
    }

    /// The storage class of this name.
    pub fn storage_class(&self, name: &str) -> Option<(&Spanned<Name>, &super::StorageClass)> {
        self.storage.classes.get_key_value(name)
    }
}
