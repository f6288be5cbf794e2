//! A collector of OpenTelemetry's logs and spans by gRPC, and a gRPC access log service of Envoy's: they keep what they are sent.

use bytes::{Buf, Bytes};
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Bytes that whoever sends may be ahead.
const WINDOW: u32 = 64 << 20;
const ACCESS_LOGS: &str = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Messages, and the paths of the methods that they were sent to.
type Messages = Arc<Mutex<Vec<(String, Bytes)>>>;

/// A running receiver. Dropped, it is stopped.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    messages: Messages,
    task: JoinHandle<()>,
}

/// A span as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its trace, in hexadecimal digits.
    pub trace: String,
    /// Itself.
    pub id: String,
    /// The span that it is a part of; empty if it has none.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Its attributes that are texts.
    pub attributes: BTreeMap<String, String>,
}

impl Receiver {
    /// Starts one on a port of its own.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let keeping = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let keeping = Arc::clone(&keeping);
                tokio::spawn(async move {
                    let service = service_fn(move |request| serve(request, Arc::clone(&keeping)));
                    let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    // All that a test sends: Envoy throws away what a busy machine would make wait.
                    server.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
                    // Envoy ends before its connections do.
                    let _ = server.serve_connection(TokioIo::new(connection), service).await;
                });
            }
        });
        Self { address, messages, task }
    }

    /// Texts of the log records of an OpenTelemetry exporter.
    #[must_use]
    pub fn otlp_lines(&self) -> Vec<String> {
        // resource_logs, scope_logs, log_records, body, string_value.
        self.texts("/opentelemetry.proto.collector.logs.v1.LogsService/Export", &[1, 2, 2, 5, 1])
    }

    /// Spans of an OpenTelemetry exporter.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        // resource_spans, scope_spans, spans.
        let spans = self.fields("/opentelemetry.proto.collector.trace.v1.TraceService/Export", &[1, 2, 2]);
        spans.map(|span| Span::read(&span)).collect()
    }

    /// The filter state of the entries of Envoy's service: each is an `Any` of a `BytesValue`.
    #[must_use]
    pub fn als_lines(&self) -> Vec<String> {
        // http_logs, log_entry, common_properties, filter_state_objects, their values, the `Any`'s value, the text.
        self.texts(ACCESS_LOGS, &[2, 1, 1, 21, 2, 2, 1])
    }

    fn texts(&self, method: &str, path: &[u64]) -> Vec<String> {
        self.fields(method, path).map(text).collect()
    }

    /// The fields at the end of a path of field numbers in what was sent to a method.
    fn fields(&self, method: &str, path: &[u64]) -> impl Iterator<Item = Bytes> {
        let messages = self.messages.lock().unwrap().clone();
        let of_method =
            messages.into_iter().filter(|(sent_to, _)| sent_to == method).map(|(_, message)| message);
        of_method.flat_map(|message| fields(message, path)).collect::<Vec<_>>().into_iter()
    }
}

// === impl Span ===

impl Span {
    fn read(span: &Bytes) -> Self {
        let one = |number| fields(span.clone(), &[number]).pop().unwrap_or_default();
        let hex = |bytes: Bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let attribute = |pair: Bytes| {
            // The value's string_value.
            Some((text(fields(pair.clone(), &[1]).pop()?), text(fields(pair, &[2, 1]).pop()?)))
        };
        Self {
            trace: hex(one(1)),
            id: hex(one(2)),
            parent: hex(one(4)),
            name: text(one(5)),
            attributes: fields(span.clone(), &[9]).into_iter().filter_map(attribute).collect(),
        }
    }
}

fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(request: Request<Incoming>, messages: Messages) -> Result<Response<Body>, Infallible> {
    let method = request.uri().path().to_owned();
    let is_stream = method == ACCESS_LOGS;
    let read = read(request.into_body(), method, messages);
    let body = if is_stream {
        // It is read as long as it is written, and answered never.
        tokio::spawn(read);
        StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>()).boxed_unsync()
    } else {
        read.await;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        // An empty message.
        Full::new(Bytes::from_static(&[0; 5])).with_trailers(async { Some(Ok(trailers)) }).boxed_unsync()
    };
    Ok(Response::builder().header("content-type", "application/grpc").body(body).unwrap())
}

/// Keeps the messages of a body: a flag, a length, and so many bytes.
async fn read(mut body: Incoming, method: String, messages: Messages) {
    let mut waiting = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        waiting.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        while let Some(length) = waiting.get(1..5).map(|mut length| length.get_u32() as usize) {
            if waiting.len() < 5 + length {
                break;
            }
            let message: Vec<u8> = waiting.drain(..5 + length).skip(5).collect();
            messages.lock().unwrap().push((method.clone(), message.into()));
        }
    }
}

/// The fields of a protobuf message at the end of a path of field numbers.
fn fields(message: Bytes, path: &[u64]) -> Vec<Bytes> {
    let Some((number, below)) = path.split_first() else { return vec![message] };
    let (mut rest, mut found) = (message, Vec::new());
    while rest.has_remaining() {
        let key = varint(&mut rest);
        match key & 7 {
            0 => drop(varint(&mut rest)),
            1 => rest.advance(8),
            2 => {
                let length = varint(&mut rest) as usize;
                let field = rest.split_to(length);
                if key >> 3 == *number {
                    found.extend(fields(field, below));
                }
            }
            5 => rest.advance(4),
            other => panic!("wire type {other}"),
        }
    }
    found
}

fn varint(bytes: &mut Bytes) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes.get_u8();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}
