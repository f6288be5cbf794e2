//! The shell: carries out what the core decides, and decides nothing. Wasm only.
//!
//! `abi` is Proxy-Wasm as functions, `host` is what we ask of it, `root` is one configuration. `stream` and `response` are
//! one request: the only place where a decision becomes host calls. `docs/adr/0001-own-abi-shell.md` tells why it is ours.

mod abi;
mod body;
mod callouts;
mod counters;
mod ending;
mod gauges;
mod host;
mod metrics;
mod response;
mod root;
mod shared;
mod signatures;
mod stream;
mod tunnel;
mod usage;

use crate::gateway::connection::Connection;
use crate::gateway::counts::Counts;
use crate::gateway::usage::due;
use crate::gateway::{Env, Nanos, Now, Wants, Worker as Memory};
use abi::{DataStatus, HeadersStatus, TrailersStatus};
use callouts::{Asker, Callouts, Question};
use counters::Counters;
use gauges::Gauges;
use metrics::ApiMetrics;
use nohash_hasher::IntMap;
use root::Root;
use shared::HostShared;
use signatures::Verifiers;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use stream::Stream;
use usage::UsageGauges;

/// The counter of documents that were refused.
const REJECTED: &str = "config_rejected";

thread_local! {
    static VM: RefCell<Vm> = const { RefCell::new(Vm::new()) };
}

/// Everything in one VM: one Envoy worker.
struct Vm {
    roots: IntMap<u32, Root>,
    streams: IntMap<u32, Stream>,
    worker: Worker,
}

/// What the requests of a worker share.
struct Worker {
    callouts: Callouts,
    dice: Option<fastrand::Rng>,
    memory: OnceCell<RefCell<Memory>>,
    verifiers: OnceCell<Verifiers>,
    shared: HostShared,
    counters: Option<Counters>,
    metrics: ApiMetrics,
    gauges: Gauges,
    usage: UsageGauges,
    /// WebSocket connections that end, and when at the latest.
    closing: Vec<(u32, Nanos)>,
}

/// What the core wants to know of who is at the other end; empty until the head is there, and where it does not want it.
#[derive(Debug, Default)]
struct Peer {
    address: Vec<u8>,
    cert_digest: Vec<u8>,
}

/// The connection of the request that a callback is about.
#[derive(Debug)]
struct HostConnection;

/// Runs a callback. None if another one is running, which no host does: the caller then holds the request.
fn vm<T>(callback: impl FnOnce(&mut Vm) -> T) -> Option<T> {
    VM.with(|vm| vm.try_borrow_mut().ok().map(|mut vm| callback(&mut vm)))
}

fn configure(context: u32, size: usize) -> bool {
    let configured = vm(|vm| {
        let Vm { roots, worker, .. } = vm;
        roots.get_mut(&context).is_some_and(|root| root.configure(size, worker))
    });
    configured.unwrap_or(false)
}

// === impl Vm ===

impl Vm {
    const fn new() -> Self {
        Self {
            roots: HashMap::with_hasher(BuildHasherDefault::new()),
            streams: HashMap::with_hasher(BuildHasherDefault::new()),
            worker: Worker {
                callouts: Callouts::new(),
                dice: None,
                memory: OnceCell::new(),
                verifiers: OnceCell::new(),
                shared: HostShared::new(),
                counters: None,
                metrics: ApiMetrics::new(),
                gauges: Gauges::new(),
                usage: UsageGauges::new(),
                closing: Vec::new(),
            },
        }
    }

    fn create(&mut self, context: u32, parent: u32) {
        if parent == 0 {
            self.roots.insert(context, Root::default());
        } else {
            let gateway = self.roots.get(&parent).and_then(Root::gateway);
            self.streams.insert(context, Stream::new(context, gateway));
        }
    }

    fn delete(&mut self, context: u32) {
        if let Some(stream) = self.streams.remove(&context) {
            if let Some(token) = stream.token() {
                self.worker.callouts.forget(token, context);
            }
        } else {
            self.roots.remove(&context);
        }
    }

    fn request_headers(&mut self, context: u32, end_of_stream: bool) -> HeadersStatus {
        match self.streams.get_mut(&context) {
            Some(stream) => stream.on_request_headers(end_of_stream, &mut self.worker),
            None => HeadersStatus::StopAll,
        }
    }

    fn request_body(&mut self, context: u32, size: usize, end_of_stream: bool) -> DataStatus {
        match self.streams.get_mut(&context) {
            Some(stream) => stream.on_request_body(size, end_of_stream, &mut self.worker),
            None => DataStatus::Drop,
        }
    }

    fn request_trailers(&mut self, context: u32) -> TrailersStatus {
        match self.streams.get_mut(&context) {
            Some(stream) => stream.on_request_trailers(&mut self.worker),
            None => TrailersStatus::Stop,
        }
    }

    fn response_headers(&mut self, context: u32, end_of_stream: bool) -> HeadersStatus {
        match self.streams.get_mut(&context) {
            Some(stream) => stream.on_response_headers(end_of_stream, &mut self.worker),
            None => HeadersStatus::StopAll,
        }
    }

