//! Clients that ask for more than they may have.
//!
//! Few threads hold many connections, and ask on all of them before they read an answer: the machine is to be busy with the
//! gateway and not with its clients.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};
use wasm_tests::{DEADLINE, Gateway};

const THREADS: usize = 2;

/// A request, from outside: nanoseconds since the clients were there, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) number: usize,
    /// Just before it was sent.
    pub(crate) sent: u64,
    /// Just after its answer was read.
    pub(crate) answered: u64,
    pub(crate) status: u16,
    /// The head of the answer.
    pub(crate) head: String,
}

impl Asked {
    pub(crate) fn admitted(&self) -> bool {
        self.status == 200
    }
}

/// One load at a time: the machine is small.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other load runs, and keeps others from running.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// Connections to a gateway, so many that every worker has some.
pub(crate) struct Clients {
    began: Instant,
    connections: Vec<Client>,
}

/// A connection that stays.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Clients {
    pub(crate) async fn connect(gateway: &Gateway) -> Self {
        let connections = gateway.everywhere(64, async || Client::connect(gateway.address())).await;
        Self { began: Instant::now(), connections }
    }

    /// Nanoseconds since they were there.
    pub(crate) fn now(&self) -> u64 {
        nanos(self.began)
    }

    /// Asks without a pause, for so long.
    pub(crate) fn ask_for(
        &mut self,
        time: Duration,
        request: &(dyn Fn(usize) -> String + Sync),
    ) -> Vec<Asked> {
        let end = self.began.elapsed() + time;
        let began = self.began;
        self.ask(&|number| (began.elapsed() < end).then(|| request(number)))
    }

    /// Asks once on each connection, and so every worker.
    pub(crate) fn ask_each(&mut self, request: &str) -> Vec<Asked> {
        let count = self.connections.len();
        self.ask(&|number| (number < count).then(|| request.to_owned()))
    }

    /// Asks without a pause: requests by their number, until there is none.
    pub(crate) fn ask(&mut self, request: &(dyn Fn(usize) -> Option<String> + Sync)) -> Vec<Asked> {
        let began = self.began;
        let share = self.connections.len().div_ceil(THREADS);
        std::thread::scope(|scope| {
            let threads = self.connections.chunks_mut(share).enumerate();
            let threads: Vec<_> = threads
                .map(|(thread, clients)| scope.spawn(move || ask(clients, thread, began, request)))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }
}

/// One thread of them: every request of its numbers.
fn ask(
    clients: &mut [Client],
    thread: usize,
    began: Instant,
    request: &(dyn Fn(usize) -> Option<String> + Sync),
) -> Vec<Asked> {
    let mut numbers = (thread..).step_by(THREADS);
    let mut all = Vec::new();
    loop {
        let mut round = Vec::new();
        for client in &mut *clients {
            let number = numbers.next().unwrap();
            let Some(request) = request(number) else { break };
            let sent = nanos(began);
            client.stream.write_all(request.as_bytes()).unwrap();
            round.push((number, sent));
        }
        for (client, (number, sent)) in clients.iter_mut().zip(&round) {
            let head = client.answer();
            let answered = nanos(began);
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            all.push(Asked { number: *number, sent: *sent, answered, status, head });
        }
        if round.len() < clients.len() {
            return all;
        }
    }
}

/// A request for a path.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: h.test\r\n\r\n")
}

fn nanos(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_nanos()).unwrap()
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    /// Reads an answer: its head.
    fn answer(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(self.buffer[..end].to_vec()).unwrap();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
                assert!(!head.contains("connection: close"), "{head}");
                while self.buffer.len() < whole {
                    self.fill();
                }
                self.buffer.drain(..whole);
                return head;
            }
            self.fill();
        }
    }

    fn fill(&mut self) {
        let mut bytes = [0; 16 * 1024];
        let count = self.stream.read(&mut bytes).unwrap();
        assert_ne!(count, 0, "the gateway closed a connection");
        self.buffer.extend_from_slice(&bytes[..count]);
    }
}
