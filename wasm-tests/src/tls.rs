//! A client of TLS: whom it trusts, who it is, and what it speaks. Each request has a connection of its own.

use crate::client::pairs;
use crate::raw::Response;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// No handshake takes as long, and no answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that trusts authorities, proves who it is if it can, and speaks one protocol, by its name in ALPN.
///
/// # Errors
/// If an authority or the client's certificate is none.
pub fn config(
    trusted: impl IntoIterator<Item = CertificateDer<'static>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    alpn: &str,
) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for root in trusted {
        roots.add(root).map_err(Error::other)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(Error::other)?,
    };
    config.alpn_protocols = vec![alpn.into()];
    Ok(config)
}

/// Connects, and names a server.
///
/// # Errors
/// If there is no connection, or one of the two does not trust the other. With TLS 1.3, a client that is refused may know it
/// only when it reads.
///
/// # Panics
/// If the server's name can be none: that is no refusal.
pub async fn connect(
    config: ClientConfig,
    address: SocketAddr,
    server: &str,
) -> Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let server = ServerName::try_from(server.to_owned()).expect("a server has a name");
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(server, stream)).await?
}

/// Asks for a path of a host, in the protocol that was agreed on: HTTP/2, or else HTTP/1.1.
///
/// # Errors
/// If there is no answer.
pub async fn get(
    stream: TlsStream<TcpStream>,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Response> {
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut request = if is_http2 {
        hyper::Request::get(format!("https://{host}{path}"))
    } else {
        hyper::Request::get(path).header("host", host)
    };
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(Error::other)?;
    let stream = TokioIo::new(stream);
    let asked = async {
        if is_http2 {
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), stream).await.map_err(Error::other)?;
            let connection = tokio::spawn(connection);
            finish(sender.send_request(request).await, connection).await
        } else {
            let (mut sender, connection) = http1::handshake(stream).await.map_err(Error::other)?;
            let connection = tokio::spawn(connection);
            finish(sender.send_request(request).await, connection).await
        }
    };
    timeout(PATIENCE, asked).await?
}

/// Reads an answer to its end, and ends its connection.
async fn finish<T>(
    response: hyper::Result<hyper::Response<Incoming>>,
    connection: JoinHandle<T>,
) -> Result<Response> {
    let (head, body) = response.map_err(Error::other)?.into_parts();
    let body = body.collect().await.map_err(Error::other)?;
    let trailers = body.trailers().map(pairs).unwrap_or_default();
    connection.abort();
    Ok(Response {
        status: head.status.as_u16(),
        headers: pairs(&head.headers),
        body: body.to_bytes().to_vec(),
        trailers,
    })
}
