//! When things arrive: the first phase in which something is there, and what is served by then.

use super::{App, Definition};
use crate::{
    Phase, Phases, Spanned,
    scalar::{Hostname, Name},
};

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
            since: self.app_since(name, app, &mut Vec::new()),
            until: app.until.as_ref().map_or(Phase::Cleanup, |it| it.value),
        }
    }

    fn app_since<'a>(&'a self, name: &'a str, app: &'a App, seen: &mut Vec<&'a str>) -> Phase {
        if let Some(since) = &app.since {
            return since.value;
        }
        // A cycle of needs has a check of its own.
        if seen.contains(&name) {
            return Phase::Prerequisites;
        }
        seen.push(name);
        let since = app.needs.iter().map(|need| self.arrival(need, seen)).max();
        seen.pop();
        since.unwrap_or(Phase::Prerequisites)
    }

    /// The first phase in which an app, or a component that comes late, provides this.
    fn arrival<'a>(&'a self, what: &'a str, seen: &mut Vec<&'a str>) -> Phase {
        let apps = self.apps.iter().filter(|(name, app)| {
            ****name == *what || app.provides.iter().any(|provided| ***provided == *what)
        });
        let mut firsts: Vec<Phase> = apps.map(|(name, app)| self.app_since(name, app, seen)).collect();
        match what {
            "ingress" | "traefik" | "ingress-nginx" | "gateway" => {
                firsts.extend(self.ingress.as_ref().map(super::Ingress::since));
            }
            "certificates" | "issuers" => firsts.extend(self.certificates_since()),
            "dns" | "powerdns" if self.dns.is_some() => firsts.push(Phase::Dns),
            "website" => firsts.extend(self.website.as_ref().map(super::Website::since)),
            _ => {}
        }
        firsts.into_iter().min().unwrap_or(Phase::Prerequisites)
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