    fn response_body(&mut self, context: u32, size: usize, end_of_stream: bool) -> DataStatus {
        match self.streams.get_mut(&context) {
            Some(stream) => stream.on_response_body(size, end_of_stream, &mut self.worker),
            None => DataStatus::Drop,
        }
    }

    fn response_trailers(&mut self, context: u32) -> TrailersStatus {
        match self.streams.get_mut(&context) {
            Some(stream) => stream.on_response_trailers(&mut self.worker),
            None => TrailersStatus::Stop,
        }
    }

    fn log(&mut self, context: u32) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.on_log(&mut self.worker);
        }
    }

    /// A question is answered. The answer can be read only now, before calls are made for a stream.
    fn callout(&mut self, token: u32, headers: usize, body: usize) {
        let Some(Question { askers, flight }) = self.worker.callouts.answered(token) else { return };
        let reply = host::callout_reply(headers, body);
        if askers.is_empty() {
            for (context, root) in &self.roots {
                root.overhear(*context, &flight, &reply, &mut self.worker);
            }
        }
        for asker in askers {
            match asker {
                Asker::Stream(context) => {
                    // The request may be gone; Envoy does not cancel its callouts.
                    if let Some(stream) = self.streams.get_mut(&context) {
                        stream.on_callout(token, &reply, &mut self.worker);
                    }
                }
                Asker::Root(context, chore) => {
                    if let Some(root) = self.roots.get(&context) {
                        root.on_callout(context, chore, &reply, &mut self.worker);
                    }
                }
            }
        }
    }

    fn tick(&mut self, context: u32) {
        if let Some(root) = self.roots.get(&context) {
            root.tick(context, &mut self.worker);
        }
        self.worker.tell();
        self.break_off();
    }

    /// Breaks off the connections whose time has come, and forgets those that have ended.
    fn break_off(&mut self) {
        if self.worker.closing.is_empty() {
            return;
        }
        let (now, streams) = (host::monotonic_clock(), &mut self.streams);
        self.worker.closing.retain(|(context, ends)| match streams.get_mut(context) {
            Some(stream) if *ends <= now => {
                stream.break_off();
                false
            }
            Some(_) => true,
            None => false,
        });
    }
}

// === impl Peer ===

impl Peer {
    fn read(wants: Wants) -> Self {
        Self {
            address: if wants.source_address { host::source_address() } else { Vec::new() },
            cert_digest: if wants.client_cert { host::client_cert_digest() } else { Vec::new() },
        }
    }
}

// === impl HostConnection ===

impl Connection for HostConnection {
    fn server_name(&self) -> Vec<u8> {
        host::requested_server_name()
    }

    fn has_client_cert(&self) -> bool {
        host::is_mutual_tls()
    }
}

// === impl Worker ===

impl Worker {
    fn roll(&mut self) -> [u8; 32] {
        let rng = self.dice.get_or_insert_with(|| fastrand::Rng::with_seed(host::seed()));
        let mut dice = [0; 32];
        rng.fill(&mut dice);
        dice
    }

    /// The world as the core sees it.
    fn env<'a>(&'a mut self, peer: &'a Peer) -> Env<'a> {
        Env {
            wall: host::wall_clock(),
            monotonic: host::monotonic_clock(),
            dice: self.roll(),
            source_address: &peer.address,
            client_cert_digest: &peer.cert_digest,
            connection: &HostConnection,
            worker: self.memory(),
            shared: &self.shared,
            signatures: self.verifiers(),
            watcher: None,
        }
    }

    /// What a response is met with.
    fn now(&self) -> Now<'_> {
        Now { monotonic: host::monotonic_clock(), worker: self.memory() }
    }

    /// Who verifies what: the host is asked once.
    fn verifiers(&self) -> &Verifiers {
        self.verifiers.get_or_init(Verifiers::find_out)
    }

    /// Counters of this VM: defined once.
    fn counters(&mut self) -> &mut Counters {
        let names = || Counts::names().chain(HostShared::NAMES).chain([REJECTED]);
        self.counters.get_or_insert_with(|| Counters::define(names()))
    }

    /// Counts a document that was refused, at once: the VM that Envoy tries it in does not live until the tick. Envoy keeps
    /// the count where a VM that serves has defined the counter too.
    fn reject(&mut self) {
        self.counters().tell(std::iter::once((REJECTED, 1)));
    }

    /// Tells Envoy's statistics what happened since it was last told.
    fn tell(&mut self) {
        let due = due(&self.env(&Peer::default()));
        self.usage.tell(due);
        let named = self.memory().borrow_mut().drain_named();
        self.counters().tell_named(named);
        let Self { counters: Some(counters), memory, shared, metrics, gauges, callouts, .. } = self else {
            return;
        };
        let memory = &mut *memory.get_or_init(RefCell::default).borrow_mut();
        counters.tell(memory.counts.drain().chain(shared.drain()));
        metrics.tell(memory.apis.drain());
        for (name, size) in
            memory.sizes().into_iter().chain([("sekisho_callouts_in_flight", callouts.count() as u64)])
        {
            gauges.share(name, size);
        }
    }

    /// What the core remembers between this worker's requests.
    fn memory(&self) -> &RefCell<Memory> {
        self.memory.get_or_init(RefCell::default)
    }
}
