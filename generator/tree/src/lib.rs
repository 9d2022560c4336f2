//! What the output is: typed objects, how they print, and how a tree reaches the disk.
pub use k8s_openapi;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Object(Value);
impl Object {
    pub fn new(typed: &impl Serialize) -> Self {
        Self(serde_json::to_value(typed).expect("serializes"))
    }
    pub fn value(&self) -> &Value {
        &self.0
    }
    pub fn kind(&self) -> &str {
        self.0["kind"].as_str().unwrap_or_default()
    }
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }
    pub fn file_name(&self, component: &str) -> String {
        let kind = self.kind().to_lowercase();
        if self.name() == component { format!("{kind}.yaml") } else { format!("{kind}-{}.yaml", self.name()) }
    }
}
pub fn print_documents(source: &str, command: &str, documents: &[&Object]) -> String {
    let mut out = format!("# Generated from {source}; do not edit.\n# {command}\n");
    for document in documents {
        out.push_str("---\n");
        out.push_str(&serde_saphyr::to_string(&document.0).expect("prints"));
    }
    out
}
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<String, Vec<u8>>);
impl Tree {
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let path = path.into();
        assert!(self.0.insert(path.clone(), bytes.into()).is_none(), "two emitters write {path}");
    }
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }
}
