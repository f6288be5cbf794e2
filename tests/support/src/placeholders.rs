//! What stands for something else in a case file: `<a*3>`, `<hash KEY>`, and the tokens of [`crate::tokens`].
//!
//! Answers and expectations are expanded when the file is read ([`text`], [`json`]). A request is expanded just before it is
//! sent ([`request`]), because what it holds may depend on the time, on secrets or on all the rest of it: signatures do.

use crate::format::Request;
use crate::tokens;
use regex_lite::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

/// What a request's placeholders may depend on, beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The gateway's wall clock when it gets the request, in milliseconds.
    pub now_millis: u64,
    /// The file's `secrets`.
    pub secrets: &'a BTreeMap<String, String>,
}

/// The request as it is sent.
#[must_use]
pub fn request(written: &Request, moment: &Moment<'_>) -> Request {
    let mut request = written.clone();
    request.path = text(&request.path);
    for (_, value) in &mut request.headers {
        *value = text(value);
    }
    request.body = request.body.as_deref().map(text);
    for (_, value) in request.sign.iter_mut().flat_map(|sign| sign.replace.iter_mut().chain(&mut sign.add)) {
        *value = text(value);
    }
    // What covers the whole request comes last.
    request.signed(SystemTime::UNIX_EPOCH + Duration::from_millis(moment.now_millis))
}

/// Expands what depends on nothing.
#[must_use]
pub fn text(written: &str) -> String {
    repeat(&tokens::expand(written))
}

/// Replaces `<a*3>` by `aaa`.
pub(crate) fn repeat(written: &str) -> String {
    let Ok(repeat) = Regex::new(r"<([^<>])\*([0-9]+)>") else { return written.to_owned() };
    repeat
        .replace_all(written, |found: &regex_lite::Captures<'_>| {
            found[1].repeat(found[2].parse().unwrap_or(0))
        })
        .into_owned()
}

/// The same in every text of a value.
pub fn json(value: &mut Value) {
    match value {
        Value::String(written) => *written = text(written),
        Value::Array(items) => items.iter_mut().for_each(json),
        Value::Object(members) => members.values_mut().for_each(json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces `<hash KEY>` in a gateway's document by what stands there in the API key's place: the filter takes hashes only.
pub fn hashes(document: &mut Value) {
    match document {
        Value::String(text) => {
            if let Some(key) = text.strip_prefix("<hash ").and_then(|rest| rest.strip_suffix('>')) {
                *text = hash(key);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hashes),
        Value::Object(members) => members.values_mut().for_each(hashes),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn hash(key: &str) -> String {
    Sha256::digest(key).iter().fold("sha256:".to_owned(), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}
