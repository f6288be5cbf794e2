//! Requests as bytes: what a polite client would not send is sent too.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

pub fn get(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Response {
    try_get(at, path, headers).unwrap_or_else(|| panic!("no answer to GET {path} from {at}"))
}

pub fn try_get(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Option<Response> {
    request(at, "GET", path, headers, b"")
}

pub fn request(
    at: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Response> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        head += &format!("content-length: {}\r\n", body.len());
    }
    head += "\r\n";
    raw(at, &[head.as_bytes(), body].concat())
}

/// Sends bytes, reads to the end.
pub fn raw(at: SocketAddr, bytes: &[u8]) -> Option<Response> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    // Envoy may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    parse(&read_all(&mut stream))
}

/// A connection that is kept.
pub struct Kept(TcpStream);

impl Kept {
    pub fn open(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    /// Sends a request, reads its response.
    pub fn send(&mut self, bytes: &[u8]) -> Option<Response> {
        self.0.write_all(bytes).ok()?;
        parse(&read_all(&mut self.0))
    }
}

fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let (mut out, mut buffer) = (Vec::new(), [0; 65_536]);
    while let Ok(n) = stream.read(&mut buffer) {
        if n == 0 {
            break;
        }
        out.extend_from_slice(&buffer[..n]);
        // Envoy keeps a closed connection for a second, for clients that still write.
        if is_whole(&out) {
            break;
        }
    }
    out
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(response) = parse(bytes) else { return false };
    let length = response.header("content-length").and_then(|it| it.parse().ok());
    response.status >= 200 && length.is_some_and(|length: usize| response.body.len() >= length)
}

fn parse(bytes: &[u8]) -> Option<Response> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Some(Response { status, head: head.to_owned(), body })
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        out += &rest[..size];
        body = rest[size..].trim_start_matches("\r\n");
    }
    out
}
