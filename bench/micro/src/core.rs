//! The core without the filter: whole requests through it, natively.

use super::kinds::{Kind, RESPONSE, SOURCE};
use sekisho::gateway::authorizers::signature::{CannotVerify, Signatures, Signed};
use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::exchange::{Exchange, Origin};
use sekisho::gateway::flow::{Flow, ResponseFlow};
use sekisho::gateway::head::Head;
use sekisho::gateway::outcome::Ending;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::{Env, Gateway, Millis, Nanos, Worker, compile};
use serde_json::Value;
use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

/// Between the begins of two requests: a worker that has much to do.
const BETWEEN: u64 = 100_000;
/// When the first request comes, in milliseconds.
const START: u64 = 1_700_000_000_000;

/// A gateway, and what its worker remembers.
#[derive(Debug)]
pub struct Core {
    /// The compiled document.
    pub gateway: Rc<Gateway>,
    worker: RefCell<Worker>,
    shared: Memory,
    now: u64,
}

/// A host that finds every signature good: it costs what asking one costs.
#[derive(Debug)]
struct Yes;

/// A request that is over, of which the host knows no more than that its body was sent.
#[derive(Debug)]
struct Over;

// === impl Core ===

impl Core {
    /// The gateway of a document.
    #[must_use]
    pub fn new(document: &Value) -> Self {
        let compiled = load(document.to_string().as_bytes()).and_then(|config| compile(&config, &Elsewhere));
        let gateway = compiled.unwrap_or_else(|problems| panic!("{problems}")).gateway;
        let shared = Memory::default();
        gateway.prepare(&shared);
        Self { gateway: Rc::new(gateway), worker: RefCell::default(), shared, now: 0 }
    }

    /// The world as it is now.
    #[must_use]
    pub fn env(&self) -> Env<'_> {
        Env {
            wall: Millis(START + self.now / 1_000_000),
            monotonic: Nanos(self.now),
            dice: [0xab; 32],
            source_address: SOURCE.as_bytes(),
            client_cert_digest: b"",
            connection: &PlainText,
            worker: &self.worker,
            shared: &self.shared,
            signatures: &Yes,
            watcher: None,
        }
    }

    /// One request, from its head to its log line; the status that the core gave it. The heads are as hosts serialize them.
    #[inline(never)]
    pub fn request(&mut self, request: Vec<u8>, response: Vec<u8>) -> u16 {
        self.now += BETWEEN;
        let env = self.env();
        let mut exchange = Exchange::new(Rc::clone(&self.gateway));
        let status = match exchange.on_request_headers(Head::parse(request, true), &env) {
            Flow::Forward(edits) => {
                drop(black_box(edits));
                let head = Head::parse(response, false);
                let ResponseFlow::Continue(edits) =
                    exchange.on_response_headers(head, Origin::Upstream, &env)
                else {
                    panic!("the response does not go on")
                };
                drop(black_box(edits));
                200
            }
            Flow::Answer(answer) => black_box(answer).status,
            flow => panic!("{flow:?}"),
        };
        drop(black_box(exchange.on_log(&Over, env.monotonic, &self.worker)));
        status
    }

    /// Many requests of a kind, whose heads are there already.
    #[inline(never)]
    pub fn requests(&mut self, kind: &Kind, heads: Vec<(Vec<u8>, Vec<u8>)>) {
        for (request, response) in heads {
            assert_eq!(self.request(request, response), kind.status, "{}", kind.name);
        }
    }
}

/// The heads of a request and of its response, this many times.
#[must_use]
pub fn heads(kind: &Kind, count: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let both = (serialized(&kind.request), serialized(&RESPONSE));
    vec![both; count]
}

/// A head as hosts hand it over: how many, their lengths, then names and values, each with a zero byte behind it.
#[must_use]
pub fn serialized<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> Vec<u8> {
    let length = |text: &str| u32::try_from(text.len()).unwrap().to_le_bytes();
    let mut head = u32::try_from(pairs.len()).unwrap().to_le_bytes().to_vec();
    for (name, value) in pairs {
        head.extend(length(name.as_ref()));
        head.extend(length(value.as_ref()));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name.as_ref(), value.as_ref()]) {
        head.extend(text.as_bytes());
        head.push(0);
    }
    head
}

impl Signatures for Yes {
    fn verify(&self, signed: &Signed<'_>) -> Result<bool, CannotVerify> {
        black_box(signed);
        Ok(true)
    }
}

impl Ending for Over {
    fn response_bytes(&self) -> u64 {
        9
    }

    fn request_bytes(&self) -> u64 {
        0
    }

    fn tls_version(&self) -> Vec<u8> {
        Vec::new()
    }

    fn broke_off(&self) -> bool {
        false
    }

    fn status(&self) -> u16 {
        0
    }
}
