//! One gRPC method over HTTP/2 without TLS. What gRPC's protocol demands of a client is demanded here, also where some servers
//! do not look.
//!
//! Source: `PROTOCOL-HTTP2.md` of gRPC.

use crate::counts::Counts;
use crate::limits::Limits;
use crate::messages::{Code, RateLimitRequest, RateLimitResponse};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpListener;

const METHOD: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";
/// The largest message, in bytes.
const LARGEST: usize = 64 << 10;

/// What is asked, and where it is counted.
pub struct Service {
    pub limits: Limits,
    pub counts: Counts,
}

/// Why there is no answer: gRPC's status and a text.
struct Refusal(u8, String);

/// Serves for ever.
pub async fn serve(listener: TcpListener, service: Arc<Service>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = Arc::clone(&service);
        let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| {
                let service = Arc::clone(&service);
                async move { Ok::<_, Infallible>(response(service.call(request).await)) }
            }),
        );
        // A client that breaks off is no matter of the others.
        tokio::spawn(async move { drop(connection.await) });
    }
}

impl Service {
    async fn call(&self, request: Request<Incoming>) -> Result<RateLimitResponse, Refusal> {
        let refused = |status, text: &str| Err(Refusal(status, text.to_owned()));
        let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
        if request.uri().path() != METHOD {
            return refused(12, "no such method");
        }
        if request.method() != Method::POST {
            return refused(13, "not POST");
        }
        if !header(CONTENT_TYPE)
            .is_some_and(|kind| matches!(kind, b"application/grpc" | b"application/grpc+proto"))
        {
            return refused(13, "content-type is not application/grpc");
        }
        if header(TE) != Some(b"trailers") {
            return refused(13, "te is not trailers");
        }
        let body = Limited::new(request.into_body(), LARGEST + 5).collect().await;
        let body = body.map_err(|error| Refusal(8, error.to_string()))?.to_bytes();
        let asked =
            RateLimitRequest::decode(message(body)?).map_err(|error| Refusal(13, error.to_string()))?;
        Ok(RateLimitResponse { overall_code: self.decide(&asked).await?.into() })
    }

    /// As `limitador-server` does, line by line.
    async fn decide(&self, asked: &RateLimitRequest) -> Result<Code, Refusal> {
        if asked.domain.is_empty() {
            return Ok(Code::Unknown);
        }
        let unavailable = |error: &dyn std::fmt::Display| {
            eprintln!("{error}");
            Refusal(14, "Service unavailable".to_owned())
        };
        let counters =
            self.limits.counters(&asked.domain, &asked.descriptors).map_err(|error| unavailable(&error))?;
        let hits = u64::from(asked.hits_addend.max(1));
        let within = self.counts.take(&counters, hits).await.map_err(|error| unavailable(&error))?;
        Ok(if within { Code::Ok } else { Code::OverLimit })
    }
}

/// The one message of a body: behind a byte that tells whether it is compressed, and four of length.
fn message(mut body: Bytes) -> Result<Bytes, Refusal> {
    let compressed = body.try_get_u8();
    let length = body.try_get_u32();
    match (compressed, length) {
        (Ok(0), Ok(length)) if length as usize == body.len() => Ok(body),
        (Ok(0), Ok(_)) => Err(Refusal(13, "the length is not that of one message".to_owned())),
        (Ok(_), Ok(_)) => Err(Refusal(12, "compressed".to_owned())),
        (Err(_), _) | (_, Err(_)) => Err(Refusal(13, "no message".to_owned())),
    }
}

fn response(answer: Result<RateLimitResponse, Refusal>) -> Response<BoxBody<Bytes, Infallible>> {
    let trailers = |status: u8, text: &str| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from(u16::from(status)));
        if let Ok(text) = HeaderValue::from_str(text) {
            trailers.insert("grpc-message", text);
        }
        trailers
    };
    let mut response = match answer {
        Ok(answer) => {
            let written = answer.encode_to_vec();
            let mut body = BytesMut::new();
            body.put_u8(0);
            body.put_u32(u32::try_from(written.len()).unwrap_or(u32::MAX));
            body.extend_from_slice(&written);
            let end = trailers(0, "");
            Response::new(Full::new(body.freeze()).with_trailers(async move { Some(Ok(end)) }).boxed())
        }
        // A refusal has its status in the head: there is no body.
        Err(Refusal(status, text)) => {
            let mut response = Response::new(Empty::new().boxed());
            response.headers_mut().extend(trailers(status, &text));
            response
        }
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
