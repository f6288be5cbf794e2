//! The members of a record, in AWS's order but for `httpRequest`, which is last.

use super::text::{self, list};
use super::{Judged, MOST_OF_CLIENT, Redacted};
use crate::gateway::waf::action::Header;
use crate::gateway::waf::counts::Event;
use crate::gateway::waf::record::{Kind, Record};
use crate::gateway::waf::view::Body;
use percent_encoding::percent_decode;
use std::rc::Rc;

/// Bytes of a path, of a query string, of a header's value, of its name and of a method.
const MOST_OF_URI: usize = 1024;
const MOST_OF_VALUE: usize = 512;
const MOST_OF_NAME: usize = 128;
const MOST_OF_METHOD: usize = 32;
/// Labels, as AWS.
const MOST_LABELS: usize = 100;
/// Texts of documents are written whole.
const WHOLE: usize = usize::MAX;

const REDACTED: &[u8] = b"REDACTED";

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
    raw(&mut out, ",\"terminatingRuleMatchDetails\":[]");
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
    let is_oversize = matches!(judged.view.body, Body::Seen { more: true, .. });
    raw(&mut out, if is_oversize { "[\"REQUEST_BODY\"]" } else { "[]" });
    request(&mut out, judged, redacted);
    out
}

/// The groups whose rules fitted.
fn groups(out: &mut Vec<u8>, record: &Record) {
    let mut ids: Vec<&Rc<str>> = Vec::new();
    let counted = record.counted.iter().filter_map(|counted| counted.group.as_ref());
    let overruled = record.overruled.iter().map(|overruled| &overruled.group);
    let terminating = record.terminating.iter().filter_map(|terminating| terminating.group.as_ref());
    for id in counted.chain(overruled).chain(terminating) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    raw(out, ",\"ruleGroupList\":");
    list(out, ids, |out, id| {
        raw(out, "{\"ruleGroupId\":");
        text::write(out, id.as_bytes(), WHOLE);
        let decided = record.terminating.iter().filter(|terminating| terminating.group.as_ref() == Some(id));
        let decided = decided.map(|terminating| {
            let event = if record.blocked.is_some() { Event::Blocked } else { Event::Allowed };
            (&terminating.rule, event)
        });
        let overruled = record.overruled.iter().filter(|overruled| overruled.group == *id);
        let overruled = overruled.map(|overruled| (&overruled.rule, overruled.event));
        raw(out, ",\"terminatingRule\":");
        match decided.chain(overruled).next() {
            Some((rule, event)) => matched(out, rule, event),
            None => raw(out, "null"),
        }
        raw(out, ",\"nonTerminatingMatchingRules\":");
        self::counted(out, record, Some(id));
        raw(out, ",\"excludedRules\":");
        excluded(out, record, id);
        out.push(b'}');
    });
}

/// Rules that fitted and only counted: the web ACL's own, or a group's.
fn counted(out: &mut Vec<u8>, record: &Record, group: Option<&Rc<str>>) {
    let counted =
        record.counted.iter().filter(|counted| counted.group.as_ref() == group && !counted.excluded);
    list(out, counted, |out, counted| matched(out, &counted.rule, Event::Counted));
}

/// Rules of a group that only count because they are excluded.
fn excluded(out: &mut Vec<u8>, record: &Record, group: &Rc<str>) {
    let excluded =
        record.counted.iter().filter(|counted| counted.group.as_ref() == Some(group) && counted.excluded);
    list(out, excluded, |out, counted| {
        raw(out, "{\"exclusionType\":\"EXCLUDED_AS_COUNT\"");
        member(out, "ruleId", counted.rule.as_bytes(), WHOLE);
        out.push(b'}');
    });
}

fn matched(out: &mut Vec<u8>, rule: &str, event: Event) {
    raw(out, "{\"ruleId\":");
    text::write(out, rule.as_bytes(), WHOLE);
    member(out, "action", action_name(event).as_bytes(), WHOLE);
    raw(out, ",\"ruleMatchDetails\":[]}");
}

/// The rate-based rule that decided.
fn rates(out: &mut Vec<u8>, record: &Record) {
    raw(out, ",\"rateBasedRuleList\":");
    let rates = record.terminating.iter().filter(|terminating| terminating.kind == Kind::RateBased);
    list(out, rates, |out, terminating| {
        raw(out, "{\"rateBasedRuleName\":");
        text::write(out, terminating.rule.as_bytes(), WHOLE);
        out.push(b'}');
    });
}

/// Headers for the backend.
fn inserted(out: &mut Vec<u8>, record: &Record) {
    raw(out, ",\"requestHeadersInserted\":");
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
        if name.first() == Some(&b':') && name != b":authority" || name.starts_with(b"x-sekisho-") {
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
    member(out, "requestId", judged.request_id.as_bytes(), WHOLE);
    member(out, "httpMethod", if redacted.method { REDACTED } else { view.method() }, MOST_OF_METHOD);
}

/// The query string, without the values by which a URL is signed: who has one may send it too.
fn args(out: &mut Vec<u8>, query: &[u8]) {
    let name = |arg: &'_ [u8]| arg.iter().position(|byte| *byte == b'=').unwrap_or(arg.len());
    let is_proof = |arg: &[u8]| {
        let name = percent_decode(arg.get(..name(arg)).unwrap_or(arg)).map(|byte| byte.to_ascii_lowercase());
        PROOFS.iter().any(|proof| name.clone().eq(proof.bytes()))
    };
    if !query.split(|byte| *byte == b'&').any(is_proof) {
        return text::write(out, query, MOST_OF_URI);
    }
    let mut shown = Vec::with_capacity(query.len());
    for (i, arg) in query.split(|byte| *byte == b'&').enumerate() {
        if i > 0 {
            shown.push(b'&');
        }
        let name = arg.get(..name(arg)).unwrap_or(arg);
        if is_proof(arg) {
            shown.extend_from_slice(name);
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

fn member(out: &mut Vec<u8>, name: &str, value: &[u8], most: usize) {
    raw(out, ",\"");
    raw(out, name);
    raw(out, "\":");
    text::write(out, value, most);
}

fn raw(out: &mut Vec<u8>, json: &str) {
    out.extend_from_slice(json.as_bytes());
}

fn action_name(event: Event) -> &'static str {
    match event {
        Event::Allowed => "ALLOW",
        Event::Blocked => "BLOCK",
        Event::Counted | Event::Passed => "COUNT",
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Regular => "REGULAR",
        Kind::RateBased => "RATE_BASED",
        Kind::Group => "GROUP",
        Kind::ManagedRuleGroup => "MANAGED_RULE_GROUP",
    }
}
