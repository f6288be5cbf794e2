//! Why a caller is refused, in AWS's words: the function knows nothing of it.

use super::pool::Pool;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error of the API: none of the function's.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    pub(super) kind: &'static str,
    body: serde_json::Value,
}

// === impl Refusal ===

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.kind));
        response
    }
}

pub(super) fn refusal(status: StatusCode, kind: &'static str, message: &str) -> Refusal {
    let who = if status.is_server_error() { "Service" } else { "User" };
    // The Message of some of AWS's errors begins with a capital and that of others does not; its clients read both.
    Refusal { status, kind, body: json!({"Type": who, "Message": message}) }
}

pub(super) fn refuse(status: StatusCode, kind: &'static str, message: &str) -> Response {
    refusal(status, kind, message).into_response()
}

pub(super) fn not_found(message: String) -> Refusal {
    refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message)
}

pub(super) fn invalid_parameter(message: &str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
}

pub(super) fn invalid_content(message: String) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message)
}

pub(super) fn service_error() -> Refusal {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", "the invocation was lost")
}

pub(super) fn busy(pool: &Pool) -> Refusal {
    let reason = if pool.function.reserved {
        "ReservedFunctionConcurrentInvocationLimitExceeded"
    } else {
        "ConcurrentInvocationLimitExceeded"
    };
    let body = json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."});
    Refusal { status: StatusCode::TOO_MANY_REQUESTS, kind: "TooManyRequestsException", body }
}
