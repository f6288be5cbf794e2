//! The canonical request: what a signature is a signature of.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request>
//!
//! It is made of the request as the client sent it, before any routing, and hashed as it is written. The last line, the
//! hash of the body, comes when the body is known.

use super::query::{self, RESERVED};
use crate::gateway::head::Head;
use percent_encoding::{AsciiSet, percent_encode};
use sha2::{Digest, Sha256};

const IN_PATHS: &AsciiSet = &RESERVED.remove(b'/');

/// The names that a request lists as signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedHeaders<'a> {
    list: &'a [u8],
}

// === impl SignedHeaders ===

impl<'a> SignedHeaders<'a> {
    /// `host;x-amz-date`: lower case, in order, each once. Another order would be another canonical request.
    pub fn parse(list: &'a [u8]) -> Option<Self> {
        let mut before: &[u8] = b"";
        for name in list.split(|byte| *byte == b';') {
            if name <= before || name.iter().any(u8::is_ascii_uppercase) {
                return None;
            }
            before = name;
        }
        Some(Self { list })
    }

    /// Every name.
    pub fn names(self) -> impl Iterator<Item = &'a [u8]> {
        self.list.split(|byte| *byte == b';')
    }

    /// Whether a header is among them.
    pub fn contains(self, name: &[u8]) -> bool {
        self.names().any(|known| known == name)
    }
}

/// All lines but the last, hashed; `None` if a header that is listed does not stand in the request: it would look like an
/// empty one.
pub fn without_payload(head: &Head, signed: SignedHeaders<'_>) -> Option<Sha256> {
    let target = head.first(b":path")?;
    let at = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let (path, query) = (target.get(..at)?, target.get(at + 1..).unwrap_or_default());
    let mut text = Sha256::new();
    text.update(head.first(b":method")?);
    text.update(b"\n");
    percent_encode(&normal(path), IN_PATHS).for_each(|piece| text.update(piece));
    text.update(b"\n");
    text.update(query::canonical(query));
    text.update(b"\n");
    for name in signed.names() {
        // HTTP/2 has no `host`, and Envoy keeps that of HTTP/1.1 under the same name.
        let stands_as = if name == b"host" { b":authority" } else { name };
        text.update(name);
        let mut separator: &[u8] = b":";
        for value in head.all(stands_as) {
            text.update(separator);
            text.update(folded(value));
            separator = b",";
        }
        if separator == b":" {
            return None;
        }
        text.update(b"\n");
    }
    text.update(b"\n");
    text.update(signed.list);
    text.update(b"\n");
    Some(text)
}

/// The path without `.`, `..` and empty segments, as services other than S3 sign it; it is encoded as it was sent, so what
/// the client has encoded is encoded twice.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut normal = Vec::with_capacity(path.len());
    for segment in &kept {
        normal.push(b'/');
        normal.extend_from_slice(segment);
    }
    if kept.is_empty() || path.ends_with(b"/") {
        normal.push(b'/');
    }
    normal
}

/// The value without spaces around it, and with one for each run of them.
fn folded(value: &[u8]) -> Vec<u8> {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::{SignedHeaders, folded, normal};

    #[test]
    fn paths_are_normalised_as_clients_do_it() {
        for (sent, expected) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("/a//b", "/a/b"),
            ("//a///b//", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../../b/", "/b/"),
            ("/a/..", "/"),
            ("/%2e%2E/%2f", "/%2e%2E/%2f"),
            ("/a/...", "/a/..."),
        ] {
            assert_eq!(String::from_utf8_lossy(&normal(sent.as_bytes())), expected, "{sent}");
        }
    }

    #[test]
    fn spaces_are_folded_and_bytes_are_left_alone() {
        assert_eq!(folded(b"  a   b \t c "), b"a b c");
        assert_eq!(folded(b"\xff\xfe  \"x\""), b"\xff\xfe \"x\"");
        assert_eq!(folded(b""), b"");
    }

    #[test]
    fn signed_headers_are_lower_case_in_order_and_single() {
        assert!(SignedHeaders::parse(b"host;x-amz-date").is_some());
        for bad in ["", ";host", "host;", "host;;x-a", "Host", "x-a;host", "host;host"] {
            assert!(SignedHeaders::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
