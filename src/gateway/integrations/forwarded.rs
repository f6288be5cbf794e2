//! The `Forwarded` header (RFC 7239) that an HTTP API sends in the place of the client's `X-Forwarded-*`.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use crate::gateway::request::Request;
use std::fmt::Write;
use std::net::IpAddr;

/// The header's value: hops that the client claimed, then our own. `by` is an obfuscated identifier (RFC 7239, 6.3), because
/// the gateway's egress address is Envoy's to choose.
#[must_use]
pub fn forwarded(request: &Request) -> String {
    let mut text = String::with_capacity(96);
    // What Envoy wrote, and nobody else did.
    if request.head.only(b"x-forwarded-for") != Some(request.source_ip.as_bytes()) {
        push_claimed(request, &mut text);
    }
    text.push_str("by=_sekisho;for=");
    if is_v4(&request.source_ip) {
        text.push_str(&request.source_ip);
    } else {
        match request.source_ip.parse() {
            Ok(source) => push_node(source, &mut text),
            Err(_) => text.push_str("unknown"),
        }
    }
    text.push_str(";host=");
    push_host(request, &mut text);
    // A client of HTTP/2 writes `:scheme` itself; X-Forwarded-Proto is Envoy's, unless a trusted proxy wrote it.
    text.push_str(match request.head.only(b"x-forwarded-proto").or_else(|| request.head.first(b":scheme")) {
        Some(b"https") => ";proto=https",
        _ => ";proto=http",
    });
    text
}

/// Whether an address that Envoy wrote is one of IPv4. It writes no other text of digits with three dots: what the digits say need
/// not be read.
fn is_v4(address: &str) -> bool {
    let is_digit_or_dot = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    address.bytes().all(is_digit_or_dot) && address.bytes().filter(|byte| *byte == b'.').count() == 3
}

/// The hops before our own.
fn push_claimed(request: &Request, text: &mut String) {
    let source: Option<IpAddr> = request.source_ip.parse().ok();
    let mut hops = claimed(request).peekable();
    while let Some(hop) = hops.next() {
        // Envoy appends the address that it trusts to X-Forwarded-For: that one is our own hop.
        if hops.peek().is_some() || Some(hop) != source {
            text.push_str("for=");
            push_node(hop, text);
            text.push_str(", ");
        }
    }
}

/// The addresses in the client's `X-Forwarded-For`; what is no address is not passed on.
fn claimed(request: &Request) -> impl Iterator<Item = IpAddr> {
    let values = request.head.all(b"x-forwarded-for");
    let entries = values.flat_map(|value| value.split(|byte| *byte == b','));
    entries.filter_map(|entry| std::str::from_utf8(entry).ok()?.trim().parse().ok())
}

fn push_node(ip: IpAddr, text: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match ip {
        IpAddr::V4(ip) => write!(text, "{ip}"),
        IpAddr::V6(ip) => write!(text, "\"[{ip}]\""),
    };
}

/// The host that was asked for: a token as it is, anything else (a port, IPv6) quoted.
fn push_host(request: &Request, text: &mut String) {
    let authority = request.head.first(b":authority").unwrap_or_default();
    // The authority was checked on arrival: letters, digits and `.-_:[]` only.
    let authority = std::str::from_utf8(authority).unwrap_or_default();
    let is_token =
        authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let quote = if is_token { "" } else { "\"" };
    for part in [quote, authority, quote] {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests;
