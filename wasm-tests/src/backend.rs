//! A backend that records what it is asked and answers what it is told. It also stands for the services that the gateway asks
//! itself, by their hosts, and keeps what they are asked apart.
//!
//! Paths under `/behave/`, or with that in them, tell it themselves:
//!
//! | path | it |
//! |---|---|
//! | `/behave/echo` | answers body and trailers of the request, piece by piece |
//! | `/behave/hang` | never answers |
//! | `/behave/reset` | takes the head and closes the connection |
//! | `/behave/stream/N` | answers N bytes, and ends with the trailer `x-end` |
//! | `/behave/break/N` | answers N bytes and closes the connection before the end |

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sekisho_cases::engine::Headers;
use sekisho_cases::{Answer, Seen, ServiceAnswer, Services};
use std::convert::Infallible;
use std::io::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// More of a request's body is counted, but not kept.
const KEPT: usize = 16 << 20;

type Body = BoxBody<Bytes, Error>;

/// What the backend speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1; and HTTP/2 with who begins with its preface, as the gateway does where it asks a gRPC service.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// A request as it was seen so far.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The request.
    pub seen: Seen,
    /// Bytes of its body, also of those that were not kept.
    pub bytes: u64,
    /// Whether it came to its end.
    pub ended: bool,
    /// Whether it was broken off.
    pub broken: bool,
}

/// A running backend; dropped, it is stopped.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    answer: Mutex<Answer>,
    holds: watch::Sender<bool>,
    seen: Mutex<Vec<Arc<Mutex<Recorded>>>>,
    services: Mutex<Services>,
    asked: Mutex<Vec<Arc<Mutex<Recorded>>>>,
}

impl Backend {
    /// Starts one that speaks HTTP/1.1.
    pub async fn start() -> Self {
        Self::start_with(Protocol::Http1).await
    }

