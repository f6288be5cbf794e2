//! Retries, by the request headers that Envoy's router obeys; back-off is a setting of its routes.
//!
//! AWS documents no retries of integrations. These repeat only what no backend has seen, unless the document asks for more;
//! and what a backend may have seen is repeated for idempotent methods (RFC 9110, 9.2.2) only.

use crate::gateway::config::{RetryOn, RetryPolicy};
use crate::gateway::flow::Edits;

/// A compiled retry policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    max: Vec<u8>,
    /// Conditions for idempotent methods.
    idempotent: Vec<u8>,
    /// Conditions under which no byte has reached the backend.
    unsent: Vec<u8>,
}

const DEFAULT_RETRIES: u32 = 2;
const DEFAULT_ON: [RetryOn; 3] =
    [RetryOn::ConnectFailure, RetryOn::RefusedStream, RetryOn::ResetBeforeRequest];

// === impl Retry ===

impl Retry {
    /// The policy as written, or the default.
    #[must_use]
    pub fn compile(written: Option<&RetryPolicy>) -> Self {
        let max = written.and_then(|policy| policy.max_retries).unwrap_or(DEFAULT_RETRIES);
        let on = written.and_then(|policy| policy.retry_on.as_deref()).unwrap_or(&DEFAULT_ON);
        let names = |wanted: &dyn Fn(RetryOn) -> bool| {
            on.iter().filter(|on| wanted(**on)).map(|on| name(*on)).collect::<Vec<_>>().join(",").into_bytes()
        };
        Self { max: max.to_string().into_bytes(), idempotent: names(&|_| true), unsent: names(&is_unsent) }
    }

    /// Writes the policy for a request of this method.
    pub fn edit(&self, method: &[u8], edits: &mut Edits) {
        let on = if is_idempotent(method) { &self.idempotent } else { &self.unsent };
        if !on.is_empty() && self.max != b"0" {
            edits.set(b"x-envoy-retry-on", on.clone());
            edits.set(b"x-envoy-max-retries", self.max.clone());
        }
    }
}

fn name(on: RetryOn) -> &'static str {
    match on {
        RetryOn::ConnectFailure => "connect-failure",
        RetryOn::RefusedStream => "refused-stream",
        RetryOn::ResetBeforeRequest => "reset-before-request",
        RetryOn::Reset => "reset",
        RetryOn::GatewayError => "gateway-error",
        RetryOn::ServerError => "5xx",
    }
}

fn is_unsent(on: RetryOn) -> bool {
    match on {
        RetryOn::ConnectFailure | RetryOn::RefusedStream | RetryOn::ResetBeforeRequest => true,
        RetryOn::Reset | RetryOn::GatewayError | RetryOn::ServerError => false,
    }
}

fn is_idempotent(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" | b"TRACE")
}

#[cfg(test)]
mod tests {
    use super::Retry;
    use crate::gateway::config::{RetryOn, RetryPolicy};
    use crate::gateway::flow::{Edit, Edits};

    fn edits(policy: Option<&RetryPolicy>, method: &[u8]) -> Vec<Edit> {
        let mut edits = Edits::default();
        Retry::compile(policy).edit(method, &mut edits);
        edits.0
    }

    fn set(on: &'static [u8], max: &'static [u8]) -> Vec<Edit> {
        vec![
            Edit::Set(b"x-envoy-retry-on".into(), on.into()),
            Edit::Set(b"x-envoy-max-retries".into(), max.into()),
        ]
    }

    #[test]
    fn by_default_only_what_no_backend_saw_is_repeated() {
        let default = set(b"connect-failure,refused-stream,reset-before-request", b"2");
        assert_eq!(edits(None, b"GET"), default);
        assert_eq!(edits(None, b"POST"), default);
    }

    #[test]
    fn what_a_backend_may_have_seen_is_repeated_for_idempotent_methods_only() {
        let on = vec![RetryOn::ConnectFailure, RetryOn::ServerError];
        let policy = RetryPolicy { max_retries: Some(1), retry_on: Some(on) };
        assert_eq!(edits(Some(&policy), b"PUT"), set(b"connect-failure,5xx", b"1"));
        assert_eq!(edits(Some(&policy), b"PATCH"), set(b"connect-failure", b"1"));
        assert_eq!(edits(Some(&policy), b"POST"), set(b"connect-failure", b"1"));
    }

    #[test]
    fn no_retries_are_no_headers() {
        let none = RetryPolicy { max_retries: Some(0), retry_on: None };
        assert_eq!(edits(Some(&none), b"GET"), []);
        let only_sent = RetryPolicy { max_retries: None, retry_on: Some(vec![RetryOn::Reset]) };
        assert_eq!(edits(Some(&only_sent), b"POST"), []);
    }
}
