//! Which headers pass between client and backend, by API type.
//!
//! REST: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html> (the HTTP_PROXY column)
//! and recordings; HTTP: everything but what belongs to one hop. Names are lower case, as Envoy delivers them.

use super::forwarded::forwarded;
use crate::gateway::client_cert;
use crate::gateway::config::ProtocolType;
use crate::gateway::cors::is_cors;
use crate::gateway::flow::Edits;
use crate::gateway::head::Head;
use crate::gateway::request::Request;

/// Headers that only the gateway and Envoy may write: a client's or a backend's own are removed.
pub fn is_internal(name: &[u8]) -> bool {
    // One look at the second byte spares most names the comparisons.
    name.get(1) == Some(&b'-')
        && (name.starts_with(b"x-envoy-")
            || name.starts_with(b"x-sekisho-")
            || name.starts_with(b"x-amzn-waf-")
            || name == client_cert::HEADER)
}

/// Headers that are the gateway's or the edge's word to a backend once `_` is read as `-`, as CGI and WSGI do. The spelling
/// with `-` is replaced or removed; any other one would be the client's.
fn is_disguised(name: &[u8]) -> bool {
    #[expect(
        clippy::manual_contains,
        reason = "names are short: a search by words takes longer to begin than this to end"
    )]
    let has_one = name.iter().any(|byte| *byte == b'_');
    has_one && is_disguised_word(name)
}

#[cold]
fn is_disguised_word(name: &[u8]) -> bool {
    let plain: Vec<u8> = name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
    is_internal(&plain)
        || plain.starts_with(b"x-forwarded-")
        || matches!(
            plain.as_slice(),
            b"content-length" | b"transfer-encoding" | b"x-amzn-apigateway-api-id" | b"x-amzn-trace-id"
        )
}

/// Takes away what is the gateway's or the edge's word in a request's trailers.
#[must_use]
pub fn trailer_edits(trailers: &Head) -> Edits {
    let mut edits = Edits::default();
    for (name, _) in trailers.iter().filter(|(name, _)| is_internal(name) || is_disguised(name)) {
        edits.remove(name.to_vec());
    }
    edits
}

/// Takes away the internal headers of a request, and those that its API type does not pass on; adds the gateway's own.
pub fn edit_request(request: &Request, edits: &mut Edits) {
    let protocol = request.protocol();
    let mut last: &[u8] = b"";
    for (name, _) in request.head.iter() {
        // One removal takes all of a name.
        if name != last && (is_internal(name) || is_disguised(name) || !passes_to_backend(protocol, name)) {
            edits.remove(name.to_vec());
        }
        last = name;
    }
    if request.head.only(b"x-amzn-trace-id") != Some(&request.ids.trace) {
        edits.set(b"x-amzn-trace-id", request.ids.trace.clone());
    }
    for header in request.waf_headers() {
        edits.set(header.name.as_bytes().to_vec(), header.value.as_bytes().to_vec());
    }
    match protocol {
        ProtocolType::Http | ProtocolType::Websocket => {
            // gRPC needs it; everything else in it concerns one hop.
            if request.head.only(b"te") == Some(b"trailers") {
                edits.set(b"te", b"trailers");
            }
            // In the place of the client's own: an open quote in it would swallow our element.
            edits.set(b"forwarded", forwarded(request).into_bytes());
        }
        ProtocolType::Rest => {
            // A signature is for the gateway: towards the backend it would be one over another request.
            if request.head.all(b"authorization").any(|value| value.starts_with(b"AWS4-")) {
                edits.remove(b"authorization");
            }
            let api = request.api.as_ref().map_or("", |api| &api.id);
            edits.set(b"x-amzn-apigateway-api-id", api.as_bytes().to_vec());
            if request.head.first(b"user-agent").is_none() {
                edits.set(b"user-agent", format!("AmazonAPIGateway_{api}").into_bytes());
            }
            if request.head.first(b"accept").is_none() {
                edits.set(b"accept", b"application/json");
            }
        }
    }
}

