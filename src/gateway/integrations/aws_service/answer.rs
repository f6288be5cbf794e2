//! What the client reads of a service's answer: its status, its body and a few of its headers.

use super::AwsService;
use super::subtype::Protocol;
use crate::gateway::aws::is_unsigned;
use crate::gateway::flow::{Answer, Bytes, CalloutReply, Edits};
use crate::gateway::head::Head;
use crate::gateway::integrations::bodiless::is_bodiless;
use crate::gateway::json_path::JsonBody;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::{Facts, Request, Response};

/// Longest answer, in bytes: API Gateway's.
const LARGEST: usize = 10 * 1024 * 1024;

/// Headers that pass where the operation is HTTP's own. All others are for callers of the service itself.
const PASSING: [&[u8]; 11] = [
    b"accept-ranges",
    b"cache-control",
    b"configuration-version",
    b"content-disposition",
    b"content-encoding",
    b"content-language",
    b"content-range",
    b"content-type",
    b"etag",
    b"expires",
    b"last-modified",
];

impl AwsService {
    /// What the client reads, beside the gateway's own headers.
    ///
    /// # Errors
    /// If there is no answer, or none that can be passed on.
    pub fn answer(&self, request: &Request, reply: &CalloutReply) -> Result<Answer, Rejection> {
        let (status, head, body) = match reply {
            CalloutReply::Answered { .. } if is_unsigned(reply) => return Err(Rejection::Unsigned),
            CalloutReply::Answered { status, head, body } => (*status, head, body),
            CalloutReply::Failed | CalloutReply::TooLarge => return Err(Rejection::IntegrationFailure),
            CalloutReply::TooMany => return Err(Rejection::IntegrationBusy),
        };
        match status {
            504 if is_envoys(head) => return Err(Rejection::IntegrationTimeout),
            // Envoy's circuit breaker: more are under way than its cluster may have.
            503 if head.first(b"x-envoy-overloaded").is_some() => return Err(Rejection::IntegrationBusy),
            502 | 503 if is_envoys(head) => return Err(Rejection::IntegrationFailure),
            200..=599 if body.len() <= LARGEST => {}
            _ => return Err(Rejection::IntegrationFailure),
        }
        let mut headers = self.passing(head);
        let json = JsonBody::new(body);
        let response = Response { head, status, body: Some(&json) };
        let mut edits = Edits::default();
        let goes = self.responses.edit(&Facts { response: Some(response), ..request.facts() }, &mut edits);
        edits.apply(&mut headers);
        let body = if is_bodiless(goes) { Bytes::default() } else { body.clone().into() };
        Ok(Answer { status: goes, headers, body, details: "sekisho_aws_service".into() })
    }

    fn passing(&self, head: &Head) -> Vec<(Bytes, Bytes)> {
        let is_http = matches!(self.subtype.protocol, Protocol::Rest { .. });
        let passes = |name: &[u8]| name == b"content-type" || (is_http && PASSING.contains(&name));
        let passing = head.iter().filter(|(name, _)| passes(name));
        passing.map(|(name, value)| (name.to_vec().into(), value.to_vec().into())).collect()
    }
}

/// Whether Envoy answered in the place of a service that it could not reach: services of AWS's give each answer an id.
fn is_envoys(head: &Head) -> bool {
    head.first(b"x-amzn-requestid").or_else(|| head.first(b"x-amz-request-id")).is_none()
}
