//! The module in an interpreter that counts what it runs, and whole requests in the order in which Envoy calls.

use super::host::{Host, Pairs, offer};
use super::profile::Profile;
use super::wasi;
use sekisho_micro::kinds::{Kind, RESPONSE, SOURCE};
use std::collections::BTreeMap;
use wasmi::{Config, Engine, Instance, Linker, Module, OperatorCost, Store, WasmParams, WasmResults};

/// What the interpreter may spend: more than all tests together.
const FUEL: u64 = u64::MAX / 2;
const ROOT: u32 = 1;
const REQUEST_MAP: u32 = 0;
const RESPONSE_MAP: u32 = 2;
/// Between two requests, between a request and its response, and between that and its end.
const BETWEEN: u64 = 60_000;
const BACKEND: u64 = 30_000;
const REST: u64 = 10_000;
/// When the first request comes.
const START: u64 = 1_700_000_000_000_000_000;

/// The compiled module, from which machines are made.
pub struct Compiled {
    engine: Engine,
    module: Module,
}

/// One VM with one document: an Envoy worker.
pub struct Machine {
    store: Store<Host>,
    instance: Instance,
    context: u32,
    /// Instructions of the configuration.
    pub configured: u64,
}

/// What one request cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    /// Instructions of each callback.
    pub callbacks: BTreeMap<&'static str, u64>,
    /// Host calls by their names.
    pub calls: BTreeMap<&'static str, u64>,
    /// Pieces of memory that the host asked the module for.
    pub allocations: u64,
    /// What the client got.
    pub status: u32,
}

// === impl Compiled ===

impl Compiled {
    /// Reads the module.
    #[must_use]
    pub fn new(wasm: &[u8]) -> Self {
        Self::counting(wasm, true)
    }

    /// Reads a module whose functions have wrappers.
    #[must_use]
    pub fn profiled(wasm: &[u8]) -> Self {
        Self::counting(wasm, false)
    }

    fn counting(wasm: &[u8], counts_calls: bool) -> Self {
        let mut config = Config::default();
        config.consume_fuel(true);
        // What moves numbers between a stack machine's places is gone when a compiler has made registers of them; what is
        // left is near to what a processor does.
        config.operator_cost(OperatorCost {
            local_get: 0,
            local_set: 0,
            local_tee: 0,
            i32_const: 0,
            i64_const: 0,
            call: u8::from(counts_calls),
            call_indirect: u8::from(counts_calls),
            ..OperatorCost::default()
        });
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).unwrap_or_else(|error| panic!("the module: {error}"));
        Self { engine, module }
    }

    /// A VM that is configured.
    #[must_use]
    pub fn machine(&self, kind: &Kind) -> Machine {
        let document = kind.document.to_string().into_bytes();
        let mut linker = Linker::new(&self.engine);
        offer(&mut linker);
        wasi::offer(&mut linker);
        let size = u32::try_from(document.len()).unwrap();
        let properties = BTreeMap::from([
            (b"source\0address".as_slice(), SOURCE.as_bytes().to_vec()),
            (b"response\0code_details".as_slice(), b"via_upstream".to_vec()),
        ]);
        let host = Host::new(document, properties, START);
        let mut store = Store::new(&self.engine, host);
        store.set_fuel(FUEL).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &self.module).unwrap_or_else(|error| {
            panic!("an import of the module that Envoy's host has, and this one lacks: {error}")
        });
        let mut machine = Machine { store, instance, context: ROOT, configured: 0 };
        machine.run::<_, ()>("_initialize", ());
        machine.run::<_, ()>("proxy_on_context_create", (ROOT, 0));
        let before = machine.fuel();
        let configured: u32 = machine.run("proxy_on_configure", (ROOT, size));
        machine.configured = before - machine.fuel();
        assert_eq!(configured, 1, "{}: {:?}", kind.name, machine.store.data().warnings);
        machine
    }
}

// === impl Machine ===

