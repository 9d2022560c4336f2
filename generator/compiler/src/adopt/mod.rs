//! Reads what the repository holds already and the definition adopts: each directory as Flux would apply it.
//!
//! The walk asks a [`Disk`] for one file at a time, and nothing else here knows where files come from.

mod found;
mod kustomize;
mod patch;
mod yaml;

pub(crate) use found::found;

use components::adopted::{Adopted, Bundle, Gap, Object, Why};
use model::{Definition, Node, Sources, Span, Spanned, scalar::RelativePath};
use std::collections::{BTreeMap, BTreeSet};

/// Where files come from. Paths are relative to a root, with `/` between their parts.
pub(crate) trait Disk {
    /// What is there; a symbolic link on the way is none of it.
    fn look(&mut self, root: &str, path: &str) -> Result<Kind, Why>;
    /// The names in a directory, sorted.
    fn list(&mut self, root: &str, path: &str) -> Result<Vec<String>, Why>;
    /// The text of a file.
    fn text(&mut self, root: &str, path: &str) -> Result<String, Why>;
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// Reads all that a definition adopts.
pub(crate) fn adopt(definition: &Definition, sources: &mut Sources, disk: &mut dyn Disk) -> Adopted {
    let mut walk = Walk {
        definition,
        sources,
        disk,
        files: BTreeMap::new(),
        adopted: Adopted::default(),
        places: BTreeMap::new(),
        reported: BTreeSet::new(),
    };
    walk.apps();
    for path in &definition.existing.flux {
        walk.start(path);
    }
    for path in &definition.existing.manifests {
        walk.start(path);
    }
    for path in &definition.existing.talos_patches {
        walk.talos(path);
    }
    if let Some(path) = &definition.cni.cilium.values_file {
        let documents = walk.documents("", &plain(path), path.span);
        walk.adopted.cilium = documents.into_iter().next().map(|(_, node)| node);
    }
    walk.adopted
}

struct Walk<'a> {
    definition: &'a Definition,
    sources: &'a mut Sources,
    disk: &'a mut dyn Disk,
    /// The documents of each file, numbered.
    files: BTreeMap<(String, String), Vec<(usize, Node)>>,
    adopted: Adopted,
    /// The bundle of each directory.
    places: BTreeMap<(String, String), usize>,
    reported: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    fn apps(&mut self) {
        for (name, app) in &self.definition.apps {
            let source = app.source.as_ref().map_or(&*self.definition.cluster.flux.source.value, |it| &***it);
            let Some(root) = self.root(source) else {
                self.adopted.unknown.push(name.to_string());
                continue;
            };
            let bundle = self.bundle(&root, &app.path, app.path.span, Some(app.namespace.to_string()));
            let bundle = &mut self.adopted.bundles[bundle];
            bundle.app.get_or_insert_with(|| name.to_string());
        }
    }

    /// The root of a source: this repository, a checkout, or nothing where there is none.
    fn root(&self, source: &str) -> Option<String> {
        match self.definition.sources.get(source) {
            Some(declared) => declared.checkout.as_ref().map(|it| it.trim_end_matches('/').to_owned()),
            None => (*source == **self.definition.cluster.flux.source).then(String::new),
        }
    }

    /// A directory that Flux starts from.
    fn start(&mut self, path: &Spanned<RelativePath>) {
        let bundle = self.bundle("", path, path.span, None);
        self.adopted.bundles[bundle].root = true;
    }

    /// The bundle of a directory, read if it was not yet, with all that the Kustomizations in it apply.
    fn bundle(&mut self, root: &str, path: &str, from: Span, namespace: Option<String>) -> usize {
        let place = (root.to_owned(), plain(path));
        if let Some(at) = self.places.get(&place) {
            return *at;
        }
        let at = self.adopted.bundles.len();
        self.places.insert(place.clone(), at);
        self.adopted.bundles.push(Bundle {
            path: place.1.clone(),
            app: None,
            kustomization: None,
            root: false,
            namespace,
            objects: Vec::new(),
        });
        let objects = kustomize::build(self, root, &place.1, from, &mut Vec::new());
        let first = self.adopted.objects.len();
        self.adopted.bundles[at].objects = (first..first + objects.len()).collect();
        self.adopted.objects.extend(objects);
        for index in self.adopted.bundles[at].objects.clone() {
            if self.adopted.objects[index].is_flux_kustomization() {
                self.follow(root, index);
            }
        }
        at
    }

