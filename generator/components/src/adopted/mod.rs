//! What the repository holds already, as the checks see it: the objects that Flux applies today, Cilium's values,
//! patches of Talos. Reading files is not done here.

mod gap;
mod landing;
mod object;
mod order;
mod pods;
mod provided;

pub use gap::{Gap, Why};
pub use landing::{Member, landing};
pub use object::{Object, Release, Text};
pub use order::Order;
pub use pods::{Pods, Strategy};
pub use provided::groups;

use crate::Plan;
use model::{Node, Span, Spanned, definition::App, scalar::Name};

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Adopted {
    /// Every object, once, whoever applies it; in the order in which it was found.
    pub objects: Vec<Object>,
    /// What is applied together.
    pub bundles: Vec<Bundle>,
    /// The Helm values of Cilium that are in use today.
    pub cilium: Option<Node>,
    /// Documents of Talos machine configuration.
    pub talos: Vec<Node>,
    /// The kustomization.yaml files on the way.
    pub kustomizations: Vec<Node>,
    /// What is referred to, and could not be had.
    pub gaps: Vec<Gap>,
    /// Apps of which nothing is known, as no checkout of their source is at hand.
    pub unknown: Vec<String>,
}

/// What is applied together: the directory of an app or of a Flux Kustomization that exists, or of both.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The directory, from the root of its repository.
    pub path: String,
    /// The app of the definition that adopts it.
    pub app: Option<String>,
    /// The Flux Kustomization of today: its place among the objects.
    pub kustomization: Option<usize>,
    /// Whether it is one of `existing.flux` or `existing.manifests`, which no Kustomization that we know applies.
    pub root: bool,
    /// The namespace of objects that name none.
    pub namespace: Option<String>,
    /// Places among the objects.
    pub objects: Vec<usize>,
}

impl Adopted {
    /// The objects of a bundle.
    pub fn objects_of<'a>(&'a self, bundle: &'a Bundle) -> impl Iterator<Item = &'a Object> {
        bundle.objects.iter().map(|at| &self.objects[*at])
    }

    /// Every object with the bundle that applies it, in one phase.
    pub fn in_phase<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (&'a Bundle, &'a Object)> {
        self.bundles
            .iter()
            .filter(|bundle| bundle.there_in(plan))
            .flat_map(|bundle| self.objects_of(bundle).map(move |object| (bundle, object)))
    }

    /// Everything that makes pods, in one phase.
    pub fn pods<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (&'a Bundle, Pods<'a>)> {
        self.in_phase(plan).filter_map(|(bundle, object)| Some((bundle, Pods::of(object)?)))
    }

    /// Every Helm release, in one phase.
    pub fn releases<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (&'a Bundle, Release<'a>)> {
        self.in_phase(plan).filter_map(|(bundle, object)| {
            let release = Release::of(object)?;
            Some((bundle, Release { chart: release.chart.or_else(|| self.chart_of(object)), ..release }))
        })
    }

    /// The chart of a release that refers to it as an OCI artifact: the last part of the artifact's name.
    fn chart_of<'a>(&'a self, release: &'a Object) -> Option<Text<'a>> {
        let name = release.node.at("spec.chartRef.name")?;
        let source = self.objects.iter().find(|it| {
            it.is("source.toolkit.fluxcd.io", "OCIRepository") && Some(it.name.as_str()) == name.str()
        })?;
        let value = source.node.str_at("spec.url")?.rsplit('/').next()?;
        Some(Text { value, span: name.span })
    }

    /// The releases of a chart, in one phase.
    pub fn releases_of<'a>(
        &'a self,
        plan: &'a Plan,
        chart: &'a str,
    ) -> impl Iterator<Item = (&'a Bundle, Release<'a>)> {
        self.releases(plan).filter(move |(_, release)| release.chart.is_some_and(|it| it.value == chart))
    }
}

impl Bundle {
    /// The app of the definition that adopts it.
    pub fn app<'a>(&self, plan: &Plan<'a>) -> Option<(&'a Spanned<Name>, &'a App)> {
        plan.definition.apps.get_key_value(self.app.as_deref()?)
    }

    /// Whether it is applied in this phase: an app in its own phases, all else always.
    pub fn there_in(&self, plan: &Plan) -> bool {
        self.app(plan).is_none_or(|(name, app)| plan.definition.app_phases(name, app).contains(plan.phase))
    }

    /// The site where the definition puts its pods.
    pub fn site<'a>(&self, plan: &Plan<'a>) -> Option<&'a Spanned<Name>> {
        self.app(plan)?.1.site.as_ref()
    }

    /// What a person calls it.
    pub fn name<'a>(&'a self, adopted: &'a Adopted) -> &'a str {
        let kustomization = self.kustomization.map(|at| adopted.objects[at].name.as_str());
        self.app.as_deref().or(kustomization).unwrap_or(&self.path)
    }

    /// Where it is declared: the Flux Kustomization's name, or the app in the definition.
    pub fn span(&self, plan: &Plan) -> Span {
        self.app(plan)
            .map(|(name, _)| name.span)
            .or_else(|| self.found(plan.adopted).map(Object::span))
            .unwrap_or_default()
    }

    /// The Flux Kustomization of today.
    pub fn found<'a>(&self, adopted: &'a Adopted) -> Option<&'a Object> {
        self.kustomization.map(|at| &adopted.objects[at])
    }

    /// The namespace of an object of it.
    pub fn namespace<'a>(&'a self, object: &'a Object) -> Option<&'a str> {
        object.namespace.as_deref().or(self.namespace.as_deref())
    }
}
