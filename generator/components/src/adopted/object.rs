//! An object of Kubernetes as a file says it, and the Helm releases among them.

use model::{Node, Span, Spanned};

/// An object, after the patches and the namespace of the kustomizations on its way.
#[derive(Clone, Debug)]
pub struct Object {
    pub api_version: Spanned<String>,
    pub kind: Spanned<String>,
    pub name: String,
    pub namespace: Option<String>,
    pub node: Node,
    /// The file that holds it.
    pub path: String,
    /// How often it is drawn in: the document is one, and two kustomizations may apply it.
    pub document: usize,
}

impl Object {
    /// The object in a document; nothing where it is none.
    pub fn of(node: Node, path: &str, document: usize) -> Option<Self> {
        let text = |key: &str| {
            let value = node.get(key)?;
            Some(Spanned::new(value.str()?.to_owned(), value.span))
        };
        let (api_version, kind) = (text("apiVersion")?, text("kind")?);
        let name = node.str_at("metadata.name").unwrap_or_default().to_owned();
        let namespace = node.str_at("metadata.namespace").map(Into::into);
        Some(Self { api_version, kind, name, namespace, node, path: path.into(), document })
    }

    /// The API's group, empty for the core.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind.value == kind && self.group() == group
    }

    /// Where its name stands; its kind, where it has none.
    pub fn span(&self) -> Span {
        self.node.at("metadata.name").map_or(self.kind.span, |name| name.span)
    }

    /// `Deployment gitea`, as a person says it.
    pub fn title(&self) -> String {
        format!("{} `{}`", self.kind, self.name)
    }

    pub fn is_flux_kustomization(&self) -> bool {
        self.is("kustomize.toolkit.fluxcd.io", "Kustomization")
    }

    /// Whether SOPS encrypted it.
    pub fn encrypted(&self) -> bool {
        self.node.get("sops").is_some()
    }

    /// The annotations' keys and values.
    pub fn annotations(&self) -> &[(Spanned<String>, Node)] {
        self.node.at("metadata.annotations").map_or(&[], Node::entries)
    }
}

/// A HelmRelease: its chart, and what it is told.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    pub object: &'a Object,
    /// The chart's name, and where it stands.
    pub chart: Option<Text<'a>>,
    pub version: Option<Text<'a>>,
    pub values: Option<&'a Node>,
}

/// A text and its place.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub value: &'a str,
    pub span: Span,
}

impl<'a> Text<'a> {
    pub fn of(node: &'a Node) -> Option<Self> {
        Some(Self { value: node.str()?, span: node.span })
    }
}

impl<'a> Release<'a> {
    pub fn of(object: &'a Object) -> Option<Self> {
        if !object.is("helm.toolkit.fluxcd.io", "HelmRelease") {
            return None;
        }
        let text = |path: &str| object.node.at(path).and_then(Text::of);
        // A chart of a Git repository is named by its folder.
        let chart = text("spec.chart.spec.chart")
            .map(|it| Text { value: it.value.rsplit('/').next().unwrap_or_default(), ..it });
        Some(Self {
            object,
            chart,
            version: text("spec.chart.spec.version"),
            values: object.node.at("spec.values"),
        })
    }

    /// A value that is given: `controller.hostNetwork`.
    pub fn value(&self, path: &str) -> Option<&'a Node> {
        self.values?.at(path)
    }

    /// The namespace that its objects come into.
    pub fn namespace(&self) -> Option<&'a str> {
        self.object.node.str_at("spec.targetNamespace").or(self.object.namespace.as_deref())
    }
}
