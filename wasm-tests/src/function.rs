//! A stand-in for Lambda's Invoke operation that says any bytes, honest or not.

use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What an invocation is answered: bytes, and what becomes of the connection after them.
#[derive(Debug, Clone)]
pub struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

/// What becomes of a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The next invocation is read.
    Stay,
    /// It is closed.
    Close,
    /// Nothing more is said on it.
    Hang,
}

/// How a function answers an event.
type Answers = Arc<dyn Fn(&[u8]) -> Reply + Send + Sync>;

/// A running function; dropped, it is stopped.
pub struct Function {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    answers: Mutex<Answers>,
    events: Mutex<Vec<Vec<u8>>>,
    begun: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    holds: watch::Sender<bool>,
}

// === impl Reply ===

impl Reply {
    /// The function returned this.
    #[must_use]
    pub fn returned(output: &[u8]) -> Self {
        Self::answered(200, "", output)
    }

    /// Lambda's answer: a status, header lines that each end with a line break, and a body.
    #[must_use]
    pub fn answered(status: u16, lines: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{lines}content-length: {}\r\n\r\n",
            body.len()
        );
        Self { bytes: [head.as_bytes(), body].concat(), then: Then::Stay }
    }

    /// These bytes, whatever they are, and the connection is closed.
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), then: Then::Close }
    }

    /// Nothing, for ever.
    #[must_use]
    pub fn never() -> Self {
        Self { bytes: Vec::new(), then: Then::Hang }
    }

    /// As many bytes of it as this, and the connection is closed.
    #[must_use]
    pub fn cut(mut self, bytes: usize) -> Self {
        self.bytes.truncate(bytes);
        Self { then: Then::Close, ..self }
    }

    /// As many bytes of it as this, and then nothing for ever.
    #[must_use]
    pub fn stuck(mut self, bytes: usize) -> Self {
        self.bytes.truncate(bytes);
        Self { then: Then::Hang, ..self }
    }
}

// === impl Function ===

impl Function {
    /// Starts one that returns `{}`.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(State {
            answers: Mutex::new(Arc::new(|_| Reply::returned(b"{}"))),
            events: Mutex::default(),
            begun: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            holds: watch::Sender::new(false),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it says from now on, whatever it is told.
    pub fn says(&self, reply: Reply) {
        self.answers(move |_| reply.clone());
    }

    /// How it answers events from now on.
    pub fn answers(&self, answers: impl Fn(&[u8]) -> Reply + Send + Sync + 'static) {
        *lock(&self.state.answers) = Arc::new(answers);
    }

    /// From now on it takes invocations whole, and answers none.
    pub fn hold(&self) {
        self.state.holds.send_replace(true);
    }

    /// It answers again, also what it held.
    pub fn release(&self) {
        self.state.holds.send_replace(false);
    }

    /// Invocations that came whole, since the last [`Function::forget`].
    #[must_use]
    pub fn events(&self) -> Vec<Vec<u8>> {
        lock(&self.state.events).clone()
    }

    /// How many.
    #[must_use]
    pub fn invoked(&self) -> usize {
        lock(&self.state.events).len()
    }

    /// The only one, as JSON.
    ///
    /// # Panics
    /// If there were none or several, or it is not JSON.
    #[must_use]
    pub fn only(&self) -> Value {
        let events = lock(&self.state.events);
        let [event] = events.as_slice() else { panic!("{} invocations", events.len()) };
        serde_json::from_slice(event).expect("an event is JSON")
    }

    /// Forgets what it was told.
    pub fn forget(&self) {
        lock(&self.state.events).clear();
    }

    /// Heads of invocations that have come, whole or not.
    #[must_use]
    pub fn begun(&self) -> usize {
        self.state.begun.load(Ordering::SeqCst)
    }

    /// Invocations that came whole and are not answered.
    #[must_use]
    pub fn running(&self) -> usize {
        self.state.running.load(Ordering::SeqCst)
    }

    /// The most that ran at once.
    #[must_use]
    pub fn most(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A test that failed in between tells its own reason.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream, Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

/// Answers invocations until there is none, or what is said ends the connection.
async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(length) = head(&mut stream).await {
        state.begun.fetch_add(1, Ordering::SeqCst);
        let mut event = vec![0; length];
        if stream.read_exact(&mut event).await.is_err() {
            return;
        }
        let running = state.running.fetch_add(1, Ordering::SeqCst) + 1;
        state.most.fetch_max(running, Ordering::SeqCst);
        let answers = Arc::clone(&lock(&state.answers));
        let reply = answers(&event);
        lock(&state.events).push(event);
        let _ = state.holds.subscribe().wait_for(|holds| !holds).await;
        state.running.fetch_sub(1, Ordering::SeqCst);
        let written = stream.get_mut().write_all(&reply.bytes).await;
        match reply.then {
            Then::Stay if written.is_ok() => {}
            Then::Stay | Then::Close => return,
            Then::Hang => {
                // Until the other side has had enough.
                let _ = stream.read_u8().await;
                return;
            }
        }
    }
}

/// Reads an invocation's head: the length of its event. None if the connection ends.
async fn head(stream: &mut BufReader<TcpStream>) -> Option<usize> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            return Some(length);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
}
