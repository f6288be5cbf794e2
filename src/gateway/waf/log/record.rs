//! The members of a record, in AWS's order but for `httpRequest`, which is last.

use super::rules::{action_name, counted, details, groups, rates};
use super::text::{self, list};
use super::{Judged, MOST_OF_CLIENT, REDACTED as REDACTED_TEXT, Redacted};
use crate::gateway::integrations::headers::is_internal;
use crate::gateway::waf::action::Header;
use crate::gateway::waf::counts::Event;
use crate::gateway::waf::record::{Kind, Record};
use percent_encoding::percent_decode;

/// Bytes of a path, of a query string, of a header's value, of its name and of a method.
const MOST_OF_URI: usize = 1024;
const MOST_OF_VALUE: usize = 512;
const MOST_OF_NAME: usize = 128;
const MOST_OF_METHOD: usize = 32;
/// Labels, as AWS.
const MOST_LABELS: usize = 100;
/// Texts of documents are written whole.
pub(super) const WHOLE: usize = usize::MAX;

const REDACTED: &[u8] = REDACTED_TEXT.as_bytes();

/// Arguments that prove who signed a URL.
const PROOFS: [&str; 2] = ["x-amz-signature", "x-amz-security-token"];

/// The record of a request, without its end.
#[inline(never)]
pub(super) fn write(judged: &Judged<'_>, redacted: &Redacted) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    let Judged { acl, record, .. } = judged;
    raw(&mut out, "{\"timestamp\":");
    raw(&mut out, &judged.at.0.to_string());
    raw(&mut out, ",\"formatVersion\":1");
    member(&mut out, "webaclId", acl.arn.as_bytes(), WHOLE);
    let (rule, kind) = match &record.terminating {
        Some(terminating) => (&*terminating.outer, terminating.kind),
        None => ("Default_Action", Kind::Regular),
    };
    member(&mut out, "terminatingRuleId", rule.as_bytes(), WHOLE);
    member(&mut out, "terminatingRuleType", kind_name(kind).as_bytes(), WHOLE);
    let action = if record.blocked.is_some() { Event::Blocked } else { Event::Allowed };
    member(&mut out, "action", action_name(action).as_bytes(), WHOLE);
    raw(&mut out, ",\"terminatingRuleMatchDetails\":");
    details(&mut out, record.terminating.as_ref().map_or(&[], |terminating| &terminating.details));
    member(&mut out, "httpSourceName", b"APIGW", WHOLE);
    member(&mut out, "httpSourceId", judged.source.as_bytes(), WHOLE);
    groups(&mut out, record);
    rates(&mut out, record);
    raw(&mut out, ",\"nonTerminatingMatchingRules\":");
    counted(&mut out, record, None);
    inserted(&mut out, record);
    raw(&mut out, ",\"responseCodeSent\":");
    match record.blocked.flatten() {
        Some(status) => raw(&mut out, &status.to_string()),
        None => raw(&mut out, "null"),
    }
    raw(&mut out, ",\"labels\":");
    list(&mut out, record.labels.iter().take(MOST_LABELS), |out, label| {
        raw(out, "{\"name\":");
        text::write(out, label.as_bytes(), WHOLE);
        out.push(b'}');
    });
    raw(&mut out, ",\"oversizeFields\":");
    oversize(&mut out, judged);
    request(&mut out, judged, redacted);
    out
}

/// Fields that rules look at and of which there is more than is inspected.
fn oversize(out: &mut Vec<u8>, judged: &Judged<'_>) {
    let mut words: Vec<&'static str> = Vec::new();
    for word in judged.acl.inputs.iter().filter_map(|input| input.field.oversize(judged.view)) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    list(out, words, |out, word| text::write(out, word.as_bytes(), WHOLE));
}

/// Headers for the backend.
fn inserted(out: &mut Vec<u8>, record: &Record) {
    raw(out, ",\"requestHeadersInserted\":");
    if record.inserted.is_empty() {
        return raw(out, "null");
    }
    let headers = record.inserted.iter().flat_map(|headers| headers.iter());
    list(out, headers, |out, Header { name, value }| pair(out, name.as_bytes(), value.as_bytes()));
}

