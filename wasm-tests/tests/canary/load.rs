//! A client that is fast enough: few threads, many connections, many requests on each before its answers are read.

use memchr::memmem;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use tokio::sync::{Mutex, MutexGuard};
use wasm_tests::{DEADLINE, Gateway, eventually};

const THREADS: usize = 2;
/// Requests that are sent on a connection before an answer is read. Of more, answered by the filter at once, Envoy thinks that
/// nobody reads the answers, and closes the connection (`http1.response_flood`).
const DEPTH: usize = 2;

/// One load at a time: the machine is small.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other load runs, and keeps others from running.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// A connection that stays.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    read: usize,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) is_canary: bool,
    /// Its `apigw-requestid`: made of the bits of the draw that no side depends on.
    pub(crate) id: String,
}

// === impl Client ===

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { stream, buffer: Vec::new(), read: 0 }
    }

    pub(crate) fn send(&mut self, requests: &str) {
        self.stream.write_all(requests.as_bytes()).unwrap();
    }

    /// The head of the next answer, whose body is passed over.
    pub(crate) fn head(&mut self) -> &str {
        let head = loop {
            let rest = &self.buffer[self.read..];
            if let Some(end) = memmem::find(rest, b"\r\n\r\n") {
                break self.read..self.read + end;
            }
            self.fill();
        };
        let text = std::str::from_utf8(&self.buffer[head.clone()]).unwrap();
        let length: usize = field(text, "content-length").unwrap_or("0").parse().unwrap();
        assert_ne!(field(text, "connection"), Some("close"), "{text}");
        let whole = head.end + 4 + length;
        while self.buffer.len() < whole {
            self.fill();
        }
        self.read = whole;
        std::str::from_utf8(&self.buffer[head]).unwrap()
    }

    /// Reads more. What was read of answers that are used up goes; those of a head that is being read stay.
    fn fill(&mut self) {
        let mut bytes = [0; 64 * 1024];
        let count = self.stream.read(&mut bytes).unwrap();
        assert_ne!(count, 0, "the gateway closed a connection");
        self.buffer.extend_from_slice(&bytes[..count]);
    }

    /// Asks, and gives the head of the answer.
    pub(crate) fn ask(&mut self, request: &str) -> String {
        self.forget();
        self.send(request);
        self.head().to_owned()
    }

    fn forget(&mut self) {
        self.buffer.drain(..self.read);
        self.read = 0;
    }

    fn answers(&mut self, count: usize) -> Vec<Answer> {
        let answers = (0..count).map(|_| Answer::of(self.head())).collect();
        self.forget();
        answers
    }
}

// === impl Answer ===

impl Answer {
    fn of(head: &str) -> Self {
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        Self {
            is_canary: is_canary(head),
            id: field(head, "apigw-requestid").expect("it has an id").to_owned(),
        }
    }
}

/// The side that an answer says it is of.
pub(crate) fn is_canary(head: &str) -> bool {
    match field(head, "x-side") {
        Some("canary") => true,
        Some("stable") => false,
        other => panic!("{other:?} is no side: {head}"),
    }
}

/// A header of a head; its name stands there in lower case.
pub(crate) fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// So many connections, or as many more as every worker needs to have one.
pub(crate) async fn connect(gateway: &Gateway, least: usize) -> Vec<Client> {
    gateway.everywhere(least, async || Client::connect(gateway.address())).await
}

/// One connection to each worker.
pub(crate) async fn one_each(gateway: &Gateway) -> Vec<Client> {
    let mut found = BTreeMap::new();
    let mut others = Vec::new();
    eventually("each worker has a connection", async || {
        let before = gateway.connections_by_worker().await;
        let client = Client::connect(gateway.address());
        let worker = eventually("a worker has it", async || {
            let now = gateway.connections_by_worker().await;
            now.into_iter().find_map(|(name, count)| (count > before[&name]).then_some(name))
        })
        .await;
        if let Some(other) = found.insert(worker, client) {
            others.push(other);
        }
        (found.len() == gateway.workers() as usize).then_some(())
    })
    .await;
    found.into_values().collect()
}

/// Asks on all connections: requests by their number, so many in all. The answers of each connection, in order.
pub(crate) fn ask(
    clients: &mut [Client],
    total: usize,
    request: &(dyn Fn(usize) -> String + Sync),
) -> Vec<Vec<(usize, Answer)>> {
    let (connections, share) = (clients.len(), clients.len().div_ceil(THREADS));
    std::thread::scope(|scope| {
        let threads = clients.chunks_mut(share).enumerate();
        let threads: Vec<_> = threads
            .map(|(thread, clients)| {
                scope.spawn(move || ask_some(clients, thread * share, connections, total, request))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// One thread of them: its first connection is the `first` of all, and each asks every number that is its own.
fn ask_some(
    clients: &mut [Client],
    first: usize,
    connections: usize,
    total: usize,
    request: &(dyn Fn(usize) -> String + Sync),
) -> Vec<Vec<(usize, Answer)>> {
    let mut numbers: Vec<_> = (0..clients.len()).map(|i| (first + i..total).step_by(connections)).collect();
    let mut all = vec![Vec::new(); clients.len()];
    loop {
        let mut rounds = Vec::new();
        for (client, numbers) in clients.iter_mut().zip(&mut numbers) {
            let round: Vec<_> = numbers.take(DEPTH).collect();
            client.send(&round.iter().map(|number| request(*number)).collect::<String>());
            rounds.push(round);
        }
        for ((client, round), all) in clients.iter_mut().zip(&rounds).zip(&mut all) {
            all.extend(round.iter().copied().zip(client.answers(round.len())));
        }
        if rounds.iter().all(Vec::is_empty) {
            return all;
        }
    }
}
