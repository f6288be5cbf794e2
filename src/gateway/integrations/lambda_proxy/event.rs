//! What the function is told.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.proxy-format>

use super::Format;
use super::binary::is_text;
use crate::gateway::authorizers::jwt::claims::Bearer;
use crate::gateway::authorizers::principal::Principal;
use crate::gateway::config::ProtocolType;
use crate::gateway::lambda::event::{v1, v2};
use crate::gateway::lambda::json::{Object, object};
use crate::gateway::request::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// The event for a request.
#[must_use]
pub fn event(format: &Format, request: &Request, body: &[u8]) -> Vec<u8> {
    let is_binary = !body.is_empty() && is_binary(format, request);
    let body = (!body.is_empty()).then(|| encoded(body, is_binary));
    let mut out = Vec::with_capacity(2048 + body.as_ref().map_or(0, |body| body.len()));
    object(&mut out, |event| {
        match format {
            Format::HttpV2 => {
                event.text("version", "2.0");
                v2::request_line(event, request);
                v2::request_context(event, request, |context| v2_authorizer(context, request));
                v2::variables(event, request);
                if let Some(body) = &body {
                    event.text("body", body);
                }
            }
            Format::HttpV1 | Format::Rest { .. } => {
                if *format == Format::HttpV1 {
                    event.text("version", "1.0");
                }
                v1::request_line(event, request);
                v1::maps(event, request, FORM);
                v1::request_context(event, request, |context| v1_authorizer(context, request));
                event.text_or_null("body", body.as_deref());
            }
        }
        event.flag("isBase64Encoded", is_binary);
    });
    out
}

/// Maps without members are `null`, and repeats are told in maps of their own.
const FORM: v1::Form<'_> = v1::Form { repeats: v1::Repeats::Multi, spellings: &[], empty_maps: false };

/// Whether a body is told in base64.
fn is_binary(format: &Format, request: &Request) -> bool {
    match format {
        Format::HttpV1 | Format::HttpV2 => !is_text(request.head.first(b"content-type").unwrap_or_default()),
        Format::Rest { binary } => binary.sent(request),
    }
}

fn encoded(body: &[u8], is_binary: bool) -> Cow<'_, str> {
    if is_binary { STANDARD.encode(body).into() } else { String::from_utf8_lossy(body) }
}

/// `authorizer` of payload format 2.0: absent where nobody was asked.
fn v2_authorizer(context: &mut Object<'_>, request: &Request) {
    let Some(principal) = &request.principal else { return };
    context.object("authorizer", |authorizer| match principal {
        Principal::Bearer(bearer) => authorizer.object("jwt", |jwt| {
            jwt.object("claims", |claims| {
                bearer.claims.iter().for_each(|(name, value)| claims.text(name, value))
            });
            scopes(jwt, request, bearer);
        }),
        Principal::Allowed(allowed) => authorizer.object("lambda", |lambda| {
            allowed.context.iter().for_each(|(name, value)| lambda.value(name, value));
        }),
        Principal::Caller(caller) => authorizer.object("iam", |iam| {
            iam.text("accessKey", &caller.access_key_id);
            iam.text("accountId", &caller.account_id);
            iam.text("callerId", &caller.access_key_id);
            iam.null("cognitoIdentity");
            iam.null("principalOrgId");
            iam.text("userArn", &caller.user_arn);
            iam.text("userId", &caller.access_key_id);
        }),
    });
}

/// `scopes` of a token: `null` where the route asks for none, whatever the token carries.
fn scopes(object: &mut Object<'_>, request: &Request, bearer: &Bearer) {
    let asked = request.route.as_ref().is_some_and(|(_, route)| !route.scopes.is_empty());
    if asked { object.texts("scopes", &bearer.scopes) } else { object.null("scopes") }
}

/// `authorizer` of payload format 1.0 and of REST APIs: absent where nobody was asked, or a caller proved itself by a signature,
/// which `identity` tells.
fn v1_authorizer(context: &mut Object<'_>, request: &Request) {
    let is_http = request.protocol() != ProtocolType::Rest;
    match &request.principal {
        None | Some(Principal::Caller(_)) => {}
        Some(Principal::Bearer(bearer)) => context.object("authorizer", |authorizer| {
            let claims = bearer.claims.iter();
            authorizer.object("claims", |object| claims.for_each(|(name, value)| object.text(name, value)));
            if is_http {
                scopes(authorizer, request, bearer);
            }
        }),
        Some(Principal::Allowed(allowed)) => context.object("authorizer", |authorizer| {
            // HTTP APIs tell, beside what the function added, that there is no token.
            let own = if is_http { ["claims", "scopes"] } else { ["principalId", "integrationLatency"] };
            for (name, value) in allowed.context.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
                authorizer.value(name, value);
            }
            if is_http {
                own.iter().for_each(|name| authorizer.null(name));
                return;
            }
            if let Some(id) = &allowed.principal_id {
                authorizer.text("principalId", id);
            }
            authorizer.number("integrationLatency", allowed.integration_latency);
        }),
    }
}
