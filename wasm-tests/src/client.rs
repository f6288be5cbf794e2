//! An HTTP/2 client, with prior knowledge.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A request's body.
pub type Body = BoxBody<Bytes, Infallible>;

/// Connects.
///
/// # Panics
/// If it cannot.
pub async fn http2(address: SocketAddr) -> SendRequest<Body> {
    let stream = TcpStream::connect(address).await.expect("the gateway takes connections");
    let (sender, connection) =
        handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("the gateway speaks HTTP/2");
    tokio::spawn(connection);
    sender
}
