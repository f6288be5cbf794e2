//! AWS's words for the answers that Envoy gives itself.
//!
//! Most never reach the filter: a codec that refuses a head, a full Envoy, a filter whose VM has died. The filter's own
//! answers pass here too and stay as they are: their details begin with `sekisho_`.

use serde_json::{Value, json};

/// Status of Envoy's answer, and AWS's body.
const BODIES: [(u16, &str); 12] = [
    (400, "Bad Request"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (408, "Request Timeout"),
    (413, "Request Entity Too Large"),
    (426, "Upgrade Required"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Endpoint request timed out"),
];

/// Holds for the filter's own answers.
const OURS: &str = "response.code_details.startsWith('sekisho_')";

/// `local_reply_config` of the HTTP connection manager. The first mapper that holds decides: the filter's own answers meet
/// one that changes nothing.
#[must_use]
pub fn local_reply_config() -> Value {
    let mut mappers = vec![json!({ "filter": { "extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": OURS,
        },
    } } })];
    mappers.extend(BODIES.iter().map(|&(status, message)| mapper(status, message)));
    json!({ "mappers": mappers })
}

fn mapper(status: u16, message: &str) -> Value {
    json!({
        "filter": { "status_code_filter": { "comparison": {
            "op": "EQ",
            "value": { "default_value": status, "runtime_key": format!("sekisho.local_reply.{status}") },
        } } },
        "body_format_override": {
            "text_format_source": { "inline_string": json!({ "message": message }).to_string() },
            "content_type": "application/json",
        },
    })
}
