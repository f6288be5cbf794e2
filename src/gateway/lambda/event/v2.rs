//! Payload format 2.0, of HTTP APIs: what is empty is left out, repeated values are joined.

use super::{
    api, client_cert, decoded_path, domain_prefix, headers, method, path_parameters, query, route_key, stage,
    stage_variables, user_agent,
};
use crate::gateway::context::clf;
use crate::gateway::lambda::json::Object;
use crate::gateway::request::Request;
use std::borrow::Cow;

/// `routeKey` to `queryStringParameters`: cookies stand apart from the headers.
pub fn request_line(event: &mut Object<'_>, request: &Request) {
    event.text("routeKey", route_key(request));
    event.text("rawPath", &decoded_path(request));
    event.text("rawQueryString", &String::from_utf8_lossy(request.query().unwrap_or_default()));
    let mut headers = headers(request);
    if let Some(lines) = headers.remove("cookie") {
        let cookies = lines.iter().flat_map(|line| line.split(';')).map(str::trim);
        event.texts("cookies", cookies.filter(|cookie| !cookie.is_empty()));
    }
    event.object("headers", |object| {
        for (name, values) in &headers {
            object.text(name, &joined(values));
        }
    });
    let query = query(request);
    if !query.is_empty() {
        event.object("queryStringParameters", |object| {
            for (name, values) in &query {
                object.text(name, &joined(values));
            }
        });
    }
}

/// The members of `requestContext`; `more` adds those that stand behind `apiId`.
pub fn request_context(event: &mut Object<'_>, request: &Request, more: impl FnOnce(&mut Object<'_>)) {
    event.object("requestContext", |context| {
        context.text("accountId", &request.gateway.account_id);
        context.text("apiId", api(request));
        if request.client_cert.is_some() {
            context.object("authentication", |authentication| client_cert(authentication, request));
        }
        more(context);
        context.text("domainName", &request.host);
        context.text("domainPrefix", domain_prefix(request));
        context.object("http", |http| {
            http.text("method", &method(request));
            http.text("path", &decoded_path(request));
            http.text("protocol", "HTTP/1.1");
            http.text("sourceIp", &request.source_ip);
            http.text("userAgent", &user_agent(request).unwrap_or_default());
        });
        context.text("requestId", request.ids.request_id(request.protocol()));
        context.text("routeKey", route_key(request));
        context.text("stage", stage(request));
        context.text("time", &clf(request.arrived));
        context.number("timeEpoch", request.arrived.0);
    });
}

/// `pathParameters` and `stageVariables`.
pub fn variables(event: &mut Object<'_>, request: &Request) {
    let mut parameters = path_parameters(request, false).peekable();
    if parameters.peek().is_some() {
        event
            .object("pathParameters", |object| parameters.for_each(|(name, value)| object.text(name, value)));
    }
    let mut variables = stage_variables(request).peekable();
    if variables.peek().is_some() {
        event.object("stageVariables", |object| variables.for_each(|(name, value)| object.text(name, value)));
    }
}

/// Repeated values as one.
#[must_use]
pub fn joined<'v>(values: &'v [Cow<'_, str>]) -> Cow<'v, str> {
    match values {
        [value] => value.as_ref().into(),
        values => values.join(",").into(),
    }
}
