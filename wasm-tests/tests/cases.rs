//! The cases, through a real Envoy with the built module: one Envoy for each file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::{Answer, Engine, Observed, Request};
use std::path::Path;
use std::process::ExitCode;
use tokio::runtime::Runtime;
use wasm_tests::{Backend, Gateway, Options, raw};

fn main() -> ExitCode {
    sekisho_cases::main::<Envoy>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases"))
}

struct Envoy {
    // Fields are dropped in order: Envoy and the backend need the runtime.
    gateway: Gateway,
    backend: Backend,
    runtime: Runtime,
}

impl Engine for Envoy {
    const NAME: &'static str = "envoy";
    const CLIENT: &'static str = "127.0.0.1";

    fn start(config: &serde_json::Value) -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let (gateway, backend) = runtime.block_on(async {
            let backend = Backend::start().await;
            Gateway::try_start(config, &backend, Options::default()).await.map(|gateway| (gateway, backend))
        })?;
        Ok(Self { gateway, backend, runtime })
    }

    fn send(&mut self, request: &Request, answer: &Answer) -> Result<Observed, String> {
        self.backend.forget();
        self.backend.answers(answer.clone());
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
        Ok(Observed { status: response.status, headers: response.headers, body: response.body, backend })
    }

    fn log(&mut self) -> String {
        self.gateway.log()
    }
}
