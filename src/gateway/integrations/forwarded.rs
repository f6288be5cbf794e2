//! The `Forwarded` header (RFC 7239) that an HTTP API sends in the place of the client's `X-Forwarded-*`.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use crate::gateway::request::Request;
use std::net::IpAddr;

/// The header's value: hops that the client claimed, then our own. `by` is an obfuscated identifier (RFC 7239, 6.3), because
/// the gateway's egress address is Envoy's to choose.
#[must_use]
pub fn forwarded(request: &Request) -> String {
    let source: Option<IpAddr> = request.source_ip.parse().ok();
    let mut hops = claimed(request);
    // Envoy appends the address that it trusts to X-Forwarded-For: that one is our own hop.
    if source.is_some() && hops.last() == source.as_ref() {
        hops.pop();
    }
    let claimed = hops.into_iter().map(|hop| format!("for={}", node(hop)));
    // A client of HTTP/2 writes `:scheme` itself; X-Forwarded-Proto is Envoy's, unless a trusted proxy wrote it.
    let proto = match request.head.only(b"x-forwarded-proto").or_else(|| request.head.first(b":scheme")) {
        Some(b"https") => "https",
        _ => "http",
    };
    let source = source.map_or_else(|| "unknown".to_owned(), node);
    let own = format!("by=_sekisho;for={source};host={};proto={proto}", host(request));
    claimed.chain([own]).collect::<Vec<_>>().join(", ")
}

/// The addresses in the client's `X-Forwarded-For`; what is no address is not passed on.
fn claimed(request: &Request) -> Vec<IpAddr> {
    let values = request.head.all(b"x-forwarded-for");
    let entries = values.flat_map(|value| value.split(|byte| *byte == b','));
    entries.filter_map(|entry| std::str::from_utf8(entry).ok()?.trim().parse().ok()).collect()
}

fn node(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("\"[{ip}]\""),
    }
}

/// The host that was asked for: a token as it is, anything else (a port, IPv6) quoted.
fn host(request: &Request) -> String {
    let authority = request.head.first(b":authority").unwrap_or_default();
    // The authority was checked on arrival: letters, digits and `.-_:[]` only.
    let text = String::from_utf8_lossy(authority);
    let token = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if token { text.into_owned() } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests;
