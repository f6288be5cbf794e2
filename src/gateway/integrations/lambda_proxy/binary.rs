//! Which bodies are binary. <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html>

use crate::gateway::request::Request;

/// A REST API's `binaryMediaTypes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaTypes(pub Vec<String>);

// === impl MediaTypes ===

impl MediaTypes {
    /// Whether the body of a request is binary, by its `content-type`.
    #[must_use]
    pub fn sent(&self, request: &Request) -> bool {
        self.has(media_type(request.head.first(b"content-type").unwrap_or_default()))
    }

    /// Whether the client takes a binary body, by the first media type that it accepts.
    #[must_use]
    pub fn accepted(&self, request: &Request) -> bool {
        let accept = request.head.first(b"accept").unwrap_or_default();
        self.has(media_type(accept.split(|byte| *byte == b',').next().unwrap_or_default()))
    }

    fn has(&self, media_type: &[u8]) -> bool {
        self.0.iter().any(|known| known == "*/*" || known.as_bytes().eq_ignore_ascii_case(media_type))
    }
}

/// Whether an HTTP API hands a body of this `content-type` to functions as text; every other one in base64.
#[must_use]
pub fn is_text(content_type: &[u8]) -> bool {
    let media_type = media_type(content_type).to_ascii_lowercase();
    media_type.starts_with(b"text/")
        || matches!(
            media_type.as_slice(),
            b"application/json" | b"application/xml" | b"application/javascript"
        )
}

/// A media type without its parameters.
fn media_type(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}
