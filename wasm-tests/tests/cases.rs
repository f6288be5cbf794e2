//! The cases, through a real Envoy with the built module: one Envoy for each file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::{Env, Millis, Nanos, compile};
use sekisho_cases::{Engine, File, Observed, Services, Turn};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

fn main() -> ExitCode {
    sekisho_cases::main::<Envoy>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases"))
}

struct Envoy {
    // Fields are dropped in order: Envoy and the backend need the runtime.
    gateway: Gateway,
    backend: Backend,
    runtime: Runtime,
    asks_unasked: BTreeSet<String>,
    log: AccessLog,
}

/// The file that all access logs of a document go to.
struct AccessLog {
    folder: TempDir,
    /// Bytes of it that were looked at.
    read: usize,
}

impl Engine for Envoy {
    const NAME: &'static str = "envoy";
    const CLIENT: &'static str = "127.0.0.1";

    fn start(file: &File) -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        // A case is sent as plain text: the certificates of its document are names.
        let log = AccessLog::new();
        let document = log.receive(&file.config);
        let options = Options { environment: file.secrets.clone(), plain_only: true, ..Options::default() };
        let (gateway, backend) = runtime.block_on(async {
            let backend = Backend::start().await;
            // From its first tick on, the gateway may ask what no case knows of.
            backend.stands_for(Services::new(&file.services, BTreeSet::new()));
            Gateway::try_start(&document, &backend, options).await.map(|gateway| (gateway, backend))
        })?;
        Ok(Self { gateway, backend, runtime, asks_unasked: unasked(file)?, log })
    }

    fn now_millis(&self) -> u64 {
        now_millis()
    }

    fn asks_unasked(&self) -> &BTreeSet<String> {
        &self.asks_unasked
    }

    fn send(&mut self, turn: &Turn<'_>) -> Result<Observed, String> {
        let request = turn.request;
        self.backend.forget();
        self.backend.answers(turn.answer.clone());
        self.backend.stands_for(turn.services.clone());
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, request.path, request.host)
            .into_bytes();
        for (name, value) in &request.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let has_length = request.headers.iter().any(|(name, _)| name == "content-length");
        if let Some(body) = request.body.as_ref().filter(|_| !has_length) {
            bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(request.body.as_deref().unwrap_or_default().as_bytes());
        let sent = self.runtime.block_on(raw::send(self.gateway.address(), &bytes));
        let response = sent.map_err(|error| error.to_string())?;
        let backend = self.backend.seen().into_iter().map(|recorded| recorded.seen).collect();
        let asked = self.backend.asked().into_iter().map(|recorded| recorded.seen).collect();
        Ok(Observed {
            status: response.status,
            headers: response.headers,
            body: response.body,
            backend,
            asked,
            logged: if turn.logs { self.runtime.block_on(self.log.lines()) } else { Vec::new() },
        })
    }

    fn log(&mut self) -> String {
        self.gateway.log()
    }
}

// === impl AccessLog ===

impl AccessLog {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made"), read: 0 }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    /// The document with all of its access logs here.
    fn receive(&self, document: &Value) -> Value {
        let mut document = document.clone();
        let apis = document["apis"].as_array_mut().into_iter().flatten();
        let stages = apis.flat_map(|api| api["stages"].as_array_mut().into_iter().flatten());
        for settings in stages.filter_map(|stage| stage.get_mut("accessLogSettings")) {
            settings["destination"] = json!(format!("file:{}", self.file().display()));
        }
        document
    }

    /// The lines since the last time, once there are some.
    async fn lines(&mut self) -> Vec<Vec<u8>> {
        let lines = eventually("a line of the access log", async || {
            let text = std::fs::read(self.file()).unwrap_or_default();
            let new = text[self.read..].to_vec();
            new.ends_with(b"\n").then_some(new)
        });
        let new = lines.await;
        self.read += new.len();
        new.trim_ascii_end().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }
}

/// Hosts that the gateway asks ahead of requests, whenever its root ticks: what is due at once, on a gateway that knows
/// nothing, is all that it keeps up.
fn unasked(file: &File) -> Result<BTreeSet<String>, String> {
    let config = load(file.config.to_string().as_bytes()).map_err(|diagnostics| diagnostics.to_string())?;
    let gateway = compile(&config, &Elsewhere).map_err(|diagnostics| diagnostics.to_string())?.gateway;
    let (worker, shared) = (RefCell::default(), Memory::default());
    let env = Env {
        wall: Millis(now_millis()),
        monotonic: Nanos(0),
        dice: [0; 32],
        source_address: b"",
        client_cert_digest: b"",
        connection: &PlainText,
        worker: &worker,
        shared: &shared,
        signatures: &Software,
        watcher: None,
    };
    let due = gateway.upkeep(&env);
    let authority = |name: &[u8]| name == b":authority";
    let headers = due.into_iter().flat_map(|(callout, _)| callout.headers);
    Ok(headers
        .filter(|(name, _)| authority(name))
        .map(|(_, value)| String::from_utf8_lossy(&value).into_owned())
        .collect())
}

fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
