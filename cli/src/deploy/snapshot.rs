//! A snapshot of an API's live lists.

use super::release::json;
use super::text::{Layout, Step, Text, dedented, indented};
use crate::Error;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What a deployment holds.
const LISTS: [&str; 3] = ["routes", "integrations", "authorizers"];
/// Hexadecimal digits of an id: as many characters as AWS's ids have.
const ID_DIGITS: usize = 10;

/// A snapshot that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Snapshot {
    /// There is a deployment of this content.
    There { id: String },
    /// There is none; it is this.
    New { id: String, json: String },
}

/// Takes a snapshot of the live lists of the API at a place. Without a name it is named by its content.
///
/// # Errors
/// If a deployment of the name holds something else.
pub(super) fn take(text: &Text, api: &[Step<'static>; 2], id: Option<&str>) -> Result<Snapshot, Error> {
    let written = text.written(api)?.unwrap_or_default();
    let value: Value = serde_json::from_str(written)
        .map_err(|error| Error::failed("the document cannot be read again").because(error))?;
    let content = canonical_lists(&value);
    let deployments = value.get("deployments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let id_of = |deployment: &Value| {
        deployment.get("deploymentId").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let same = deployments.iter().find(|it| canonical_lists(it) == content).map(id_of);
    let id = match (id, same) {
        (None, Some(id)) => return Ok(Snapshot::There { id }),
        (None, None) => digest(&content),
        (Some(id), _) => id.to_owned(),
    };
    if let Some(named) = deployments.iter().find(|it| id_of(it) == id) {
        if canonical_lists(named) == content {
            return Ok(Snapshot::There { id });
        }
        return Err(Error::failed(format!(
            "there is a deployment `{id}`, and it is not what the live lists are now: deployments never change"
        ))
        .help("leave `--id` out, or give it another name"));
    }
    Ok(Snapshot::New { json: element(text, api, &id)?, id })
}

/// The deployment as it stands in the document: the lists word for word.
fn element(text: &Text, api: &[Step<'static>; 2], id: &str) -> Result<String, Error> {
    let [apis, at] = *api;
    let mut members = vec![format!("\"deploymentId\": {}", json(id))];
    let layout = text.layout(api)?;
    for list in LISTS {
        let Some(written) = text.written(&[apis, at, Step::Member(list)])? else { continue };
        let written = match &layout {
            Layout::Line => written.to_owned(),
            Layout::Lines { indent, unit } => indented(&dedented(written, indent), unit),
        };
        members.push(format!("\"{list}\": {written}"));
    }
    Ok(match layout {
        Layout::Line => format!("{{ {} }}", members.join(", ")),
        Layout::Lines { unit, .. } => format!("{{\n{unit}{}\n}}", members.join(&format!(",\n{unit}"))),
    })
}

/// The lists in one way of writing: an absent one is empty, and the order of members says nothing.
fn canonical_lists(owner: &Value) -> String {
    let mut text = String::new();
    for list in LISTS {
        match owner.get(list) {
            Some(value) => canonical(value, &mut text),
            None => text.push_str("[]"),
        }
        text.push('\n');
    }
    text
}

fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(elements) => {
            text.push('[');
            for element in elements {
                canonical(element, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            text.push('{');
            for (name, value) in members {
                text.push_str(&json(name));
                text.push(':');
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "{value}");
        }
    }
}

fn digest(content: &str) -> String {
    let mut id = String::new();
    for byte in Sha256::digest(content.as_bytes()) {
        let _ = write!(id, "{byte:02x}");
    }
    id.truncate(ID_DIGITS);
    id
}
