//! Per-request limits. <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

use super::client_cert;
use super::config::ProtocolType;
use super::head::Head;
use super::rejection::Rejection;
use super::request::Request;

/// Checks the length of the URL, the size of the head, and of the body as far as `content-length` tells it.
///
/// # Errors
/// If one is over its limit.
pub fn check(request: &Request) -> Result<(), Rejection> {
    let protocol = request.protocol();
    if request.gateway.url_bytes(protocol).is_some_and(|most| url_bytes(&request.head) > most) {
        return Err(Rejection::UriTooLong);
    }
    let most = request.gateway.header_bytes(protocol);
    if most_head_bytes(&request.head) > most && head_bytes(&request.head, protocol) > most {
        return Err(Rejection::HeaderTooLarge);
    }
    if content_length(&request.head).is_some_and(|bytes| bytes > request.gateway.payload_bytes) {
        return Err(Rejection::PayloadTooLarge);
    }
    Ok(())
}

/// Bytes of the URL. AWS's stages and domains are reached by `https` alone, and no client's `x-forwarded-proto` changes what is
/// counted. A URL is ASCII, so that bytes are the characters that AWS counts.
fn url_bytes(head: &Head) -> usize {
    let part = |name| head.first(name).map_or(0, <[u8]>::len);
    "https://".len() + part(b":authority") + part(b":path")
}

/// No fewer than [`head_bytes`], and known without looking at a name: separators count four bytes a line, and a path two more than
/// its name has.
fn most_head_bytes(head: &Head) -> usize {
    head.size() + 4 * head.count() + 2
}

/// Bytes of the head as the client sent it. HTTP APIs count the request line and the separators too, REST APIs only names
/// and values. What Envoy wrote into the head before us is not the client's.
fn head_bytes(head: &Head, protocol: ProtocolType) -> usize {
    let line = match protocol {
        ProtocolType::Http | ProtocolType::Websocket => Some(4),
        ProtocolType::Rest => None,
    };
    head.iter().fold(0, |bytes, (name, value)| {
        let own = match name {
            // `METHOD `, ` HTTP/1.1` and the line's end; `Host: …` stands as `:authority`.
            b":method" => line.map_or(0, |_| value.len() + 1),
            b":path" => line.map_or(0, |_| value.len() + 11),
            b":authority" => 4 + value.len() + line.unwrap_or(0),
            b":scheme" | b"x-forwarded-proto" | b"x-request-id" | client_cert::HEADER => 0,
            _ if name.starts_with(b"x-envoy-") => 0,
            _ => name.len() + value.len() + line.unwrap_or(0),
        };
        bytes + own
    })
}

/// The body's length, if the head tells it. Envoy has refused heads with several or malformed ones.
#[must_use]
pub fn content_length(head: &Head) -> Option<u64> {
    let text = std::str::from_utf8(head.only(b"content-length")?).ok()?;
    // `u64::from_str` takes a plus sign.
    if text.starts_with('+') { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests;