fn passes_to_backend(protocol: ProtocolType, name: &[u8]) -> bool {
    // One look at the first byte spares most names the comparisons. What is added below begins with one of these.
    match (name.first(), protocol) {
        (Some(b'k' | b'p' | b't' | b'x'), _) => {}
        (Some(b'c' | b'e' | b'm' | b's' | b'u' | b'v' | b'w'), ProtocolType::Rest) => {}
        _ => return true,
    }
    match name {
        b"keep-alive"
        | b"proxy-authenticate"
        | b"proxy-authorization"
        | b"proxy-connection"
        | b"te"
        | b"trailer" => false,
        _ => match protocol {
            // Envoy finds no route for a request without `x-forwarded-proto`, which it has written itself.
            ProtocolType::Http | ProtocolType::Websocket => {
                !name.starts_with(b"x-forwarded-") || name == b"x-forwarded-proto"
            }
            ProtocolType::Rest => !matches!(
                name,
                b"content-encoding"
                    | b"content-md5"
                    | b"expect"
                    | b"max-forwards"
                    | b"server"
                    | b"upgrade"
                    | b"via"
                    | b"www-authenticate"
                    | b"x-http-method-override"
            ),
        },
    }
}

/// Takes away the internal headers of a response, and renames and drops what its API type does; adds the ids, and what is told
/// of limits and of CORS.
pub fn edit_response(request: &Request, head: &Head, edits: &mut Edits) {
    let protocol = request.protocol();
    let has_cors = request.cors().is_some();
    let mut last: &[u8] = b"";
    for (name, value) in head.iter() {
        let repeated = name == last;
        last = name;
        let fate = if has_cors && is_cors(name) { Fate::Dropped } else { fate(protocol, name) };
        match fate {
            Fate::Passes => {}
            Fate::Dropped if repeated => {}
            Fate::Dropped => edits.remove(name.to_vec()),
            Fate::Remapped => {
                if !repeated && name != b"content-length" {
                    edits.remove(name.to_vec());
                }
                let remapped = [b"x-amzn-remapped-", name].concat();
                edits.add(remapped, value.to_vec());
            }
        }
    }
    // In the place of the backend's own: two lists of one name would be read as one.
    for (name, value) in request.own_headers().chain(request.trace_header()) {
        edits.set(name, value);
    }
    if let Some((name, value)) = request.vary_header(head.all(b"vary")) {
        edits.set(name, value);
    }
}

/// What becomes of a response's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It passes.
    Passes,
    /// It passes as `x-amzn-remapped-…`.
    Remapped,
    /// It does not.
    Dropped,
}

/// What becomes of a header of a backend's or a function's response.
#[must_use]
pub fn fate(protocol: ProtocolType, name: &[u8]) -> Fate {
    // One look at the first byte spares most names the comparisons. What is added below begins with one of these.
    match (name.first(), protocol) {
        (Some(b'x'), _) if is_internal(name) => return Fate::Dropped,
        (Some(b'k' | b'p' | b't'), _) => {}
        (
            Some(b'a' | b'c' | b'd' | b'e' | b'h' | b'm' | b's' | b'u' | b'v' | b'w' | b'x'),
            ProtocolType::Rest,
        ) => {}
        _ => return Fate::Passes,
    }
    match (protocol, name) {
        (_, b"keep-alive" | b"proxy-connection" | b"proxy-authenticate" | b"te" | b"trailer") => {
            Fate::Dropped
        }
        (ProtocolType::Http | ProtocolType::Websocket, _) => Fate::Passes,
        (ProtocolType::Rest, b"expect" | b"host" | b"upgrade" | b"via") => Fate::Dropped,
        // `content-encoding` passes as AWS documents; recordings say it is dropped, but a body that Envoy streams through
        // compressed could not be read without it.
        (
            ProtocolType::Rest,
            b"authorization" | b"connection" | b"content-length" | b"content-md5" | b"date" | b"max-forwards"
            | b"server" | b"user-agent" | b"www-authenticate" | b"x-amzn-requestid",
        ) => Fate::Remapped,
        (ProtocolType::Rest, _) => Fate::Passes,
    }
}

/// Whether a text can be a header's name (RFC 9110, 5.6.2).
#[must_use]
pub fn is_header_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// Whether a header concerns one hop, and is Envoy's to write (RFC 9110, 7.6.1).
#[must_use]
pub fn is_of_one_hop(name: &[u8]) -> bool {
    matches!(
        name,
        b"connection"
            | b"keep-alive"
            | b"proxy-connection"
            | b"te"
            | b"trailer"
            | b"transfer-encoding"
            | b"upgrade"
    )
}

/// Whether a value may stand in a header: nothing that ends it.
#[must_use]
pub fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| (byte >= 0x20 || byte == b'\t') && byte != 0x7f)
}

#[cfg(test)]
mod tests;
