//! The Invoke operation of Lambda's API, version 2015-03-31, for the functions that there are.
//!
//! A function is found by its name, whatever region and account an ARN names, and every qualifier leads to the one code that
//! there is here.

use super::desk::Invocation;
use super::house::House;
use super::http::{self, NoBody};
use super::named::Named;
use super::pool::{Busy, Pool};
use super::refusal::{
    Refusal, busy, invalid_content, invalid_parameter, not_found, refusal, refuse, service_error,
};
use super::reply::Reply;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, middleware};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;

/// What a function may be called with, in bytes.
const MOST: usize = 6 * 1024 * 1024;
/// What it may be called with as an event.
const MOST_EVENT: usize = 1024 * 1024;
/// How long a client context may be, in base64.
const MOST_CONTEXT: usize = 3583;
/// How many bodies are read at a time: what they take is bounded.
const READING: usize = 32;

/// What the API serves.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) pools: BTreeMap<String, Arc<Pool>>,
    pub(super) house: Arc<House>,
    reading: Semaphore,
}

#[derive(Debug, Deserialize)]
struct Qualified {
    #[serde(rename = "Qualifier")]
    qualifier: Option<String>,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

/// The API.
pub(super) fn router(served: Arc<Served>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{function}/invocations", post(invoke))
        .fallback(async || {
            refuse(StatusCode::NOT_FOUND, "UnknownOperationException", "only Invoke is served")
        })
        .layer(middleware::from_fn(http::no_browsers))
        .with_state(served)
}

async fn invoke(
    State(served): State<Arc<Served>>,
    Path(function): Path<String>,
    Query(query): Query<Qualified>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let id = request_id();
    let mut response = match served.serve(&id, &function, query.qualifier, &headers, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    response.headers_mut().extend(header("x-amzn-requestid", id));
    response
}

// === impl Served ===

impl Served {
    pub(super) fn new(pools: BTreeMap<String, Arc<Pool>>, house: Arc<House>) -> Self {
        Self { pools, house, reading: Semaphore::new(READING) }
    }

    async fn serve(
        &self,
        id: &str,
        function: &str,
        qualifier: Option<String>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Refusal> {
        let named = Named::parse(function, qualifier)?;
        let kind = Kind::parse(headers)?;
        let wants_log = headers.get("x-amz-log-type").is_some_and(|kind| kind == "Tail");
        let arn = self.arn(&named);
        let pool = self.pools.get(&named.name);
        let pool = pool.ok_or_else(|| not_found(format!("Function not found: {arn}")))?;
        let payload = self.payload(kind, headers, body).await?;
        let context = client_context(headers)?;
        let trace = headers.get("x-amzn-trace-id").cloned().unwrap_or_else(trace_id);
        let invocation =
            Invocation { id: id.to_owned(), arn, payload, trace: trace.clone(), client_context: context };
        let mut response = match kind {
            Kind::DryRun => StatusCode::NO_CONTENT.into_response(),
            Kind::Event => {
                pool.invoke_later(invocation).map_err(|Busy| busy(pool))?;
                StatusCode::ACCEPTED.into_response()
            }
            Kind::RequestResponse => {
                let running = pool.invoke(invocation).map_err(|Busy| busy(pool))?;
                // It ends without a reply only if it panics.
                let reply = running.await.map_err(|_| service_error())?;
                returned(reply, wants_log)
            }
        };
        response.headers_mut().insert("x-amzn-trace-id", trace);
        Ok(response)
    }

    /// The ARN that the function is told it was called by.
    fn arn(&self, Named { name, qualifier }: &Named) -> String {
        let House { region, account, .. } = &*self.house;
        let qualifier = qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        format!("arn:aws:lambda:{region}:{account}:function:{name}{qualifier}")
    }

    async fn payload(&self, kind: Kind, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
        let most = match kind {
            Kind::RequestResponse | Kind::DryRun => MOST,
            Kind::Event => MOST_EVENT,
        };
        let payload = {
            // It fails only if the semaphore is closed, which nobody does.
            let _turn = self.reading.acquire().await.map_err(|_| service_error())?;
            http::read(headers, body, most).await
        };
        let payload = payload.map_err(|no_body| match no_body {
            NoBody::TooLarge => refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                &format!("Request must be smaller than {most} bytes for the InvokeFunction operation"),
            ),
            NoBody::Broken => invalid_content("Could not read the request body".to_owned()),
        })?;
        if payload.is_empty() {
            return Ok(Bytes::from_static(b"{}"));
        }
        match serde_json::from_slice::<IgnoredAny>(&payload) {
            Ok(_) => Ok(payload),
            Err(error) => Err(invalid_content(format!(
                "Could not parse request body into json: Could not parse payload into json: {error}"
            ))),
        }
    }
}

/// What a function returned.
fn returned(Reply { answer, tail }: Reply, wants_log: bool) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if answer.error.is_some() {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    if wants_log {
        headers.extend(header("x-amz-log-result", BASE64_STANDARD.encode(tail)));
    }
    response
}

// === impl Kind ===

impl Kind {
    fn parse(headers: &HeaderMap) -> Result<Self, Refusal> {
        match headers.get("x-amz-invocation-type").map(HeaderValue::as_bytes) {
            None | Some(b"RequestResponse") => Ok(Self::RequestResponse),
            Some(b"Event") => Ok(Self::Event),
            Some(b"DryRun") => Ok(Self::DryRun),
            Some(_) => Err(invalid_parameter(
                "invocationType must satisfy enum value set: [Event, RequestResponse, DryRun]",
            )),
        }
    }
}

/// The client context as the Runtime API gives it.
fn client_context(headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
    let Some(context) = headers.get("x-amz-client-context") else { return Ok(None) };
    let json = Some(context)
        .filter(|context| context.len() <= MOST_CONTEXT)
        .and_then(|context| BASE64_STANDARD.decode(context).ok())
        .filter(|json| serde_json::from_slice::<IgnoredAny>(json).is_ok())
        .and_then(|json| HeaderValue::from_bytes(&json).ok());
    match json {
        Some(json) => Ok(Some(json)),
        None => Err(refusal(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )),
    }
}

fn header(name: &'static str, value: String) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
}

/// A random UUID.
fn request_id() -> String {
    let random = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    let mut id = String::with_capacity(36);
    for (at, digit) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&at) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

fn trace_id() -> HeaderValue {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let root = fastrand::u128(..) >> 32;
    let text = format!("Root=1-{seconds:08x}-{root:024x};Parent={:016x};Sampled=0", fastrand::u64(..));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;
