//! AWS Query: a form. SQS and SNS answer it in XML.

use super::subtype::{Kind, Place};
use super::value::{attributes, list};
use super::{Asked, Given};
use crate::gateway::integrations::backend_uri::encode_component;

/// The form of an operation, for a queue's path or the service's own.
pub(super) fn ask(action: &str, version: &str, given: &Given<'_>) -> Asked {
    let mut form = format!("Action={action}&Version={version}");
    let mut path = "/".to_owned();
    for (parameter, value) in &given.values {
        match (parameter.place, parameter.kind) {
            (Place::Path, _) => path = value.clone().into_owned(),
            (Place::Member(name), Kind::List) => {
                for (i, element) in list(value).unwrap_or_default().iter().enumerate() {
                    push(&mut form, &format!("{name}.{}", i + 1), element);
                }
            }
            (Place::Member(name), Kind::Attributes) => push_attributes(&mut form, name, value),
            (Place::Member(name), _) => push(&mut form, name, value),
            (Place::Query(_) | Place::Header(_) | Place::Body, _) => {}
        }
    }
    let kind = (b"content-type".into(), b"application/x-www-form-urlencoded; charset=utf-8".into());
    Asked { method: "POST", path, headers: vec![kind], body: form.into_bytes() }
}

fn push_attributes(form: &mut String, name: &str, value: &str) {
    for (i, (attribute, members)) in attributes(value).unwrap_or_default().iter().enumerate() {
        let place = format!("{name}.{}", i + 1);
        push(form, &format!("{place}.Name"), attribute);
        for (member, value) in members {
            push(form, &format!("{place}.Value.{member}"), value);
        }
    }
}

fn push(form: &mut String, name: &str, value: &str) {
    form.push('&');
    form.push_str(name);
    form.push('=');
    form.push_str(&encode_component(value));
}
