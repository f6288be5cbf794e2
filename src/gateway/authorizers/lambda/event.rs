//! What the function is told.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>

use super::{Kind, LambdaAuthorizer};
use crate::gateway::arn;
use crate::gateway::lambda::event::{v1, v2};
use crate::gateway::lambda::json::{Object, object};
use crate::gateway::request::Request;
use std::borrow::Cow;

/// Values of the identity sources, in their order.
pub type Identity<'r> = Vec<Vec<Cow<'r, str>>>;

/// The event for a request.
#[must_use]
pub fn event(authorizer: &LambdaAuthorizer, identity: &Identity<'_>, request: &Request) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    let arn = arn::of_request(request);
    object(&mut out, |event| match &authorizer.kind {
        Kind::Token { .. } => {
            event.text("type", "TOKEN");
            event.text("authorizationToken", &all(identity));
            event.text("methodArn", &arn);
        }
        Kind::Rest => {
            event.text("type", "REQUEST");
            event.text("methodArn", &arn);
            first_format(event, request, v1::Repeats::Multi, &authorizer.spellings);
        }
        Kind::HttpV1 => {
            event.text("version", "1.0");
            event.text("type", "REQUEST");
            event.text("methodArn", &arn);
            event.text("identitySource", &all(identity));
            event.text("authorizationToken", &all(identity));
            first_format(event, request, v1::Repeats::Joined, &[]);
        }
        Kind::HttpV2 { .. } => {
            event.text("version", "2.0");
            event.text("type", "REQUEST");
            event.text("routeArn", &arn);
            if identity.is_empty() {
                event.null("identitySource");
            } else {
                event.texts("identitySource", identity.iter().map(|values| v2::joined(values)));
            }
            v2::request_line(event, request);
            v2::request_context(event, request, |_| {});
            v2::variables(event, request);
        }
    });
    out
}

fn first_format(event: &mut Object<'_>, request: &Request, repeats: v1::Repeats, spellings: &[String]) {
    v1::request_line(event, request);
    v1::maps(event, request, v1::Form { repeats, spellings, empty_maps: true });
    v1::request_context(event, request, |_| {});
}

/// All values of all sources as one.
fn all(identity: &Identity<'_>) -> String {
    let sources: Vec<_> = identity.iter().map(|values| v2::joined(values)).collect();
    sources.join(",")
}
