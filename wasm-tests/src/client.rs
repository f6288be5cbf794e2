//! Clients: of HTTP/2 with prior knowledge, and one that sends a request in parts over either protocol.

use crate::DEADLINE;
use crate::raw::{Raw, Response};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Frame;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::header::{HeaderMap, HeaderName};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sekisho_cases::engine::Headers;
use std::convert::Infallible;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A request's body.
pub type Body = BoxBody<Bytes, Infallible>;

/// Connects.
///
/// # Panics
/// If it cannot.
pub async fn http2(address: SocketAddr) -> SendRequest<Body> {
    let stream = connect(address).await;
    let (sender, connection) =
        handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("the gateway speaks HTTP/2");
    tokio::spawn(connection);
    sender
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the gateway takes connections");
    stream.set_nodelay(true).expect("a connection can be told not to wait");
    stream
}

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// There is none.
    NoBody,
    /// So many bytes; told in advance.
    Known(usize),
    /// Only its end tells.
    Unknown,
}

/// A request that is being sent, on a connection of its own. Dropped, it is broken off.
#[derive(Debug)]
pub struct Sending {
    parts: Option<Parts>,
    chunked: bool,
    response: Option<JoinHandle<Result<Response>>>,
    /// The connection once it is there: hyper goes on with a stream of HTTP/2 whose caller is gone, up to its end.
    connection: Arc<OnceLock<std::net::TcpStream>>,
}

#[derive(Debug)]
enum Parts {
    Http1(UnboundedSender<Vec<u8>>),
    Http2(UnboundedSender<Frame<Bytes>>),
}

impl Sending {
    /// Sends a head; over HTTP/1.1 a body of unknown length is chunked.
    pub fn begin(wire: Wire, address: SocketAddr, method: &str, path: &str, length: Length) -> Self {
        Self::begin_with(wire, address, method, path, &[], length)
    }

    /// The same, with more headers.
    pub fn begin_with(
        wire: Wire,
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        length: Length,
    ) -> Self {
        match wire {
            Wire::Http1 => Self::http1(address, method, path, headers, length),
            Wire::Http2 => Self::http2(address, method, path, headers, length),
        }
    }

    fn http1(
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        length: Length,
    ) -> Self {
        let length_header = match length {
            Length::NoBody => String::new(),
            Length::Known(bytes) => format!("content-length: {bytes}\r\n"),
            Length::Unknown => "transfer-encoding: chunked\r\n".to_owned(),
        };
        let (send, receive) = unbounded_channel();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: h.test\r\n{length_header}{more}\r\n");
        let _ = send.send(head.into_bytes());
        let response = tokio::spawn(async move { Raw::connect(address).await?.stream(receive).await });
        let parts = (length != Length::NoBody).then_some(Parts::Http1(send));
        Self {
            parts,
            chunked: length == Length::Unknown,
            response: Some(response),
            connection: Arc::default(),
        }
    }

    fn http2(
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        length: Length,
    ) -> Self {
        let (send, receive) = unbounded_channel();
        let mut request = hyper::Request::builder().method(method).uri(format!("http://h.test{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Length::Known(bytes) = length {
            request = request.header("content-length", bytes);
        }
        let parts = (length != Length::NoBody).then_some(Parts::Http2(send));
        let connection = Arc::new(OnceLock::new());
        let opened = Arc::clone(&connection);
        let response = tokio::spawn(async move {
            let body = match length {
                Length::NoBody => Empty::new().boxed(),
                Length::Known(_) | Length::Unknown => Frames { receive }.boxed(),
            };
            let request = request.body(body).map_err(Error::other)?;
            let stream = connect(address).await.into_std()?;
            let _ = opened.set(stream.try_clone()?);
            let stream = TcpStream::from_std(stream)?;
            let (mut sender, connection) =
                handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(Error::other)?;
            let exchange = async {
                let response = sender.send_request(request).await.map_err(Error::other)?;
                let (head, body) = response.into_parts();
                let collected = body.collect().await.map_err(Error::other)?;
                let trailers = collected.trailers().map(pairs).unwrap_or_default();
                let body = collected.to_bytes().to_vec();
                Ok(Response { status: head.status.as_u16(), headers: pairs(&head.headers), body, trailers })
            };
            // The connection ends with this task.
            let (mut connection, mut exchange) = (Box::pin(connection), Box::pin(exchange));
            tokio::select! {
                response = &mut exchange => response,
                // The answer may have come before the end.
                _ = &mut connection => exchange.await,
            }
        });
        Self { parts, chunked: false, response: Some(response), connection }
    }

    /// Sends a part of the body; it waits if the other side does not read.
    pub fn part(&self, bytes: &[u8]) {
        match &self.parts {
            // Who has answered already does not listen.
            Some(Parts::Http1(send)) if self.chunked => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(bytes);
                chunk.extend_from_slice(b"\r\n");
                let _ = send.send(chunk);
            }
            Some(Parts::Http1(send)) => drop(send.send(bytes.to_vec())),
            Some(Parts::Http2(send)) => drop(send.send(Frame::data(Bytes::copy_from_slice(bytes)))),
            None => panic!("a part of a body that is not there"),
        }
    }

    /// Ends the body, with trailers if there are any.
    pub fn end(&mut self, trailers: &[(&'static str, &str)]) {
        match self.parts.take() {
            Some(Parts::Http1(send)) if self.chunked => {
                let lines: String =
                    trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let _ = send.send(format!("0\r\n{lines}\r\n").into_bytes());
            }
            Some(Parts::Http2(send)) if !trailers.is_empty() => {
                let trailers = trailers.iter().map(|(name, value)| {
                    (HeaderName::from_static(name), value.parse().expect("a trailer's value is one"))
                });
                let _ = send.send(Frame::trailers(trailers.collect()));
            }
            Some(Parts::Http1(_) | Parts::Http2(_)) | None => {}
        }
    }

    /// Whether the answer is there, or the connection is broken.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.response.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// The answer.
    ///
    /// # Errors
    /// If there is none before the deadline.
    pub async fn response(mut self) -> Result<Response> {
        let response = self.response.as_mut().expect("it is taken only by the end");
        match timeout(DEADLINE, &mut *response).await {
            Ok(done) => {
                self.response = None;
                done.map_err(Error::other)?
            }
            Err(_) => Err(Error::new(ErrorKind::TimedOut, format!("nothing in {DEADLINE:?}"))),
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let Some(response) = self.response.take() else { return };
        if response.is_finished() {
            return;
        }
        // The body must not come to its end before the connection has.
        if let Some(connection) = self.connection.get() {
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
        response.abort();
        let parts = self.parts.take();
        tokio::spawn(async move {
            let _ = response.await;
            drop(parts);
        });
    }
}

/// Frames of a body, as they come.
#[derive(Debug)]
struct Frames {
    receive: UnboundedReceiver<Frame<Bytes>>,
}

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        self.receive.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

pub(crate) fn pairs(headers: &HeaderMap) -> Headers {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}
