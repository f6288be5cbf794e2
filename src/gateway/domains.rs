//! Which API answers a host: a custom domain's ([`custom`]), else that of `{apiId}.execute-api.*` or `{apiId}.localhost`, else the
//! default API.
//!
//! Hosts are compared in lower case, without port or trailing dot.

pub mod custom;

use super::compile::{Api, Gateway};
use super::rejection::Rejection;
use std::net::Ipv6Addr;
use std::rc::Rc;

/// The host of an authority: lower case, without port or trailing dot; IPv6 keeps its brackets.
///
/// # Errors
/// If the authority is not a host and a port (RFC 9110, 7.2). Envoy joins two `Host` lines with a comma: they are none.
pub fn host(authority: &[u8]) -> Result<String, Rejection> {
    let text = std::str::from_utf8(authority).map_err(|_| Rejection::BadAuthority)?;
    let (host, port) = match text.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, rest)) => {
            v6.parse::<Ipv6Addr>().map_err(|_| Rejection::BadAuthority)?;
            let port = if rest.is_empty() {
                None
            } else {
                Some(rest.strip_prefix(':').ok_or(Rejection::BadAuthority)?)
            };
            (text.get(..v6.len() + 2).unwrap_or_default(), port)
        }
        // A search for a character would take longer to begin than this does to end.
        None => match text.bytes().position(|byte| byte == b':').and_then(|at| text.split_at_checked(at)) {
            Some((host, port)) => (host, port.get(1..)),
            None => (text, None),
        },
    };
    // `u16::from_str` takes a plus sign.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if !port.is_none_or(is_port) {
        return Err(Rejection::BadAuthority);
    }
    if host.starts_with('[') {
        return Ok(host.to_ascii_lowercase());
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_empty() || host.len() > 253 || !host.bytes().all(allowed) {
        return Err(Rejection::BadAuthority);
    }
    Ok(host.to_ascii_lowercase())
}

/// The API that answers a host which is no custom domain.
///
/// # Errors
/// If none does.
pub fn api(gateway: &Gateway, host: &str) -> Result<Rc<Api>, Rejection> {
    let dot = host.bytes().position(|byte| byte == b'.').unwrap_or(host.len());
    let (label, parent) = host.split_at_checked(dot).unwrap_or((host, ""));
    let parent = parent.get(1..).unwrap_or_default();
    let named = if parent.starts_with("execute-api.") {
        Some(gateway.api(label).ok_or(Rejection::UnknownHost)?)
    } else if parent == "localhost" {
        gateway.api(label)
    } else {
        None
    };
    named.or_else(|| gateway.default_api()).map(Rc::clone).ok_or(Rejection::UnknownHost)
}

/// Checks that the API answers hosts that are no custom domain.
///
/// # Errors
/// If it does not.
pub fn check_endpoint(api: &Api) -> Result<(), Rejection> {
    if api.disable_execute_api_endpoint { Err(Rejection::DefaultEndpointDisabled) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Rejection, host};

    #[test]
    fn hosts_lose_case_port_and_trailing_dot() {
        for (authority, expected) in [
            ("Shop.Example.COM", "shop.example.com"),
            ("shop.example.com:8080", "shop.example.com"),
            ("shop.example.com.:443", "shop.example.com"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[2001:DB8::1]:80", "[2001:db8::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(host(authority.as_bytes()).as_deref(), Ok(expected), "{authority}");
        }
    }

    #[test]
    fn authorities_that_could_be_read_in_two_ways_are_refused() {
        for authority in [
            "",
            ".",
            "a,b",
            "user@shop",
            "a b",
            "a:",
            "a:x",
            "a:70000",
            "a:+80",
            "a:80:80",
            "[::1",
            "[::1]x",
            "[x]",
            "a/b",
            "a\0",
        ] {
            assert_eq!(host(authority.as_bytes()), Err(Rejection::BadAuthority), "{authority:?}");
        }
        assert_eq!(host(b"caf\xe9.example"), Err(Rejection::BadAuthority));
    }
}