    /// Reads what a Flux Kustomization applies.
    fn follow(&mut self, root: &str, index: usize) {
        let object = self.adopted.objects[index].clone();
        let Some(path) = object.node.at("spec.path") else { return };
        let Some(text) = path.str() else { return };
        let ours = plain(&self.definition.cluster.flux.path);
        let source = object.node.str_at("spec.sourceRef.name").unwrap_or_default();
        let declared = self.definition.sources.contains_key(source);
        // The repository's own GitRepository may have any name, so one that nothing declares is this.
        let git = object.node.str_at("spec.sourceRef.kind").is_none_or(|kind| kind == "GitRepository");
        let other = self.adopted.objects.iter().any(|it| {
            it.name == source
                && it.is("source.toolkit.fluxcd.io", "GitRepository")
                && !it.path.contains("gotk")
        });
        let root = if declared { self.root(source) } else { (git && !other).then(|| root.to_owned()) };
        let Some(root) = root else { return };
        if plain(text) == ours || object.encrypted() || text.contains("${") {
            return;
        }
        let namespace = object.node.str_at("spec.targetNamespace").map(Into::into);
        let bundle = self.bundle(&root, text, path.span, namespace);
        let bundle = &mut self.adopted.bundles[bundle];
        if bundle.kustomization.is_none() {
            bundle.kustomization = Some(index);
            let mut objects: Vec<Object> =
                bundle.objects.iter().map(|at| self.adopted.objects[*at].clone()).collect();
            for fix in object.node.items_at("spec.patches") {
                patch::apply(fix, &mut objects);
            }
            for (at, object) in bundle.objects.iter().zip(objects) {
                self.adopted.objects[*at] = object;
            }
        }
    }

    fn talos(&mut self, path: &Spanned<RelativePath>) {
        let place = plain(path);
        for file in kustomize::below(self, "", &place, path.span) {
            let documents = self.documents("", &file, path.span);
            self.adopted.talos.extend(documents.into_iter().map(|(_, node)| node));
        }
    }

    /// The documents of a file, each with its number. What hinders it becomes a gap.
    fn documents(&mut self, root: &str, path: &str, from: Span) -> Vec<(usize, Node)> {
        let key = (root.to_owned(), path.to_owned());
        if let Some(documents) = self.files.get(&key) {
            return documents.clone();
        }
        let documents = match self.disk.text(root, path) {
            Err(why) => {
                self.gap(root, path, from, why);
                Vec::new()
            }
            Ok(text) => {
                let shown = if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") };
                let file = self.sources.add(shown, text);
                match yaml::read(self.sources.text(file), file) {
                    Ok(documents) => {
                        let first = self.files.values().map(Vec::len).sum::<usize>();
                        documents.into_iter().enumerate().map(|(i, node)| (first + i, node)).collect()
                    }
                    Err(broken) => {
                        self.gap(root, path, from, Why::NotYaml { at: broken.at, message: broken.message });
                        Vec::new()
                    }
                }
            }
        };
        self.files.insert(key, documents.clone());
        documents
    }

    fn gap(&mut self, root: &str, path: &str, from: Span, why: Why) {
        if self.reported.insert((root.to_owned(), path.to_owned())) {
            let why = if why == (Why::Missing { close: None }) {
                Why::Missing { close: self.close(root, path) }
            } else {
                why
            };
            self.adopted.gaps.push(Gap { path: path.into(), from, why });
        }
    }

    /// The path most like one that is missing: its nearest folder that is there, and the name most like the next.
    fn close(&mut self, root: &str, path: &str) -> Option<String> {
        let mut there = String::new();
        for part in path.split('/') {
            let next = join(&there, part)?;
            if self.disk.look(root, &next).is_err() {
                let names = self.disk.list(root, &there).ok()?;
                let close = crate::closest(part, names.iter().map(String::as_str))?;
                let rest = path.get(next.len()..).unwrap_or_default();
                let whole = format!("{}{rest}", join(&there, close)?);
                return self.disk.look(root, &whole).is_ok().then_some(whole);
            }
            there = next;
        }
        None
    }
}

/// A path without `./` and the slash at its end; the root is empty.
fn plain(path: &str) -> String {
    join("", path).unwrap_or_default()
}

/// A path from a folder on; nothing where it leads out of the root.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
