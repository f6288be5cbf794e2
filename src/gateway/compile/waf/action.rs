//! Compiles what happens to requests: actions, headers for backends, answers of rules' own.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-custom-request-response.html>

use super::super::scope::Scope;
use super::Draft;
use super::rule::Owner;
use super::union::has_one;
use crate::gateway::config::waf::{
    BlockAction, CustomHttpHeader, CustomRequestHandling, CustomResponse, CustomResponseBody, DefaultAction,
    ResponseContentType, RuleAction,
};
use crate::gateway::integrations::headers::is_header_value;
use crate::gateway::waf::action::{self, Action, Block, Header};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Statuses that blocked requests may be answered with: AWS's.
const STATUSES: [u16; 33] = [
    200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 411, 412,
    413, 414, 415, 416, 421, 429, 500, 501, 502, 503, 504, 505,
];
/// Statuses whose answers have no body (RFC 9110, 15).
const BODYLESS: [u16; 2] = [204, 304];
/// Most headers of an action: AWS's limit.
const MOST_HEADERS: usize = 10;
/// Largest body of an answer, in bytes: AWS's limit.
const MOST_BODY: usize = 4 << 10;
/// Largest bodies of a web ACL or a group together, in bytes: AWS's limit.
const MOST_BODIES: usize = 50 << 10;

/// Bodies are small enough.
pub(super) fn check_bodies(bodies: &BTreeMap<String, CustomResponseBody>, scope: &mut Scope<'_>) {
    for (key, body) in bodies {
        let at = format!("CustomResponseBodies[{key:?}]");
        super::check_name(key, &at, scope);
        let size = body.content.len();
        if size > MOST_BODY {
            scope.error(&format!("{at}.Content"), format!("{size} bytes are more than {MOST_BODY}"));
        }
    }
    let size: usize = bodies.values().map(|body| body.content.len()).sum();
    if size > MOST_BODIES {
        scope.error("CustomResponseBodies", format!("together, {size} bytes are more than {MOST_BODIES}"));
    }
}

impl Draft<'_, '_> {
    /// What happens to a request that no rule decided.
    pub(super) fn default_action(
        &mut self,
        written: &DefaultAction,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Action> {
        let scope = &mut scope.below("DefaultAction");
        let members = [("Allow", written.allow.is_some()), ("Block", written.block.is_some())];
        if !has_one(&members, scope) {
            return None;
        }
        Some(match (&written.block, &written.allow) {
            (Some(action), _) => block(action, owner, scope),
            (None, allow) => Action::Allow(headers(
                "Allow",
                allow.as_ref().and_then(|allow| allow.custom_request_handling.as_ref()),
                scope,
            )),
        })
    }
}

/// What happens to a request that a rule fits.
#[inline(never)]
pub(super) fn action(written: &RuleAction, owner: &Owner<'_>, scope: &mut Scope<'_>) -> Option<Action> {
    let members = [
        ("Allow", written.allow.is_some()),
        ("Block", written.block.is_some()),
        ("Count", written.count.is_some()),
        ("Captcha", written.captcha.is_some()),
        ("Challenge", written.challenge.is_some()),
    ];
    if !has_one(&members, scope) {
        return None;
    }
    if let Some((name, _)) = members.iter().skip(3).find(|(_, there)| *there) {
        scope
            .error(name, "there are no puzzles here: they are scripts of Amazon's, and so are the tokens of who solved them")
            .help("use `Block`, or `Count` and a label that a later rule, or the backend, looks at");
        return None;
    }
    if let Some(action) = &written.block {
        return Some(block(action, owner, scope));
    }
    if let Some(action) = &written.allow {
        return Some(Action::Allow(headers("Allow", action.custom_request_handling.as_ref(), scope)));
    }
    let handling = written.count.as_ref().and_then(|count| count.custom_request_handling.as_ref());
    Some(Action::Count(headers("Count", handling, scope)))
}

/// Headers that backends get.
fn headers(at: &str, written: Option<&CustomRequestHandling>, scope: &mut Scope<'_>) -> Rc<[Header]> {
    let Some(written) = written else { return Rc::default() };
    let scope = &mut scope.below(&format!("{at}.CustomRequestHandling"));
    if written.insert_headers.is_empty() {
        scope.error("InsertHeaders", "there is none");
    }
    check_headers(&written.insert_headers, "InsertHeaders", scope);
    let header = |header: &CustomHttpHeader| Header {
        name: format!("x-amzn-waf-{}", header.name.to_ascii_lowercase()),
        value: header.value.clone(),
    };
    written.insert_headers.iter().map(header).collect()
}

#[inline(never)]
fn check_headers(headers: &[CustomHttpHeader], at: &str, scope: &mut Scope<'_>) {
    if headers.len() > MOST_HEADERS {
        scope.error(at, format!("{} headers are more than {MOST_HEADERS}", headers.len()));
    }
    for (i, header) in headers.iter().enumerate() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._$-".contains(&byte);
        if !(1..=64).contains(&header.name.len()) || !header.name.bytes().all(plain) {
            scope
                .error(&format!("{at}[{i}].Name"), format!("`{}` is not the name of a header", header.name))
                .help("1 to 64 letters, digits and `._$-`");
        }
        if !(1..=255).contains(&header.value.len()) || !is_header_value(&header.value) {
            scope.error(&format!("{at}[{i}].Value"), "a value is 1 to 255 bytes without control characters");
        }
    }
}

/// How a blocked request is answered.
fn block(written: &BlockAction, owner: &Owner<'_>, scope: &mut Scope<'_>) -> Action {
    let response = written.custom_response.as_ref();
    let custom = response.map(|written| respond(written, owner, &mut scope.below("Block.CustomResponse")));
    Action::Block(Rc::new(Block { custom }))
}

fn respond(written: &CustomResponse, owner: &Owner<'_>, scope: &mut Scope<'_>) -> action::CustomResponse {
    let status = written.response_code;
    if !STATUSES.contains(&status) {
        scope
            .error("ResponseCode", format!("a web ACL does not answer with {status}"))
            .help("https://docs.aws.amazon.com/waf/latest/developerguide/customizing-the-response-status-codes.html lists those that it may");
    }
    check_headers(&written.response_headers, "ResponseHeaders", scope);
    let mut headers = Vec::with_capacity(written.response_headers.len() + 1);
    for (i, header) in written.response_headers.iter().enumerate() {
        let (at, name) = (format!("ResponseHeaders[{i}].Name"), header.name.to_ascii_lowercase());
        if name == "content-type" {
            scope
                .error(&at, "the type of an answer is its body's")
                .help("`ContentType` of `CustomResponseBodies` says it");
        } else if scope.answer_header(&at, &name).is_some() {
            headers.push((name, header.value.clone()));
        }
    }
    let body = written.custom_response_body_key.as_ref().and_then(|key| {
        let body = owner.bodies.get(key);
        if body.is_none() {
            let names = owner.bodies.keys().map(String::as_str);
            let problem = format!("no custom response body has the key `{key}`");
            scope.error("CustomResponseBodyKey", problem).suggest("a key", key, names);
        }
        body
    });
    if body.is_some() && BODYLESS.contains(&status) {
        scope.error("CustomResponseBodyKey", format!("an answer with the status {status} has no body"));
    }
    if let Some(body) = body {
        let content_type = match body.content_type {
            ResponseContentType::TextPlain => "text/plain",
            ResponseContentType::TextHtml => "text/html",
            ResponseContentType::ApplicationJson => "application/json",
        };
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    let body = body.map(|body| body.content.clone().into_bytes()).unwrap_or_default();
    action::CustomResponse { status, headers, body }
}
