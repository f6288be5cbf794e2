//! An HTTP/1.1 client that sends any bytes, and may stop at any of them.

use crate::DEADLINE;
use sekisho_cases::engine::Headers;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

/// A connection.
#[derive(Debug)]
pub struct Raw {
    reader: Reader,
    writer: OwnedWriteHalf,
}

/// A response.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Its trailers, names in lower case.
    pub trailers: Headers,
}

/// Asks for a path.
///
/// # Errors
/// If there is no answer before the deadline.
pub async fn get(address: SocketAddr, path: &str) -> Result<Response> {
    send(address, format!("GET {path} HTTP/1.1\r\nhost: gateway.test\r\n\r\n").as_bytes()).await
}

/// Sends one request, as bytes, and reads the answer, which may come before all of it was sent.
///
/// # Errors
/// If there is no answer before the deadline.
pub async fn send(address: SocketAddr, request: &[u8]) -> Result<Response> {
    Raw::connect(address).await?.exchange(request).await
}

impl Raw {
    /// Connects.
    ///
    /// # Errors
    /// If it cannot.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = within(TcpStream::connect(address)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self { reader: Reader { half: reader, buffer: Vec::new() }, writer })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// If the other side does not take them before the deadline.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        within(self.writer.write_all(bytes)).await
    }

    /// Reads a response to a request other than HEAD.
    ///
    /// # Errors
    /// If it does not come before the deadline, or is none.
    pub async fn response(&mut self) -> Result<Response> {
        within(self.reader.response(false)).await
    }

    /// Reads the head of a response and leaves its body.
    ///
    /// # Errors
    /// If it does not come before the deadline, or is none.
    pub async fn head(&mut self) -> Result<Response> {
        within(self.reader.head()).await
    }

    /// Reads some bytes as they come; none is the end.
    ///
    /// # Errors
    /// If the connection breaks, or nothing comes before the deadline.
    pub async fn some(&mut self) -> Result<usize> {
        let Reader { half, buffer } = &mut self.reader;
        if buffer.is_empty() {
            buffer.reserve(65_536);
            within(half.read_buf(buffer)).await?;
        }
        let read = buffer.len();
        buffer.clear();
        Ok(read)
    }

    /// Sends a request and reads the answer at the same time.
    ///
    /// # Errors
    /// If there is no answer before the deadline.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        let bodiless = request.starts_with(b"HEAD ");
        let Self { reader, writer } = self;
        let write = async {
            // An early answer ends the connection while there is more to send: the answer counts.
            let _ = writer.write_all(request).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            response = within(reader.response(bodiless)) => response,
            () = write => unreachable_end(),
        }
    }

    /// Sends parts as they come, and reads the answer at the same time.
    ///
    /// # Errors
    /// If there is no answer before the deadline.
    pub async fn stream(&mut self, mut parts: UnboundedReceiver<Vec<u8>>) -> Result<Response> {
        let Self { reader, writer } = self;
        let write = async {
            while let Some(part) = parts.recv().await {
                // An early answer ends the connection while there is more to send: the answer counts.
                if writer.write_all(&part).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            response = within(reader.response(false)) => response,
            () = write => unreachable_end(),
        }
    }

    /// Waits until the other side closes; gives what it sent before.
    ///
    /// # Errors
    /// If it does not before the deadline.
    pub async fn closed(&mut self) -> Result<Vec<u8>> {
        within(async {
            loop {
                match self.reader.fill().await {
                    Ok(()) => {}
                    Err(error)
                        if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) =>
                    {
                        return Ok(std::mem::take(&mut self.reader.buffer));
                    }
                    Err(error) => return Err(error),
                }
            }
        })
        .await
    }
}

fn unreachable_end() -> Result<Response> {
    Err(Error::other("the request was sent for ever"))
}

async fn within<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match timeout(DEADLINE, future).await {
        Ok(result) => result,
        Err(_) => Err(Error::new(ErrorKind::TimedOut, format!("nothing in {DEADLINE:?}"))),
    }
}

#[derive(Debug)]
struct Reader {
    half: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Reader {
    async fn fill(&mut self) -> Result<()> {
        self.buffer.reserve(65_536);
        match self.half.read_buf(&mut self.buffer).await? {
            0 => Err(Error::new(ErrorKind::UnexpectedEof, "the connection was closed")),
            _ => Ok(()),
        }
    }

    async fn take(&mut self, bytes: usize) -> Result<Vec<u8>> {
        while self.buffer.len() < bytes {
            self.fill().await?;
        }
        let rest = self.buffer.split_off(bytes);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    async fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let mut line = self.take(end + 2).await?;
                line.truncate(end);
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    async fn headers(&mut self) -> Result<Headers> {
        let mut headers = Headers::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(headers);
            }
            let colon = line.iter().position(|byte| *byte == b':').ok_or_else(|| malformed(&line))?;
            let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
    }

    async fn head(&mut self) -> Result<Response> {
        loop {
            let line = self.line().await?;
            let status = line
                .split(|byte| *byte == b' ')
                .nth(1)
                .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
            let status: u16 = status.ok_or_else(|| malformed(&line))?;
            let headers = self.headers().await?;
            if status >= 200 || status == 101 {
                return Ok(Response { status, headers, ..Response::default() });
            }
        }
    }

    async fn response(&mut self, bodiless: bool) -> Result<Response> {
        let mut response = self.head().await?;
        let header = |name: &str| {
            let found = response.headers.iter().find(|(n, _)| n == name);
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        if bodiless || matches!(response.status, 204 | 304) {
            return Ok(response);
        }
        if header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            loop {
                let line = self.line().await?;
                let size = std::str::from_utf8(&line)
                    .ok()
                    .and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
                let size = size.ok_or_else(|| malformed(&line))?;
                if size == 0 {
                    break;
                }
                response.body.extend(self.take(size).await?);
                self.take(2).await?;
            }
            response.trailers = self.headers().await?;
        } else if let Some(length) = header("content-length") {
            let length = length.parse().map_err(|_| malformed(length.as_bytes()))?;
            response.body = self.take(length).await?;
        } else {
            while self.fill().await.is_ok() {}
            response.body = std::mem::take(&mut self.buffer);
        }
        Ok(response)
    }
}

fn malformed(line: &[u8]) -> Error {
    Error::new(ErrorKind::InvalidData, format!("`{}` is no line of a response", line.escape_ascii()))
}

impl Response {
    /// The first value of a header, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
