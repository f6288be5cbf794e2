//! A steady load: every connection asks at times that were fixed beforehand, whether or not the gateway keeps up.

use crate::documents::{KINDS, Kind, STABLE};
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wasm_tests::{DEADLINE, Gateway, eventually};

/// Connections, at least: each worker gets some of them.
const CONNECTIONS: usize = 64;
/// One request in so many is one that no change shall touch.
const STABLE_EVERY: usize = 8;

/// One request. Times are since the load began.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What it sees change; none for a request that no change touches.
    pub(crate) kind: Option<Kind>,
    /// When it was due.
    pub(crate) due: Duration,
    /// When it was sent.
    pub(crate) sent: Duration,
    /// When it was answered.
    pub(crate) done: Duration,
    /// Its status, and the word of the document's.
    pub(crate) answer: String,
}

/// Requests at a steady rate, until it is stopped.
pub(crate) struct Load {
    began: Instant,
    began_at: SystemTime,
    stop: Arc<AtomicBool>,
    kind: Arc<AtomicUsize>,
    done: Arc<AtomicU64>,
    connections: Vec<JoinHandle<Vec<Asked>>>,
}

// === impl Load ===

impl Load {
    /// Begins, with connections to every worker.
    pub(crate) async fn start(gateway: &Gateway, rate: u32) -> Self {
        let connect = async || {
            let stream = TcpStream::connect(gateway.address()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            Connection { stream, buffer: Vec::with_capacity(4_096) }
        };
        let streams = gateway.everywhere(CONNECTIONS, connect).await;
        println!("connections of the workers: {:?}", gateway.connections_by_worker().await);
        let load = Self {
            began: Instant::now(),
            began_at: SystemTime::now(),
            stop: Arc::default(),
            kind: Arc::default(),
            done: Arc::default(),
            connections: Vec::new(),
        };
        let every = Duration::from_secs_f64(streams.len() as f64 / f64::from(rate));
        let count = streams.len() as u32;
        let connections = streams.into_iter().enumerate();
        let connections = connections
            .map(|(i, connection)| tokio::spawn(load.client(connection, every, every * i as u32 / count)));
        Self { connections: connections.collect(), ..load }
    }

    /// What the requests see change from now on.
    pub(crate) fn watch(&self, kind: Kind) {
        let at = KINDS.iter().position(|it| *it == kind).unwrap();
        self.kind.store(at, Ordering::SeqCst);
    }

    /// Now, since it began.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// A time of a file, since it began.
    pub(crate) fn since(&self, time: SystemTime) -> Duration {
        time.duration_since(self.began_at).unwrap()
    }

    /// Waits for some more requests.
    pub(crate) async fn more(&self, requests: u64) {
        let goal = self.done.load(Ordering::SeqCst) + requests;
        eventually("the load goes on", async || (self.done.load(Ordering::SeqCst) >= goal).then_some(()))
            .await;
    }

    /// Stops, and gives all requests.
    pub(crate) async fn finish(self) -> (Duration, Vec<Asked>) {
        let time = self.began.elapsed();
        self.stop.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for connection in self.connections {
            all.extend(connection.await.unwrap());
        }
        (time, all)
    }

    fn client(
        &self,
        mut connection: Connection,
        every: Duration,
        first: Duration,
    ) -> impl Future<Output = Vec<Asked>> + use<> {
        let (began, stop) = (self.began, self.stop.clone());
        let (kind, done) = (self.kind.clone(), self.done.clone());
        let requests = KINDS.map(Kind::request);
        async move {
            let (mut asked, mut due) = (Vec::new(), first);
            while !stop.load(Ordering::SeqCst) {
                tokio::time::sleep_until((began + due).into()).await;
                let n = asked.len();
                let kind = KINDS[kind.load(Ordering::SeqCst)];
                let stable = n.is_multiple_of(STABLE_EVERY).then(|| STABLE[n / STABLE_EVERY % 2]);
                let request = match stable {
                    Some((request, _)) => request,
                    None => requests[KINDS.iter().position(|it| *it == kind).unwrap()].as_str(),
                };
                let sent = began.elapsed();
                let answer = match tokio::time::timeout(DEADLINE, connection.ask(request)).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(error)) => format!("lost: {error}"),
                    Err(_) => "lost: no answer".to_owned(),
                };
                let lost = answer.starts_with("lost");
                // Of one that no change touches, only its own answer is right.
                let answer = match stable {
                    Some((_, right)) if answer != right && !lost => format!("wrong: {answer}"),
                    Some(_) | None => answer,
                };
                let kind = if stable.is_some() { None } else { Some(kind) };
                asked.push(Asked { kind, due, sent, done: began.elapsed(), answer });
                done.fetch_add(1, Ordering::SeqCst);
                if lost {
                    break;
                }
                due += every;
            }
            asked
        }
    }
}

/// A connection that is kept.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

// === impl Connection ===

impl Connection {
    /// The status of the answer, and its `x-answer`. One that closes the connection is lost.
    async fn ask(&mut self, request: &str) -> Result<String> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the connection was closed"));
            }
            if let Some(end) = self.buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        let header = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        let length: usize = header("content-length").and_then(|it| it.parse().ok()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidData, format!("no length: {}", text.escape_debug()))
        })?;
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the connection was closed in a body"));
            }
        }
        if header("connection").as_deref() == Some("close") {
            return Err(Error::new(ErrorKind::ConnectionAborted, "the gateway closes the connection"));
        }
        let status = text.get(9..12).unwrap_or("???");
        Ok(header("x-answer").map_or_else(|| status.to_owned(), |answer| format!("{status} {answer}")))
    }
}

/// A backend that is faster than one that records: it says `ok` to every request without a body.
pub(crate) async fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let mut head = Vec::with_capacity(4_096);
                while stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.is_err()
                        {
                            break;
                        }
                    }
                }
            });
        }
    });
    address
}
