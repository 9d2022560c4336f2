//! The documents of a Talos machine configuration that we write, as typed values; field order is key order.
//!
//! Only the fields that a patch of ours can hold are here, in the spelling of
//! `siderolabs/talos: pkg/machinery/config/types`.

mod config;
mod kubernetes;
mod network;
mod system;

pub(super) use config::*;
pub(super) use kubernetes::*;
pub(super) use network::*;
pub(super) use system::*;

use serde::Serialize;
use tree::Object;

/// A document beside the main one: it has a kind, and often a name.
pub(super) trait Kind: Serialize {
    const KIND: &'static str;

    fn object(&self) -> Object {
        Object::new(&Document { api_version: API_VERSION, kind: Self::KIND, body: self })
    }
}

const API_VERSION: &str = "v1alpha1";

#[derive(Serialize)]
struct Document<'a, T: Serialize + ?Sized> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// Takes a document of the generated base away; Talos passes over one that is not there.
pub(super) fn delete(kind: &'static str, name: Option<&'static str>) -> Object {
    #[derive(Serialize)]
    struct Delete {
        #[serde(rename = "apiVersion")]
        api_version: &'static str,
        kind: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'static str>,
        #[serde(rename = "$patch")]
        patch: &'static str,
    }
    Object::new(&Delete { api_version: API_VERSION, kind, name, patch: "delete" })
}

/// Whether a field has nothing to say, and stays out.
fn empty<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
