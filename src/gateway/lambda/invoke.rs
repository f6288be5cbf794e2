//! The Invoke operation. <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use crate::gateway::aws::is_unsigned;
use crate::gateway::clusters::Endpoint;
use crate::gateway::flow::{Callout, CalloutReply, Flight};

/// Most that a function may return, in bytes; Lambda's own error says this number.
const LARGEST_OUTPUT: usize = 6_291_556;

/// What came of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoked<'a> {
    /// What the function returned.
    Returned(&'a [u8]),
    /// What the function says of its failure: `{"errorMessage": …, "errorType": …}`.
    Raised(&'a [u8]),
    /// It returned more than Lambda takes.
    TooLarge,
    /// It returned nothing.
    Unreached(Unreached),
    /// Too many are under way already.
    TooMany,
}

/// Why a function returned nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreached {
    /// Lambda does not let the gateway invoke it, or knows no such function.
    Denied,
    /// There are no credentials to sign with, so Lambda was not asked.
    Unsigned,
    /// Lambda has no room for one more.
    Throttled,
    /// It did not return in time.
    TimedOut,
    /// Lambda was not reached, or failed itself.
    Failed,
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
    let mut headers = Callout::head("POST", at.tls, &at.authority, at.path.clone().into_bytes());
    headers.extend([
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
                None if body.len() > LARGEST_OUTPUT => Invoked::TooLarge,
                None => Invoked::Returned(body),
            }
        }
        CalloutReply::Answered { .. } if is_unsigned(reply) => Invoked::Unreached(Unreached::Unsigned),
        CalloutReply::Answered { status, head, .. } => Invoked::Unreached(match status {
            // Envoy's circuit breaker: more are under way than its cluster may have.
            503 if head.first(b"x-envoy-overloaded").is_some() => Unreached::Throttled,
            // Envoy answers 504 in the place of a service that is too slow; Lambda itself does not.
            504 => Unreached::TimedOut,
            429 => Unreached::Throttled,
            400..=499 => Unreached::Denied,
            _ => Unreached::Failed,
        }),
        CalloutReply::Failed => Invoked::Unreached(Unreached::Failed),
        CalloutReply::TooLarge => Invoked::TooLarge,
        CalloutReply::TooMany => Invoked::TooMany,
    }
}

#[cfg(test)]
mod tests {
    use super::{Invoked, LARGEST_OUTPUT, Unreached, invoked};
    use crate::gateway::flow::CalloutReply;
    use crate::gateway::head::Head;

    fn answered(status: u16, headers: &[(&str, &str)], body: &[u8]) -> CalloutReply {
        CalloutReply::Answered { status, head: Head::from_pairs(headers, false), body: body.to_vec() }
    }

    #[test]
    fn lambdas_answers_are_results_failures_or_none() {
        let overloaded = [("x-envoy-overloaded", "true")];
        for (status, headers, expected) in [
            (200, [("x-amz-executed-version", "$LATEST")], Invoked::Returned(b"{}")),
            (200, [("x-amz-function-error", "Handled")], Invoked::Raised(b"{}")),
            (200, [("x-amz-function-error", "Unhandled")], Invoked::Raised(b"{}")),
            // A function that says so itself has run.
            (200, overloaded, Invoked::Returned(b"{}")),
            (403, [("a", "b")], Invoked::Unreached(Unreached::Denied)),
            (404, [("a", "b")], Invoked::Unreached(Unreached::Denied)),
            (429, [("a", "b")], Invoked::Unreached(Unreached::Throttled)),
            (500, [("a", "b")], Invoked::Unreached(Unreached::Failed)),
            (503, [("a", "b")], Invoked::Unreached(Unreached::Failed)),
            (503, overloaded, Invoked::Unreached(Unreached::Throttled)),
            (504, [("a", "b")], Invoked::Unreached(Unreached::TimedOut)),
            (202, [("a", "b")], Invoked::Unreached(Unreached::Failed)),
            (301, [("a", "b")], Invoked::Unreached(Unreached::Failed)),
        ] {
            let reply = answered(status, &headers, b"{}");
            assert_eq!(invoked(&reply), expected, "{status} {headers:?}");
        }
        assert_eq!(invoked(&CalloutReply::Failed), Invoked::Unreached(Unreached::Failed));
        assert_eq!(invoked(&CalloutReply::TooMany), Invoked::TooMany);
        assert_eq!(invoked(&CalloutReply::TooLarge), Invoked::TooLarge);
    }

    #[test]
    fn an_output_has_lambdas_own_limit() {
        let fits = answered(200, &[], &vec![b' '; LARGEST_OUTPUT]);
        assert!(matches!(invoked(&fits), Invoked::Returned(_)));
        assert_eq!(invoked(&answered(200, &[], &vec![b' '; LARGEST_OUTPUT + 1])), Invoked::TooLarge);
    }
}
