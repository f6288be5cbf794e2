//! The Invoke operation. <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use crate::gateway::clusters::Endpoint;
use crate::gateway::flow::{Bytes, Callout, CalloutReply, Flight};

/// What came of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoked<'a> {
    /// What the function returned.
    Returned(&'a [u8]),
    /// What the function says of its failure: `{"errorMessage": …, "errorType": …}`.
    Raised(&'a [u8]),
    /// It was not reached, or not in time, or Lambda refused.
    Unreached,
    /// Too many are under way already.
    TooMany,
}

/// A function's invocation with an event.
#[must_use]
pub fn invocation(
    at: &Endpoint,
    event: Vec<u8>,
    trace: &[u8],
    timeout_millis: u32,
    flight: Flight,
) -> Callout {
    let mut callout = post(at, event, trace, timeout_millis, flight);
    callout.headers.push((b"x-amz-invocation-type".into(), b"RequestResponse".into()));
    callout
}

/// A JSON text for a service.
#[must_use]
pub fn post(at: &Endpoint, body: Vec<u8>, trace: &[u8], timeout_millis: u32, flight: Flight) -> Callout {
    let scheme: Bytes = if at.tls { b"https".as_slice().into() } else { b"http".as_slice().into() };
    let mut headers = Vec::with_capacity(8);
    headers.extend([
        (b":method".into(), b"POST".into()),
        (b":scheme".into(), scheme),
        (b":authority".into(), at.authority.clone().into_bytes().into()),
        (b":path".into(), at.path.clone().into_bytes().into()),
        (b"content-type".into(), b"application/json".into()),
        (b"accept".into(), b"application/json".into()),
        (b"x-amzn-trace-id".into(), trace.to_vec().into()),
    ]);
    Callout { cluster: at.cluster.clone(), headers, body, timeout_millis, then_body: false, flight }
}

/// What came of [`invocation`].
#[must_use]
pub fn invoked(reply: &CalloutReply) -> Invoked<'_> {
    match reply {
        CalloutReply::Answered { status: 200, head, body } => {
            // `Handled` or `Unhandled`: either way there is no result.
            match head.first(b"x-amz-function-error") {
                Some(_) => Invoked::Raised(body),
                None => Invoked::Returned(body),
            }
        }
        CalloutReply::Answered { .. } | CalloutReply::Failed => Invoked::Unreached,
        CalloutReply::TooMany => Invoked::TooMany,
    }
}
