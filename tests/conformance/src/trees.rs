//! The trees that engines read: folders that somebody names, or every committed cluster in every phase.

use crate::{engine, fault::Fault};
use compiler::{Cluster, Options, load};
use model::{Phase, Sources};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What is to be read.
#[derive(Debug)]
pub(crate) enum Scope {
    /// These trees alone.
    Given(Vec<Tree>),
    /// The clusters of this repository, and what else the suite has.
    Whole(Vec<Committed>),
}

/// A cluster of this repository.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) cluster: Cluster,
    /// The tree that lies beside it.
    pub(crate) tree: Tree,
}

/// A tree and what it is called.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) title: String,
    /// The content of each file, by its path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Scope {
    pub(crate) fn new(given: &[PathBuf]) -> Result<Self, Fault> {
        if !given.is_empty() {
            let read = given.iter().map(|folder| Tree::read(folder, folder.display().to_string()));
            return Ok(Self::Given(read.collect::<Result<_, _>>()?));
        }
        let suite = engine::suite();
        let root = load::find_root(&suite).map_err(|it| Fault::new(it.to_string()))?;
        let folders = load::find(&root, &[]).map_err(|it| Fault::new(it.to_string()))?;
        let clusters = folders.iter().map(|folder| {
            let cluster = load::load(&root, folder).map_err(|it| Fault::new(it.to_string()))?;
            let title = format!("{}, committed", cluster.name);
            Ok(Committed { cluster, tree: Tree::read(&folder.join("generated"), title)? })
        });
        Ok(Self::Whole(clusters.collect::<Result<_, Fault>>()?))
    }

    /// The given trees; or the committed ones, and each cluster's in every phase.
    pub(crate) fn trees(&self) -> Result<Vec<Tree>, Fault> {
        match self {
            Self::Given(trees) => {
                Ok(trees.iter().map(|it| Tree { title: it.title.clone(), files: it.files.clone() }).collect())
            }
            Self::Whole(clusters) => {
                let mut trees = Vec::new();
                for Committed { cluster, tree } in clusters {
                    trees.push(Tree { title: tree.title.clone(), files: tree.files.clone() });
                    for phase in Phase::ALL {
                        trees.push(Tree::render(cluster, phase, format!("{}, {phase}", cluster.name))?);
                    }
                }
                Ok(trees)
            }
        }
    }
}

impl Tree {
    fn read(folder: &Path, title: String) -> Result<Self, Fault> {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(&next).map_err(Fault::at(&next))? {
                let path = entry.map_err(Fault::at(&next))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(folder).expect("it lies within").display().to_string();
                    files.insert(name, fs::read(&path).map_err(Fault::at(&path))?);
                }
            }
        }
        Ok(Self { title, files })
    }

    /// What a cluster renders to in a phase. A definition that does not compile is a fault of the suite.
    pub(crate) fn render(cluster: &Cluster, phase: Phase, title: String) -> Result<Self, Fault> {
        let compiled = compiler::compile(cluster, Options { phase: Some(phase) });
        let refused = || compiled.diagnostics.render(&cluster.sources, false);
        let tree = compiled.tree.as_ref().ok_or_else(|| Fault::new(format!("{title}:\n{}", refused())))?;
        Ok(Self::of(tree, title))
    }

    pub(crate) fn of(tree: &tree::Tree, title: String) -> Self {
        let files = tree.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
        Self { title, files }
    }

    /// A file as text; nothing where it is not there.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|it| String::from_utf8_lossy(it).into_owned())
    }

    /// Writes the tree below a folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Fault> {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            let above = path.parent().expect("a file lies in a folder");
            fs::create_dir_all(above).map_err(Fault::at(above))?;
            fs::write(&path, bytes).map_err(Fault::at(&path))?;
        }
        Ok(())
    }
}

/// The same cluster with another definition.
pub(crate) fn with_definition(cluster: &Cluster, text: &str) -> Cluster {
    Cluster {
        name: cluster.name.clone(),
        sources: Sources::single("cluster.yaml", text),
        definition: model::FileId(0),
        files: cluster.files.clone(),
        // What the repository holds already has no part in what is rendered.
        adopted: components::Adopted::default(),
    }
}
