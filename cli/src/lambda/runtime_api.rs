//! The Runtime API of one instance, version 2018-06-01: its paths, headers and statuses. What they mean is `desk.rs`.

use super::desk::{Answer, Desk, Invocation, Refusal};
use super::http::{self, NoBody};
use super::log::Log;
use super::reply;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;

/// What a function may answer: 6 MB and a little, as AWS has it.
pub(super) const MOST: usize = 6 * 1024 * 1024 + 100;

/// How many answers are read at a time: of an invocation there is one.
const READING: usize = 2;

/// What the API of one instance serves.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) desk: Arc<Desk>,
    pub(super) log: Arc<Log>,
    reading: Arc<Semaphore>,
}

// === impl Served ===

impl Served {
    pub(super) fn new(desk: Arc<Desk>, log: Arc<Log>) -> Self {
        Self { desk, log, reading: Arc::new(Semaphore::new(READING)) }
    }

    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, NoBody> {
        // It fails only if the semaphore is closed, which nobody does.
        let _turn = self.reading.acquire().await.map_err(|_| NoBody::Broken)?;
        http::read(headers, body, MOST).await
    }
}

/// The API.
pub(super) fn router(served: Served) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(middleware::from_fn(http::no_browsers))
        .with_state(served)
}

async fn next(State(Served { desk, log, .. }): State<Served>) -> Response {
    let begins = |invocation: &Invocation| {
        // What was written while it started stands before.
        log.catch_up();
        log.line(&reply::start_line(&invocation.id));
    };
    match desk.next(begins).await {
        Ok((invocation, timeout)) => deliver(invocation, timeout),
        Err(refusal) => refuse(refusal),
    }
}

fn deliver(invocation: Invocation, timeout: Duration) -> Response {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + timeout;
    let mut response = Response::new(Body::from(invocation.payload));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut set = |name: &'static str, value: Option<HeaderValue>| {
        headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
    };
    set("lambda-runtime-aws-request-id", HeaderValue::try_from(invocation.id).ok());
    set("lambda-runtime-deadline-ms", HeaderValue::try_from(deadline.as_millis().to_string()).ok());
    set("lambda-runtime-invoked-function-arn", HeaderValue::try_from(invocation.arn).ok());
    set("lambda-runtime-trace-id", Some(invocation.trace));
    set("lambda-runtime-client-context", invocation.client_context);
    response
}

async fn response(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Err(refusal) = served.desk.may_answer(&id) {
        return refuse(refusal);
    }
    match served.read(&headers, body).await {
        Ok(body) => taken(served.desk.answer(&id, Answer { body, error: None })),
        Err(NoBody::TooLarge) => match served.desk.answer(&id, reply::too_large()) {
            Ok(()) => too_large(),
            Err(refusal) => refuse(refusal),
        },
        Err(NoBody::Broken) => broken(),
    }
}

async fn error(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Err(refusal) = served.desk.may_answer(&id) {
        return refuse(refusal);
    }
    match served.read(&headers, body).await {
        Ok(body) => taken(served.desk.answer(&id, failure(&headers, body))),
        Err(NoBody::TooLarge) => too_large(),
        Err(NoBody::Broken) => broken(),
    }
}

async fn init_error(State(served): State<Served>, headers: HeaderMap, body: Body) -> Response {
    match served.read(&headers, body).await {
        Ok(body) => taken(served.desk.init_error(failure(&headers, body))),
        Err(NoBody::TooLarge) => too_large(),
        Err(NoBody::Broken) => broken(),
    }
}

fn failure(headers: &HeaderMap, body: Bytes) -> Answer {
    let kind = headers.get("lambda-runtime-function-error-type").and_then(|kind| kind.to_str().ok());
    Answer { body, error: Some(kind.unwrap_or("Runtime.Unknown").to_owned()) }
}

fn taken(result: Result<(), Refusal>) -> Response {
    match result {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response(),
        Err(refusal) => refuse(refusal),
    }
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::InvalidRequestId => told(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Refusal::InvalidState { from, to } => told(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            &format!("Transition from {from} to {to} is not allowed."),
        ),
    }
}

fn too_large() -> Response {
    let message = format!("Exceeded maximum allowed payload size ({MOST} bytes).");
    told(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

fn broken() -> Response {
    told(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated")
}

fn told(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, Json(json!({"errorMessage": message, "errorType": kind}))).into_response()
}
