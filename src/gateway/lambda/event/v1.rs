//! Payload format 1.0, of HTTP APIs, and the events of REST APIs, which came first.
//!
//! Names of headers are written as most clients do (`X-Custom-Header`): Envoy has made them lower case by then. AWS does so on
//! HTTP APIs, and on REST APIs keeps the client's case.

use super::{
    Multi, api, client_cert, decoded_path, domain_prefix, headers, last, method, path_parameters, query,
    route_key, stage, stage_variables, user_agent, v2::joined,
};
use crate::gateway::api_keys::presented;
use crate::gateway::authorizers::principal::Principal;
use crate::gateway::config::{ApiKeySource, ProtocolType};
use crate::gateway::context::clf;
use crate::gateway::lambda::json::Object;
use crate::gateway::request::Request;
use std::borrow::Cow;

/// How repeated headers and query parameters are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// The last in the plain maps, all of them in the `multiValue…` ones.
    Multi,
    /// Joined: there are no `multiValue…` maps.
    Joined,
}

/// How an event is written.
#[derive(Debug, Clone, Copy)]
pub struct Form<'f> {
    /// How repeats are told.
    pub repeats: Repeats,
    /// Names of headers whose spelling is known.
    pub spellings: &'f [String],
    /// Whether a map without members is `{}`, as authorizers see it; else it is `null`.
    pub empty_maps: bool,
}

/// `resource` to `httpMethod`. HTTP APIs tell the path as it was sent, their stage in front; REST APIs tell what is behind the
/// stage. On a custom domain both tell the whole path, in which there is no stage.
pub fn request_line(event: &mut Object<'_>, request: &Request) {
    event.text("resource", resource_path(request));
    let whole = request.mapped.as_ref().map(|mapped| &mapped.whole);
    match request.protocol() {
        ProtocolType::Rest => {
            event.text("path", whole.or(request.path.as_ref()).map_or("", |path| path.raw()));
        }
        ProtocolType::Http | ProtocolType::Websocket => event.text("path", &sent_path(request)),
    }
    event.text("httpMethod", &method(request));
}

/// `headers` to `stageVariables`.
pub fn maps(event: &mut Object<'_>, request: &Request, form: Form<'_>) {
    let mut named = Multi::new();
    // Not collected: that would sort, by code of its own.
    for (name, values) in headers(request) {
        named.insert(spelled(&name, form.spellings).into(), values);
    }
    multi(event, ["headers", "multiValueHeaders"], &named, form);
    multi(event, ["queryStringParameters", "multiValueQueryStringParameters"], &query(request), form);
    let raw = request.protocol() == ProtocolType::Rest;
    single(event, "pathParameters", path_parameters(request, raw), form);
    single(event, "stageVariables", stage_variables(request), form);
}

/// The members of `requestContext`; `more` adds those that stand behind `identity`.
pub fn request_context(event: &mut Object<'_>, request: &Request, more: impl FnOnce(&mut Object<'_>)) {
    let is_rest = request.protocol() == ProtocolType::Rest;
    event.object("requestContext", |context| {
        context.text("accountId", &request.gateway.account_id);
        context.text("apiId", api(request));
        if is_rest {
            let deployment = request.stage.as_ref().and_then(|stage| stage.deployment_id.as_deref());
            context.text_or_null("deploymentId", deployment);
        }
        context.text("domainName", &request.host);
        context.text("domainPrefix", domain_prefix(request));
        context.text("extendedRequestId", &request.ids.extended);
        context.text("httpMethod", &method(request));
        identity(context, request, is_rest);
        more(context);
        match &request.mapped {
            _ if is_rest => context.text("path", &sent_path(request)),
            Some(mapped) => context.text("path", mapped.whole.decoded()),
            None => context.text("path", &decoded_path(request)),
        }
        context.text("protocol", "HTTP/1.1");
        context.text("requestId", request.ids.request_id(request.protocol()));
        context.text("requestTime", &clf(request.arrived));
        context.number("requestTimeEpoch", request.arrived.0);
        // The ids of resources are AWS's own: a document has none.
        context.text_or_null("resourceId", (!is_rest).then(|| route_key(request)));
        context.text("resourcePath", resource_path(request));
        context.text("stage", stage(request));
    });
}

fn identity(context: &mut Object<'_>, request: &Request, is_rest: bool) {
    context.object("identity", |identity| {
        let caller = request.principal.as_ref().and_then(Principal::caller);
        let key_id = caller.map(|caller| caller.access_key_id.as_str());
        identity.text_or_null("accessKey", key_id);
        identity.text_or_null("accountId", caller.map(|caller| caller.account_id.as_str()));
        if let (true, Some(member)) = (is_rest, &request.member) {
            let source = request.api.as_ref().map_or(ApiKeySource::Header, |api| api.api_key_source);
            let value = presented(request, source).map(String::from_utf8_lossy);
            identity.text_or_null("apiKey", value.as_deref());
            identity.text("apiKeyId", &member.key.id);
        }
        identity.text_or_null("caller", key_id);
        if !is_rest {
            identity.null("cognitoAmr");
        }
        for name in [
            "cognitoAuthenticationProvider",
            "cognitoAuthenticationType",
            "cognitoIdentityId",
            "cognitoIdentityPoolId",
            "principalOrgId",
        ] {
            identity.null(name);
        }
        identity.text("sourceIp", &request.source_ip);
        identity.text_or_null("user", key_id);
        let agent = user_agent(request);
        identity.text_or_null("userAgent", agent.as_deref().or((!is_rest).then_some("")));
        identity.text_or_null("userArn", caller.map(|caller| caller.user_arn.as_str()));
        client_cert(identity, request);
    });
}

fn multi(event: &mut Object<'_>, names: [&str; 2], values: &Multi<'_>, form: Form<'_>) {
    let [plain, multiple] = names;
    if values.is_empty() && !form.empty_maps {
        event.null(plain);
        if form.repeats == Repeats::Multi {
            event.null(multiple);
        }
        return;
    }
    event.object(plain, |object| {
        for (name, values) in values {
            match form.repeats {
                Repeats::Multi => object.text(name, last(values)),
                Repeats::Joined => object.text(name, &joined(values)),
            }
        }
    });
    if form.repeats == Repeats::Multi {
        event.object(multiple, |object| {
            for (name, values) in values {
                object.texts(name, values);
            }
        });
    }
}

fn single<'r>(
    event: &mut Object<'_>,
    name: &str,
    values: impl Iterator<Item = (&'r str, &'r str)>,
    form: Form<'_>,
) {
    let mut values = values.peekable();
    if values.peek().is_none() && !form.empty_maps {
        return event.null(name);
    }
    event.object(name, |object| values.for_each(|(name, value)| object.text(name, value)));
}

fn resource_path(request: &Request) -> &str {
    request.route.as_ref().map_or("", |(_, route)| route.resource_path())
}

/// The path as the client sent it, its stage in front.
fn sent_path(request: &Request) -> Cow<'_, str> {
    let sent = request.head.first(b":path").unwrap_or_default();
    String::from_utf8_lossy(sent.split(|byte| *byte == b'?').next().unwrap_or_default())
}

fn spelled(name: &str, spellings: &[String]) -> String {
    if let Some(known) = spellings.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return known.clone();
    }
    let mut begins = true;
    let capital = |c: char| {
        let capital = if begins { c.to_ascii_uppercase() } else { c };
        begins = c == '-';
        capital
    };
    name.chars().map(capital).collect()
}
