//! What events tell of a request: the parts that authorizers and integrations share, by payload format.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>. A client chooses
//! names and values of headers, cookies and query parameters; they are written as JSON strings and nothing else, and what is
//! not UTF-8 in them becomes U+FFFD. A name stands once in an event.

pub mod v1;
pub mod v2;

use crate::gateway::config::ProtocolType;
use crate::gateway::integrations::headers::{is_internal, is_of_one_hop};
use crate::gateway::lambda::json::Object;
use crate::gateway::request::Request;
use crate::gateway::request_value::{decode_component, pairs};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Values by name, in the order in which they came.
pub type Multi<'r> = BTreeMap<Cow<'r, str>, Vec<Cow<'r, str>>>;

/// What concerns one hop, or is the gateway's own word to a backend: no function sees it.
fn is_told(name: &[u8]) -> bool {
    !name.starts_with(b":")
        && !is_internal(name)
        && !is_of_one_hop(name)
        && !matches!(name, b"x-amzn-trace-id" | b"x-forwarded-port")
}

/// What REST APIs keep from functions too: the Lambda column of
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>. A signature is for the gateway.
fn is_kept_from_rest_functions(name: &[u8], value: &[u8]) -> bool {
    matches!(
        name,
        b"content-length"
            | b"content-md5"
            | b"expect"
            | b"max-forwards"
            | b"proxy-authenticate"
            | b"server"
            | b"www-authenticate"
    ) || (name == b"authorization" && value.starts_with(b"AWS4-"))
}

/// `clientCert`, where the document reads the certificate and one was presented.
fn client_cert(object: &mut Object<'_>, request: &Request) {
    let Some(cert) = &request.client_cert else { return };
    object.object("clientCert", |member| {
        member.text("clientCertPem", &cert.pem);
        member.text("subjectDN", &cert.subject_dn);
        member.text("issuerDN", &cert.issuer_dn);
        member.text("serialNumber", &cert.serial_number);
        member.object("validity", |validity| {
            validity.text("notBefore", &cert.not_before);
            validity.text("notAfter", &cert.not_after);
        });
    });
}

/// The headers of a request as functions see them, names in lower case. HTTP APIs tell the length of a body that is not there.
fn headers(request: &Request) -> Multi<'_> {
    let mut headers = Multi::new();
    let text = String::from_utf8_lossy;
    let is_rest = request.protocol() == ProtocolType::Rest;
    for (name, value) in request.head.iter().filter(|(name, _)| is_told(name)) {
        if is_rest && is_kept_from_rest_functions(name, value) {
            continue;
        }
        headers.entry(text(name)).or_default().push(text(value));
    }
    let authority = request.head.first(b":authority").unwrap_or_default();
    headers.insert("host".into(), vec![text(authority)]);
    headers.insert("x-amzn-trace-id".into(), vec![text(&request.ids.trace)]);
    headers.insert("x-forwarded-port".into(), vec![port(request, authority).into()]);
    for header in request.waf_headers() {
        headers.insert(header.name.as_str().into(), vec![header.value.as_str().into()]);
    }
    if !is_rest && request.head.end_of_stream {
        headers.entry("content-length".into()).or_insert_with(|| vec!["0".into()]);
    }
    headers
}

/// The port that the client connected to, as far as it says so.
fn port<'r>(request: &'r Request, authority: &'r [u8]) -> &'r str {
    let authority = std::str::from_utf8(authority).unwrap_or_default();
    let behind_v6 = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    match behind_v6.rsplit_once(':') {
        Some((_, port)) => port,
        None if request.head.only(b"x-forwarded-proto") == Some(b"https") => "443",
        None => "80",
    }
}

/// The query parameters of a request, decoded.
fn query(request: &Request) -> Multi<'_> {
    let query = std::str::from_utf8(request.query().unwrap_or_default()).unwrap_or_default();
    let mut parameters = Multi::new();
    for pair in pairs(query, request.protocol()).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = decode_component(key.as_bytes());
        parameters.entry(key).or_default().push(decode_component(value.as_bytes()));
    }
    parameters
}

