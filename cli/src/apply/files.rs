//! The files that Envoy watches, as they are before a change.

use super::Error;
use crate::render::dynamic::{self, Watched};
use serde_json::Value;
use std::collections::BTreeMap;

/// The text of a file, to put it back.
pub(super) fn keep(file: &Watched) -> Result<String, Error> {
    let path = file.path();
    std::fs::read_to_string(&path).map_err(|error| Error::Folder { path, why: error.to_string() })
}

/// The resources of a file.
pub(super) fn read(file: &Watched) -> Result<Vec<Value>, Error> {
    let response: Value = serde_yaml_ng::from_str(&keep(file)?)
        .map_err(|error| Error::Folder { path: file.path(), why: error.to_string() })?;
    Ok(response.get("resources").and_then(Value::as_array).cloned().unwrap_or_default())
}

pub(super) fn typed(type_url: &str, resources: &[Value]) -> Vec<Value> {
    resources.iter().map(|resource| dynamic::typed(type_url, resource)).collect()
}

pub(super) fn by_name(resources: Vec<Value>) -> BTreeMap<String, Value> {
    let name = |it: Value| Some((it.get("name")?.as_str()?.to_owned(), untyped(it)));
    resources.into_iter().filter_map(name).collect()
}

/// A resource without the type that its file gives it.
pub(super) fn untyped(mut resource: Value) -> Value {
    if let Some(resource) = resource.as_object_mut() {
        resource.remove("@type");
    }
    resource
}
