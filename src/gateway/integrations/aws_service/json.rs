//! AWS JSON: an object, and the operation's name in a header.

use super::subtype::{Kind, Place};
use super::{Asked, Given};
use crate::gateway::lambda::json::{Object, object};

/// The object of an operation; `within` is the list of which it is the only element.
pub(super) fn ask(version: &str, target: &'static str, within: Option<&str>, given: &Given<'_>) -> Asked {
    let mut body = Vec::with_capacity(256);
    object(&mut body, |whole| match within {
        None => members(whole, given),
        Some(name) => {
            let mut entry = b"[".to_vec();
            object(&mut entry, |entry| members(entry, given));
            entry.push(b']');
            whole.json(name, &entry);
        }
    });
    let headers = vec![
        (b"content-type".into(), format!("application/x-amz-json-{version}").into_bytes().into()),
        (b"x-amz-target".into(), target.as_bytes().into()),
    ];
    Asked { method: "POST", path: "/".to_owned(), headers, body }
}

fn members(object: &mut Object<'_>, given: &Given<'_>) {
    for (parameter, value) in &given.values {
        let Place::Member(name) = parameter.place else { continue };
        match parameter.kind {
            Kind::Number | Kind::Flag | Kind::Time | Kind::Object | Kind::List | Kind::Attributes => {
                object.json(name, value.as_bytes());
            }
            Kind::Text | Kind::Code | Kind::Queue | Kind::Bucket | Kind::Bytes => object.text(name, value),
        }
    }
}
