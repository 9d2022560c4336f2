//! What kustomize makes of a directory: its resources and components, its namespace, patches and images.
//!
//! Generators, replacements and what lies behind a URL are left out: no check asks for what they make.

use super::{Kind, Walk, join, patch};
use components::adopted::{Object, Why};
use model::{Node, Span, node::Value};

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Directories lie no deeper within each other.
const DEEPEST: usize = 32;

/// The objects of a directory, in the order in which it names them.
pub(super) fn build(
    walk: &mut Walk,
    root: &str,
    path: &str,
    from: Span,
    trail: &mut Vec<String>,
) -> Vec<Object> {
    if trail.iter().any(|it| it == path) || trail.len() >= DEEPEST {
        walk.gap(root, path, from, Why::Circle);
        return Vec::new();
    }
    match walk.disk.look(root, path) {
        Err(why) => {
            walk.gap(root, path, from, why);
            return Vec::new();
        }
        Ok(Kind::File) => return objects(walk, root, path, from),
        Ok(Kind::Folder) => {}
    }
    let names = match walk.disk.list(root, path) {
        Ok(names) => names,
        Err(why) => {
            walk.gap(root, path, from, why);
            return Vec::new();
        }
    };
    trail.push(path.to_owned());
    let objects = match NAMES.iter().find(|name| names.iter().any(|it| it == *name)) {
        Some(name) => listed(walk, root, path, name, from, trail),
        None => all(walk, root, path, &names, from, trail),
    };
    trail.pop();
    objects
}

/// Every manifest below a directory without a kustomization.yaml: Flux writes one that lists them all.
fn all(
    walk: &mut Walk,
    root: &str,
    path: &str,
    names: &[String],
    from: Span,
    trail: &mut Vec<String>,
) -> Vec<Object> {
    let mut found = Vec::new();
    for name in names.iter().filter(|name| !name.starts_with('.')) {
        let Some(below) = join(path, name) else { continue };
        match walk.disk.look(root, &below) {
            Ok(Kind::Folder) => found.extend(build(walk, root, &below, from, trail)),
            Ok(Kind::File) if manifest(name) => found.extend(objects(walk, root, &below, from)),
            Err(why @ (Why::TooMuch | Why::Refused(_))) => walk.gap(root, &below, from, why),
            _ => {}
        }
    }
    found
}

/// The files of manifests at a path: itself, or those below it.
pub(super) fn below(walk: &mut Walk, root: &str, path: &str, from: Span) -> Vec<String> {
    match walk.disk.look(root, path) {
        Err(why) => walk.gap(root, path, from, why),
        Ok(Kind::File) => return vec![path.to_owned()],
        Ok(Kind::Folder) => {
            let names = walk.disk.list(root, path).unwrap_or_default();
            let manifests = names.iter().filter(|name| manifest(name) && !name.starts_with('.'));
            return manifests.filter_map(|name| join(path, name)).collect();
        }
    }
    Vec::new()
}

fn manifest(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "yaml" | "yml" | "json")
}

/// What a kustomization.yaml lists, changed as it says.
fn listed(
    walk: &mut Walk,
    root: &str,
    path: &str,
    name: &str,
    from: Span,
    trail: &mut Vec<String>,
) -> Vec<Object> {
    let Some(file) = join(path, name) else { return Vec::new() };
    let documents = walk.documents(root, &file, from);
    let Some((_, kustomization)) = documents.into_iter().next() else { return Vec::new() };
    let mut found = Vec::new();
    for key in ["resources", "bases", "components"] {
        for entry in kustomization.items_at(key) {
            let Some(text) = entry.str().filter(|text| !remote(text)) else { continue };
            match join(path, text) {
                Some(below) => found.extend(build(walk, root, &below, entry.span, trail)),
                None => walk.gap(root, text, entry.span, Why::Outside),
            }
        }
    }
    if let Some(namespace) = kustomization.str_at("namespace") {
        for object in found.iter_mut().filter(|it| !of_no_namespace(&it.kind)) {
            object.namespace = Some(namespace.into());
        }
    }
    for fix in kustomization.items_at("patches") {
        let file = fix.str_at("path").and_then(|it| join(path, it));
        match file {
            None => patch::apply(fix, &mut found),
            Some(file) => {
                let from = fix.at("path").map_or(fix.span, |it| it.span);
                for (_, document) in walk.documents(root, &file, from) {
                    patch::merge(&document, fix.get("target"), &mut found);
                }
            }
        }
    }
    for entry in kustomization.items_at("patchesStrategicMerge") {
        let Some(file) = entry.str().filter(|it| !it.contains('\n')).and_then(|it| join(path, it)) else {
            continue;
        };
        for (_, document) in walk.documents(root, &file, entry.span) {
            patch::merge(&document, None, &mut found);
        }
    }
    for image in kustomization.items_at("images") {
        for object in &mut found {
            rename(image, &mut object.node);
        }
    }
    walk.adopted.kustomizations.push(kustomization);
    found
}

/// Whether a resource is to be fetched from elsewhere.
fn remote(text: &str) -> bool {
    text.contains("://")
        || text.contains("?ref=")
        || text.starts_with("git@")
        || text.starts_with("github.com/")
}

fn of_no_namespace(kind: &str) -> bool {
    kind.starts_with("Cluster")
        || matches!(
            kind,
            "Namespace"
                | "CustomResourceDefinition"
                | "StorageClass"
                | "IngressClass"
                | "PersistentVolume"
                | "PriorityClass"
        )
}

/// Gives an image of a kustomization's `images` to the containers that have it.
fn rename(image: &Node, node: &mut Node) {
    let Some(name) = image.str_at("name") else { return };
    let new = |key: &str| image.get(key).and_then(Node::printed);
    if let Value::Mapping(mapping) = &mut node.value {
        for (key, value) in &mut mapping.entries {
            let Value::Text(text) = &mut value.value else {
                rename(image, value);
                continue;
            };
            let (bare, rest) = split(text);
            if key.value != "image" || bare != name {
                continue;
            }
            let rest = match (new("digest"), new("newTag")) {
                (Some(digest), _) => format!("@{digest}"),
                (None, Some(tag)) => format!(":{tag}"),
                (None, None) => rest.to_owned(),
            };
            *text = format!("{}{rest}", new("newName").unwrap_or_else(|| bare.to_owned()));
            value.span = image.get("name").map_or(value.span, |it| it.span);
        }
    } else if let Value::Sequence(items) = &mut node.value {
        for item in items {
            rename(image, item);
        }
    }
}

/// An image's name, and its tag or digest with the sign before it.
fn split(image: &str) -> (&str, &str) {
    let at = image.find('@').or_else(|| {
        let last = image.rfind('/').map_or(0, |slash| slash + 1);
        image[last..].find(':').map(|colon| last + colon)
    });
    image.split_at(at.unwrap_or(image.len()))
}

/// The objects of a file; those of a `List` each for itself.
fn objects(walk: &mut Walk, root: &str, path: &str, from: Span) -> Vec<Object> {
    let shown = if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") };
    let mut found = Vec::new();
    for (number, document) in walk.documents(root, path, from) {
        if document.str_at("kind").is_some_and(|kind| kind.ends_with("List"))
            && document.get("items").is_some()
        {
            found.extend(
                document.items_at("items").iter().filter_map(|it| Object::of(it.clone(), &shown, number)),
            );
        } else {
            found.extend(Object::of(document, &shown, number));
        }
    }
    found
}
