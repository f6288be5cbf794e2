//! Envoy's own replies, told apart from a backend's by `response.code_details`, become AWS's.
//!
//! The names are those of Envoy's `StreamInfo::ResponseCodeDetails`. A reply of another filter, such as an RBAC denial, is
//! somebody's decision and passes as it is.

use super::rejection::Rejection;

/// What a reply of Envoy's means in AWS's terms; `None` lets it pass.
#[must_use]
pub fn rejection(details: &[u8], status: u16) -> Option<Rejection> {
    // Some carry their cause in braces: `upstream_reset_before_response_started{connection_termination}`.
    let name = details.split(|byte| *byte == b'{').next().unwrap_or_default();
    match name {
        // The client was slow with its body, not the backend with its answer.
        b"stream_idle_timeout" if status == 408 => Some(Rejection::RequestTimeout),
        b"upstream_response_timeout"
        | b"upstream_per_try_timeout"
        | b"upstream_per_try_idle_timeout"
        | b"upstream_max_stream_duration_reached"
        | b"stream_idle_timeout" => Some(Rejection::IntegrationTimeout),
        b"upstream_reset_before_response_started"
        | b"no_healthy_upstream"
        | b"maintenance_mode"
        | b"upstream_reset_after_response_started" => Some(Rejection::IntegrationFailure),
        b"cluster_not_found" => Some(Rejection::ApiConfiguration),
        b"response_payload_too_large" => Some(Rejection::Internal),
        b"route_not_found" => Some(Rejection::UnknownRoute),
        b"request_payload_too_large" | b"request_payload_exceeded_retry_buffer_limit" => {
            Some(Rejection::PayloadTooLarge)
        }
        b"request_headers_too_large" => Some(Rejection::HeaderTooLarge),
        b"request_header_timeout" | b"request_overall_timeout" => Some(Rejection::RequestTimeout),
        b"overload" | b"drop_overload" => Some(Rejection::Overloaded),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Rejection, rejection};

    #[test]
    fn causes_in_braces_do_not_change_what_a_reply_means() {
        let details = b"upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}";
        assert_eq!(rejection(details, 503), Some(Rejection::IntegrationFailure));
        assert_eq!(rejection(b"upstream_response_timeout", 504), Some(Rejection::IntegrationTimeout));
    }

    #[test]
    fn an_idle_stream_is_the_fault_of_the_side_that_was_silent() {
        assert_eq!(rejection(b"stream_idle_timeout", 504), Some(Rejection::IntegrationTimeout));
        assert_eq!(rejection(b"stream_idle_timeout", 408), Some(Rejection::RequestTimeout));
    }

    #[test]
    fn replies_of_other_filters_pass() {
        for details in
            [&b"rbac_access_denied_matched_policy[none]"[..], b"via_upstream", b"direct_response", b""]
        {
            assert_eq!(rejection(details, 403), None);
        }
    }
}
