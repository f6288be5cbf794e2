//! Responses whose body must not reach the client: to `HEAD`, and with status 204, 205 or 304.
//!
//! Envoy frames a response by the client's method and the final status. Where a document changes either between backend and
//! client, the two sides would disagree about the body, and on HTTP/1.1 a client, or a proxy that shares its connection among
//! users, would read one response's body as the next response (RFC 9112, 6.3).

use crate::gateway::flow::{Answer, Bytes, Edits, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::request::Request;

/// Whether responses of this status have no body.
#[must_use]
pub fn is_bodiless(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}

/// Lets a response go to the client with its edits, framed as the client will read it.
///
/// `asked` is the method that the backend saw, `came` its status, `goes` the client's.
pub fn frame(
    request: &Request,
    head: &Head,
    mut edits: Edits,
    asked: &[u8],
    came: u16,
    goes: u16,
) -> ResponseFlow {
    let client_asked_head = request.head.first(b":method") == Some(b"HEAD");
    let may_have_body = !client_asked_head && !is_bodiless(goes);
    let body_was_asked = asked != b"HEAD" && !is_bodiless(came);
    match (body_was_asked, may_have_body) {
        (true, false) if !head.end_of_stream => ResponseFlow::Replace(without_body(head, edits, goes)),
        // The length is that of a body which does not come.
        (false, true) => {
            edits.remove(b"content-length");
            ResponseFlow::Continue(edits)
        }
        (true, false) | (true, true) | (false, false) => ResponseFlow::Continue(edits),
    }
}

/// The head with its edits, as an answer without a body.
fn without_body(head: &Head, edits: Edits, status: u16) -> Answer {
    let mut headers: Vec<(Bytes, Bytes)> =
        head.iter().map(|(name, value)| (name.to_vec().into(), value.to_vec().into())).collect();
    edits.apply(&mut headers);
    let framing = |name: &[u8]| matches!(name, b"content-length" | b"transfer-encoding" | b"connection");
    headers.retain(|(name, _)| !name.starts_with(b":") && !framing(name));
    Answer { status, headers, body: Bytes::default(), details: "sekisho_bodiless".into() }
}
