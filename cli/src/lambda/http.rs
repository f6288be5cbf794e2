//! What both HTTP APIs share: bodies of bounded size, and no browsers.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, HeaderMap, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use std::time::Duration;

/// How long a body may take to come: everything is on one machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of a body that is too large is read and thrown away, so that its sender reads the answer. The rest breaks the connection.
const PATIENT: usize = 64 * 1024 * 1024;

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoBody {
    TooLarge,
    /// It did not come as a whole.
    Broken,
}

/// Reads a body of at most `most` bytes.
pub(super) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, NoBody> {
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match tokio::time::timeout(PATIENCE, pieces(body, most, said.unwrap_or_default())).await {
        Ok(read) => read,
        Err(_late) => Err(NoBody::Broken),
    }
}

async fn pieces(mut body: Body, most: usize, said: usize) -> Result<Bytes, NoBody> {
    let (mut kept, mut all) = (Vec::with_capacity(said.min(most)), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NoBody::Broken)?.into_data() else { continue };
        all = all.saturating_add(data.len());
        if all <= most {
            kept.extend_from_slice(&data);
        } else if all > PATIENT {
            break;
        } else {
            kept = Vec::new();
        }
    }
    if all > most { Err(NoBody::TooLarge) } else { Ok(kept.into()) }
}

/// Refuses browsers: any page could call a function on this machine, or fetch what it is called with. They say where a
/// request comes from; programs do not.
pub(super) async fn no_browsers(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site") {
        return (StatusCode::FORBIDDEN, "browsers may not call functions of this machine\n").into_response();
    }
    next.run(request).await
}