/// The request, up to where Envoy writes the version of HTTP.
fn request(out: &mut Vec<u8>, judged: &Judged<'_>, redacted: &Redacted) {
    let view = judged.view;
    raw(out, ",\"httpRequest\":{\"clientIp\":");
    match view.client.address {
        Some(address) => text::write(out, address.to_string().as_bytes(), WHOLE),
        None => raw(out, "\"-\""),
    }
    member(out, "country", view.client.country().unwrap_or(b"-"), WHOLE);
    raw(out, ",\"headers\":");
    let start = out.len();
    out.push(b'[');
    for (name, value) in view.head.iter() {
        if name.first() == Some(&b':') && name != b":authority" || is_internal(name) {
            continue;
        }
        if out.len() > MOST_OF_CLIENT {
            break;
        }
        if out.len() > start + 1 {
            out.push(b',');
        }
        // What clients and AWS call it.
        let name = if name == b":authority" { b"host" } else { name };
        pair(out, name, if redacted.has_header(name) { REDACTED } else { value });
    }
    out.push(b']');
    member(out, "uri", if redacted.path { REDACTED } else { view.path() }, MOST_OF_URI);
    raw(out, ",\"args\":");
    if redacted.query {
        text::write(out, REDACTED, WHOLE)
    } else {
        args(out, view.query())
    }
    raw(out, ",\"fragment\":\"\"");
    member(out, "scheme", view.head.first(b":scheme").unwrap_or_default(), MOST_OF_METHOD);
    let host = if redacted.has_header(b"host") { Some(REDACTED) } else { view.head.first(b":authority") };
    member(out, "host", host.unwrap_or_default(), MOST_OF_VALUE);
    member(out, "requestId", judged.request_id.as_bytes(), WHOLE);
    member(out, "httpMethod", if redacted.method { REDACTED } else { view.method() }, MOST_OF_METHOD);
}

/// The name of an argument, as it is sent.
fn name(arg: &[u8]) -> &[u8] {
    arg.split(|byte| *byte == b'=').next().unwrap_or(arg)
}

/// Whether an argument proves who signed a URL.
fn is_proof(arg: &[u8]) -> bool {
    let name = percent_decode(name(arg)).map(|byte| byte.to_ascii_lowercase());
    PROOFS.iter().any(|proof| name.clone().eq(proof.bytes()))
}

/// Whether a query string has the values by which a URL is signed.
pub(super) fn has_proof(query: &[u8]) -> bool {
    query.split(|byte| *byte == b'&').any(is_proof)
}

/// The query string, without the values by which a URL is signed: who has one may send it too.
fn args(out: &mut Vec<u8>, query: &[u8]) {
    if !has_proof(query) {
        return text::write(out, query, MOST_OF_URI);
    }
    let mut shown = Vec::with_capacity(query.len());
    for (i, arg) in query.split(|byte| *byte == b'&').enumerate() {
        if i > 0 {
            shown.push(b'&');
        }
        if is_proof(arg) {
            shown.extend_from_slice(name(arg));
            shown.push(b'=');
            shown.extend_from_slice(REDACTED);
        } else {
            shown.extend_from_slice(arg);
        }
    }
    text::write(out, &shown, MOST_OF_URI);
}

fn pair(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    raw(out, "{\"name\":");
    text::write(out, name, MOST_OF_NAME);
    member(out, "value", value, MOST_OF_VALUE);
    out.push(b'}');
}

pub(super) fn member(out: &mut Vec<u8>, name: &str, value: &[u8], most: usize) {
    raw(out, ",\"");
    raw(out, name);
    raw(out, "\":");
    text::write(out, value, most);
}

pub(super) fn raw(out: &mut Vec<u8>, json: &str) {
    out.extend_from_slice(json.as_bytes());
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Regular => "REGULAR",
        Kind::RateBased => "RATE_BASED",
        Kind::Group => "GROUP",
        Kind::ManagedRuleGroup => "MANAGED_RULE_GROUP",
    }
}
