//! Requests to records and back: the same five for users and for posts.

use crate::record::{Fields, Record};
use crate::refusal::Refusal;
use crate::store::{Page, Store};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// How many records a page has if the client does not say.
const PAGE: usize = 20;
/// How many records a page has at most.
const LARGEST_PAGE: usize = 100;

type Id = Result<Path<String>, PathRejection>;
type Body = Result<Bytes, BytesRejection>;
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

pub(crate) async fn create<F: Fields>(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let fields = F::read(&object(&headers, body)?)?;
    let record = blocking(move || store.create(fields)).await?;
    let location = format!("/{}/{}", F::NAME, record.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(record)).into_response())
}

pub(crate) async fn list<F: Fields>(
    State(store): State<Store>,
    query: Pairs,
) -> Result<Json<Page<F>>, Refusal> {
    let Query(pairs) = query.map_err(|_| Refusal::Malformed("the query cannot be read".to_owned()))?;
    let (mut limit, mut after) = (PAGE, 0);
    for (name, value) in pairs {
        match name.as_str() {
            "limit" => {
                limit = value.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit)).ok_or_else(
                    || Refusal::Malformed(format!("`limit` must be a number from 1 to {LARGEST_PAGE}")),
                )?;
            }
            "after" => {
                after = value.parse().map_err(|_| Refusal::Malformed("`after` must be an id".to_owned()))?;
            }
            _ => {}
        }
    }
    Ok(Json(blocking(move || store.list::<F>(after, limit)).await?))
}

pub(crate) async fn read<F: Fields>(State(store): State<Store>, id: Id) -> Result<Json<Record<F>>, Refusal> {
    let id = known_id::<F>(id)?;
    Ok(Json(blocking(move || store.read::<F>(id)).await?))
}

pub(crate) async fn patch<F: Fields>(
    State(store): State<Store>,
    id: Id,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Record<F>>, Refusal> {
    let id = known_id::<F>(id)?;
    let patch = object(&headers, body)?;
    Ok(Json(blocking(move || store.patch::<F>(id, patch)).await?))
}

pub(crate) async fn delete<F: Fields>(State(store): State<Store>, id: Id) -> Result<StatusCode, Refusal> {
    let id = known_id::<F>(id)?;
    blocking(move || store.delete::<F>(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn no_such_path() -> Refusal {
    Refusal::NoSuchPath
}

pub(crate) async fn no_such_method() -> Refusal {
    Refusal::NoSuchMethod
}

/// A text that is no number is an id that nobody has.
fn known_id<F: Fields>(id: Id) -> Result<u64, Refusal> {
    let Path(id) = id.map_err(|_| Refusal::NoSuchRecord { kind: F::KIND, id: "(not a text)".to_owned() })?;
    id.parse().map_err(|_| Refusal::NoSuchRecord { kind: F::KIND, id })
}

fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Refusal> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if media_type != "application/json" && media_type != "application/merge-patch+json" {
        return Err(Refusal::NotJson);
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Malformed("the body cannot be read".to_owned()),
    })?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::Malformed("the body must be a JSON object".to_owned())),
        Err(error) => Err(Refusal::Malformed(format!("the body is not JSON: {error}"))),
    }
}

/// The database blocks, and a write waits for the disk: neither may hold up other requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await?
}