    /// Starts one.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn start_with(protocol: Protocol) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        Self::serve(listener, protocol)
    }

    /// Starts one on IPv6's own loopback address; none if the machine has no IPv6.
    pub async fn start_on_ipv6() -> Option<Self> {
        let listener = TcpListener::bind(("::1", 0)).await.ok()?;
        Some(Self::serve(listener, Protocol::Http1))
    }

    fn serve(listener: TcpListener, protocol: Protocol) -> Self {
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(State::default());
        let task = tokio::spawn(accept(listener, protocol, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers from now on.
    pub fn answers(&self, answer: Answer) {
        *lock(&self.state.answer) = answer;
    }

    /// Whose place it takes from now on, and what these answer.
    pub fn stands_for(&self, services: Services) {
        *lock(&self.state.services) = services;
    }

    /// All that services were asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Recorded> {
        lock(&self.state.asked).iter().map(|recorded| lock(recorded).clone()).collect()
    }

    /// From now on it takes requests whole, and answers none.
    pub fn hold(&self) {
        self.state.holds.send_replace(true);
    }

    /// It answers again, also what it held, with what it answers now.
    pub fn release(&self) {
        self.state.holds.send_replace(false);
    }

    /// All it was asked, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<Recorded> {
        lock(&self.state.seen).iter().map(|recorded| lock(recorded).clone()).collect()
    }

    /// The only request it was asked.
    ///
    /// # Panics
    /// If there were none, or several.
    #[must_use]
    pub fn only(&self) -> Recorded {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "the backend saw {seen:?}");
        seen.into_iter().next().expect("there is one")
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        lock(&self.state.seen).clear();
        lock(&self.state.asked).clear();
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Recorded {
    /// Every value of a header, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<String> {
        let all = self.seen.headers.iter().filter(|(n, _)| n == name);
        all.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding the lock")
}

async fn accept(listener: TcpListener, protocol: Protocol, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        let service = service_fn(move |request| serve(request, Arc::clone(&state)));
        connections.spawn(async move {
            // What a test breaks off is an error here, and no concern of the backend's. What the backend answers is what the
            // case says, and nothing else.
            if protocol == Protocol::Http2 || begins_http2(&stream).await {
                let mut builder = server::conn::http2::Builder::new(TokioExecutor::new());
                builder.auto_date_header(false);
                drop(builder.serve_connection(TokioIo::new(stream), service).await);
            } else {
                let mut builder = server::conn::http1::Builder::new();
                builder.auto_date_header(false).max_buf_size(1 << 20);
                drop(builder.serve_connection(TokioIo::new(stream), service).await);
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Whether the first bytes are those of HTTP/2's preface, which is sent in one piece.
async fn begins_http2(stream: &TcpStream) -> bool {
    let mut first = [0; 3];
    stream.peek(&mut first).await.is_ok() && first == *b"PRI"
}

async fn serve(request: Request<Incoming>, state: Arc<State>) -> Result<Response<Body>, Error> {
    let (head, body) = request.into_parts();
    let mut headers = pairs(&head.headers);
    if let Some(authority) = head.uri.authority().filter(|_| !head.headers.contains_key("host")) {
        headers.insert(0, ("host".to_owned(), authority.as_str().as_bytes().to_vec()));
    }
    let path =
        head.uri.path_and_query().map_or_else(|| head.uri.to_string(), |path| path.as_str().to_owned());
    let slow = headers.iter().any(|(name, value)| name == "host" && value == b"slow.test");
    let seen = Seen { method: head.method.to_string(), path: path.clone(), headers, ..Seen::default() };
    let recorded = Arc::new(Mutex::new(Recorded { seen, ..Recorded::default() }));
    let host = lock(&recorded).seen.host().unwrap_or_default();
    let service = lock(&state.services).answer(&host, head.method.as_str(), &path);
    let list = if service.is_some() { &state.asked } else { &state.seen };
    lock(list).push(Arc::clone(&recorded));
    let mut body = Watched { body, recorded, echo: false };
    if let Some(answer) = service {
        (&mut body).collect().await?;
        return match answer {
            ServiceAnswer::Given(answer) => respond(answer, &head.method),
            ServiceAnswer::Hang => std::future::pending().await,
            ServiceAnswer::Reset => Err(Error::other("reset, as asked for")),
        };
    }
    let path = path.split('?').next().unwrap_or_default();
    let behaviour = path.split_once("/behave/").map(|(_, rest)| rest);
    match behaviour.map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
        Some(("echo", _)) => {
            body.echo = true;
            let mut response = Response::new(body.boxed());
            if let Some(media_type) = head.headers.get("content-type") {
                response.headers_mut().insert("content-type", media_type.clone());
            }
            return Ok(response);
        }
        Some(("reset", _)) => return Err(Error::other("reset, as asked for")),
        Some(("stream", bytes)) => return Ok(Response::new(stream(bytes, true))),
        Some(("break", bytes)) => return Ok(Response::new(stream(bytes, false))),
        _ => {}
    }
    if slow || matches!(behaviour, Some("hang")) {
        let _ = (&mut body).collect().await;
        std::future::pending::<()>().await;
    }
    (&mut body).collect().await?;
    // The sender is in the state, and so is there as long as this is.
    let _ = state.holds.subscribe().wait_for(|holds| !holds).await;
    let answer = lock(&state.answer).clone();
    respond(answer, &head.method)
}

fn respond(answer: Answer, method: &Method) -> Result<Response<Body>, Error> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let bodiless = method == Method::HEAD || matches!(answer.status, 204 | 304);
    let body: Body = if bodiless {
        let has_length = answer.headers.iter().any(|(name, _)| name == "content-length");
        if method == Method::HEAD && !has_length {
            response = response.header("content-length", answer.body.len());
        }
        Empty::new().map_err(never).boxed()
    } else {
        Full::new(Bytes::from(answer.body)).map_err(never).boxed()
    };
    response.body(body).map_err(Error::other)
}

fn never(never: Infallible) -> Error {
    match never {}
}

fn stream(bytes: &str, complete: bool) -> Body {
    const PIECE: usize = 32_768;
    let left: usize = bytes.parse().expect("the path names a number of bytes");
    let piece = Bytes::from(vec![b's'; PIECE]);
    Streamed { left, piece, ended: false, complete, flushed: false }.boxed()
}

struct Streamed {
    left: usize,
    piece: Bytes,
    ended: bool,
    complete: bool,
    flushed: bool,
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.left > 0 {
            let size = self.left.min(self.piece.len());
            self.left -= size;
            return Poll::Ready(Some(Ok(Frame::data(self.piece.slice(..size)))));
        }
        if !self.complete && !std::mem::replace(&mut self.flushed, true) {
            // Who has to wait for more sends what is there.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if std::mem::replace(&mut self.ended, true) {
            return Poll::Ready(None);
        }
        if !self.complete {
            return Poll::Ready(Some(Err(Error::other("broken off, as asked for"))));
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("x-end", "reached".parse().expect("a constant"));
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

/// The request's body; what passes is recorded.
struct Watched {
    body: Incoming,
    recorded: Arc<Mutex<Recorded>>,
    echo: bool,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let Poll::Ready(frame) = polled else { return Poll::Pending };
        let mut recorded = lock(&self.recorded);
        match &frame {
            None => recorded.ended = true,
            Some(Err(_)) => recorded.broken = true,
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    recorded.bytes += data.len() as u64;
                    if recorded.seen.body.len() < KEPT && !self.echo {
                        recorded.seen.body.extend_from_slice(data);
                    }
                }
                if let Some(trailers) = frame.trailers_ref() {
                    recorded.seen.trailers = pairs(trailers);
                    recorded.ended = true;
                }
            }
        }
        drop(recorded);
        Poll::Ready(frame.map(|frame| frame.map_err(Error::other)))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut recorded = lock(&self.recorded);
        recorded.broken |= !recorded.ended;
    }
}

fn pairs(headers: &HeaderMap) -> Headers {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}