/// The last of several values.
fn last<'v>(values: &'v [Cow<'_, str>]) -> &'v str {
    values.last().map(AsRef::as_ref).unwrap_or_default()
}

/// The user agent, if the client names one.
fn user_agent(request: &Request) -> Option<Cow<'_, str>> {
    request.head.first(b"user-agent").map(String::from_utf8_lossy)
}

fn method(request: &Request) -> Cow<'_, str> {
    String::from_utf8_lossy(request.method())
}

fn stage(request: &Request) -> &str {
    request.stage.as_ref().map_or("", |stage| stage.name.as_str())
}

fn api(request: &Request) -> &str {
    request.api.as_ref().map_or("", |api| api.id.as_str())
}

fn route_key(request: &Request) -> &str {
    request.route.as_ref().map_or("", |(_, route)| route.key.as_str())
}

/// The path behind the stage, as it was matched, and the stage before it where one is named. On a custom domain, too: AWS writes
/// the stage in the place of the mapping's key.
fn decoded_path(request: &Request) -> String {
    let prefix = request.stage.as_ref().map(|stage| stage.prefix()).unwrap_or_default();
    let path = request.path.as_ref().map_or("", |path| path.decoded());
    prefix + path
}

/// `api`, of `api.example.com`.
fn domain_prefix(request: &Request) -> &str {
    request.host.split('.').next().unwrap_or_default()
}

/// The path parameters: REST APIs keep the client's encoding.
fn path_parameters(request: &Request, raw: bool) -> impl Iterator<Item = (&str, &str)> {
    let captures = request.captures();
    let captures = captures.into_iter().flat_map(|captures| captures.iter());
    captures.map(move |capture| (capture.name, if raw { capture.raw } else { capture.decoded }))
}

/// The stage's variables.
fn stage_variables(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    let variables = request.stage.iter().flat_map(|stage| &stage.variables);
    variables.map(|(name, value)| (name.as_str(), value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{v1, v2};
    use crate::gateway::client_cert::ClientCert;
    use crate::gateway::lambda::json::object;
    use crate::gateway::request::Request;
    use crate::gateway::testing;
    use serde_json::{Value, json};

    #[test]
    fn a_client_certificate_is_told_where_each_format_has_it() {
        let document = testing::http(&["GET /x"], testing::proxy("http://backend.test", json!({})));
        let head = testing::head("GET", "/x", &[], true);
        let mut request = Request::new(testing::gateway(&document), head, &testing::env());
        let events = |request: &Request| -> [Value; 2] {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            object(&mut first, |event| v1::request_context(event, request, |_| {}));
            object(&mut second, |event| v2::request_context(event, request, |_| {}));
            [first, second].map(|event| serde_json::from_slice(&event).unwrap())
        };
        let [first, second] = events(&request);
        assert_eq!(first["requestContext"]["identity"].get("clientCert"), None);
        assert_eq!(second["requestContext"].get("authentication"), None);
        request.client_cert = Some(ClientCert {
            pem: "-----BEGIN CERTIFICATE-----\n".into(),
            subject_dn: "C=US,CN=\"client\"".into(),
            issuer_dn: "CN=ca".into(),
            serial_number: "a1:b2".into(),
            not_before: "May 28 12:30:02 2019 GMT".into(),
            not_after: "Aug  5 09:36:04 2021 GMT".into(),
        });
        let told = json!({
            "clientCertPem": "-----BEGIN CERTIFICATE-----\n", "subjectDN": "C=US,CN=\"client\"", "issuerDN": "CN=ca",
            "serialNumber": "a1:b2",
            "validity": { "notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT" },
        });
        let [first, second] = events(&request);
        assert_eq!(first["requestContext"]["identity"]["clientCert"], told);
        assert_eq!(second["requestContext"]["authentication"], json!({ "clientCert": told }));
    }
}
