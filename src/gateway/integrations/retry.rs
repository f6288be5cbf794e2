//! Retries: the default is a setting of Envoy's route, another policy stands in request headers that its router obeys. Back-off
//! is a setting of the routes.
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
    is_default: bool,
}

/// Which of Envoy's routes a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvoyRoute {
    /// The rendered one for integrations: it has the default policy, because settings are free and headers are not. Headers
    /// could only add to it, so a request with [`MAX_RETRIES_HEADER`] takes a route without a policy.
    Integration,
    /// The rendered one for upgrades, which has no policy; or, where the API type drops the header, [`Self::Integration`].
    Upgrade,
    /// One of the Envoy around the filter, whose policy is not known here.
    Own,
}

/// The request header by which Envoy's router knows how often to repeat a request.
pub const MAX_RETRIES_HEADER: &[u8] = b"x-envoy-max-retries";
/// How often the default policy repeats a request.
pub const DEFAULT_RETRIES: u32 = 2;
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
        let (idempotent, unsent) = (names(&|_| true), names(&is_unsent));
        let is_default = max == DEFAULT_RETRIES && on == DEFAULT_ON;
        Self { max: max.to_string().into_bytes(), idempotent, unsent, is_default }
    }

    /// Writes the policy for a request of this method, where the route has another one.
    pub fn edit(&self, method: &[u8], route: EnvoyRoute, edits: &mut Edits) {
        let on = if is_idempotent(method) { &self.idempotent } else { &self.unsent };
        let is_none = on.is_empty() || self.max == b"0";
        match route {
            EnvoyRoute::Integration if self.is_default => {}
            // The header alone leads to the route that repeats nothing by itself.
            EnvoyRoute::Integration | EnvoyRoute::Upgrade if is_none => edits.set(MAX_RETRIES_HEADER, b"0"),
            EnvoyRoute::Own if is_none => {}
            EnvoyRoute::Integration | EnvoyRoute::Upgrade | EnvoyRoute::Own => {
                edits.set(b"x-envoy-retry-on", on.clone());
                edits.set(MAX_RETRIES_HEADER, self.max.clone());
            }
        }
    }
}

/// The conditions of the default policy, as Envoy's routes name them.
#[must_use]
pub fn default_on() -> String {
    DEFAULT_ON.map(name).join(",")
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
    use super::{EnvoyRoute, Retry};
    use crate::gateway::config::{RetryOn, RetryPolicy};
    use crate::gateway::flow::{Edit, Edits};

    fn edits(policy: Option<&RetryPolicy>, method: &[u8], route: EnvoyRoute) -> Vec<Edit> {
        let mut edits = Edits::default();
        Retry::compile(policy).edit(method, route, &mut edits);
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
        for method in [b"GET", b"PUT"] {
            assert_eq!(edits(None, method, EnvoyRoute::Own), default);
            assert_eq!(edits(None, method, EnvoyRoute::Upgrade), default);
            assert_eq!(edits(None, method, EnvoyRoute::Integration), [], "the route says so");
        }
        assert_eq!(super::default_on(), "connect-failure,refused-stream,reset-before-request");
    }

    #[test]
    fn what_a_backend_may_have_seen_is_repeated_for_idempotent_methods_only() {
        let on = vec![RetryOn::ConnectFailure, RetryOn::ServerError];
        let policy = RetryPolicy { max_retries: Some(1), retry_on: Some(on) };
        for route in [EnvoyRoute::Integration, EnvoyRoute::Upgrade, EnvoyRoute::Own] {
            assert_eq!(edits(Some(&policy), b"PUT", route), set(b"connect-failure,5xx", b"1"));
            assert_eq!(edits(Some(&policy), b"PATCH", route), set(b"connect-failure", b"1"));
            assert_eq!(edits(Some(&policy), b"POST", route), set(b"connect-failure", b"1"));
        }
    }

    #[test]
    fn no_retries_are_no_headers_or_the_one_that_leads_past_the_default() {
        let past = [Edit::Set(b"x-envoy-max-retries".into(), b"0".into())];
        let none = RetryPolicy { max_retries: Some(0), retry_on: None };
        assert_eq!(edits(Some(&none), b"GET", EnvoyRoute::Own), []);
        assert_eq!(edits(Some(&none), b"GET", EnvoyRoute::Upgrade), past);
        assert_eq!(edits(Some(&none), b"GET", EnvoyRoute::Integration), past);
        let only_sent = RetryPolicy { max_retries: None, retry_on: Some(vec![RetryOn::Reset]) };
        assert_eq!(edits(Some(&only_sent), b"POST", EnvoyRoute::Own), []);
        assert_eq!(edits(Some(&only_sent), b"POST", EnvoyRoute::Integration), past);
    }
}