impl Machine {
    /// One request from its begin to its end. What the callbacks answer is obeyed as Envoy obeys it: what the module answers
    /// passes its response callbacks, too.
    pub fn request(&mut self, kind: &Kind) -> Cost {
        self.context += 1;
        let context = self.context;
        let host = self.store.data_mut();
        host.calls.clear();
        host.allocations = 0;
        host.answer = None;
        host.maps.insert(REQUEST_MAP, pairs(&kind.request));
        host.now += BETWEEN;
        let mut cost = Cost::default();
        self.step(&mut cost, "context_create", (context, ROOT));
        let count = u32::try_from(kind.request.len()).unwrap();
        let forwards = self.ask(&mut cost, "request_headers", (context, count, 1)) == 0;
        let (head, body, status) = match self.store.data_mut().answer.take() {
            Some((status, mut head, body)) => {
                head.push((b":status".to_vec(), status.to_string().into_bytes()));
                (head, body, status)
            }
            None if forwards => (pairs(&RESPONSE), 9, 200),
            None => panic!("{}: the request is held, and nothing is asked", kind.name),
        };
        cost.status = status;
        self.respond(&mut cost, head, body);
        self.store.data_mut().now += REST;
        self.step(&mut cost, "log", context);
        self.step(&mut cost, "delete", context);
        let host = self.store.data_mut();
        cost.calls = std::mem::take(&mut host.calls);
        cost.allocations = host.allocations;
        assert!(host.warnings.is_empty(), "{}: {:?}", kind.name, host.warnings);
        cost
    }

    /// The response: of a backend that speaks HTTP/1, Envoy tells the end of the body apart from it.
    fn respond(&mut self, cost: &mut Cost, head: Pairs, body: usize) {
        let context = self.context;
        let (count, size) = (u32::try_from(head.len()).unwrap(), u32::try_from(body).unwrap());
        let host = self.store.data_mut();
        host.maps.insert(RESPONSE_MAP, head);
        host.now += BACKEND;
        self.ask(cost, "response_headers", (context, count, 0));
        self.ask(cost, "response_body", (context, size, 0));
        self.ask(cost, "response_body", (context, 0, 1));
    }

    /// What a worker does each half a second, after all that has happened.
    pub fn tick(&mut self) -> Cost {
        let host = self.store.data_mut();
        host.calls.clear();
        host.allocations = 0;
        let mut cost = Cost::default();
        self.step(&mut cost, "tick", ROOT);
        let host = self.store.data_mut();
        cost.calls = std::mem::take(&mut host.calls);
        cost.allocations = host.allocations;
        cost
    }

    /// What functions spent since this was last asked.
    pub fn profile(&mut self) -> Profile {
        std::mem::take(&mut self.store.data_mut().profile)
    }

    /// Bytes of the module's memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        let memory = self.instance.get_memory(&self.store, "memory").expect("the module exports its memory");
        memory.data_size(&self.store)
    }

    fn step(&mut self, cost: &mut Cost, callback: &'static str, arguments: impl WasmParams) {
        let before = self.fuel();
        self.run::<_, ()>(&format!("proxy_on_{callback}"), arguments);
        *cost.callbacks.entry(callback).or_default() += before - self.fuel();
    }

    fn ask(&mut self, cost: &mut Cost, callback: &'static str, arguments: impl WasmParams) -> u32 {
        let before = self.fuel();
        let answer = self.run(&format!("proxy_on_{callback}"), arguments);
        *cost.callbacks.entry(callback).or_default() += before - self.fuel();
        answer
    }

    fn run<P: WasmParams, R: WasmResults>(&mut self, name: &str, arguments: P) -> R {
        let function = self.instance.get_typed_func::<P, R>(&self.store, name);
        let function = function.unwrap_or_else(|error| panic!("the module's {name}: {error}"));
        let result = function.call(&mut self.store, arguments);
        result.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn fuel(&self) -> u64 {
        self.store.get_fuel().unwrap()
    }
}

impl Cost {
    /// Instructions of all callbacks.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.callbacks.values().sum()
    }
}

fn pairs<T: AsRef<str>>(pairs: &[(T, T)]) -> Pairs {
    let bytes = |text: &T| text.as_ref().as_bytes().to_vec();
    pairs.iter().map(|(name, value)| (bytes(name), bytes(value))).collect()
}
