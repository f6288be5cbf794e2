//! `sekisho lambda` as people run it, and what tests ask of it.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)] // Each test binary uses a part of it.

#[path = "../running/mod.rs"]
mod running;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use running::Running;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// How much of what it says on standard error is kept.
const KEPT: usize = 1 << 20;

/// The runtime that does what its event says.
pub(crate) fn bootstrap() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lambda_support/bootstrap.py")
}

/// A `sekisho lambda` that serves.
pub(crate) struct Lambda {
    pub(crate) process: Running,
    endpoint: String,
    said: Arc<Mutex<String>>,
}

/// What an invocation came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Lambda {
    /// One function named `f` under the runtime that does what its event says.
    pub(crate) fn one(args: &[&str]) -> Self {
        let code = bootstrap();
        let one = ["--name", "f", "--runtime", "provided.al2023", "--code", code.to_str().unwrap()];
        Self::start(Command::new(env!("CARGO_BIN_EXE_sekisho")), &[&one, args].concat())
    }

    /// Starts it on a free port.
    pub(crate) fn start(mut command: Command, args: &[&str]) -> Self {
        command.args(["lambda", "--port", "0"]).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Running::start(&mut command);
        let said = Arc::new(Mutex::new(String::new()));
        let (mut errors, kept) = (process.0.stderr.take().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || {
            let mut piece = vec![0; 1 << 16];
            while let Ok(count @ 1..) = errors.read(&mut piece) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&String::from_utf8_lossy(piece.get(..count).unwrap()));
                let over = kept.len().saturating_sub(KEPT);
                let over = (over..=kept.len()).find(|at| kept.is_char_boundary(*at)).unwrap();
                kept.drain(..over);
            }
        });
        let mut endpoint = None;
        for line in BufReader::new(process.0.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix("endpoint ") {
                endpoint = Some(url.trim().to_owned());
            }
            if line.contains("Ctrl-C stops everything") {
                break;
            }
        }
        let Some(endpoint) = endpoint else { panic!("it does not serve: {}", said.lock().unwrap()) };
        Self { process, endpoint, said }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Calls a function.
    pub(crate) fn invoke(&self, function: &str, event: &str) -> Answer {
        self.invoke_with(function, event, &[])
    }

    /// Calls a function with headers; a query may stand behind its name.
    pub(crate) fn invoke_with(&self, function: &str, event: &str, headers: &[(&str, &str)]) -> Answer {
        let (function, query) = function.split_once('?').unwrap_or((function, ""));
        let url = format!("{}/2015-03-31/functions/{function}/invocations?{query}", self.endpoint);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let mut request = agent.post(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send(event).unwrap();
        let pair = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let headers = response.headers().iter().map(pair).collect();
        let text = response.body_mut().with_config().limit(8 << 20).read_to_string().unwrap();
        Answer { status: response.status().as_u16(), headers, text }
    }

    /// Waits until it has said something on standard error.
    pub(crate) fn until_it_says(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.said.lock().unwrap().clone();
            if said.contains(text) {
                return said;
            }
            assert!(Instant::now() < deadline, "it does not say `{text}`:\n{said}");
            std::thread::yield_now();
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The process that answered.
    #[track_caller]
    pub(crate) fn pid(&self) -> u64 {
        assert_eq!((self.status, self.header("x-amz-function-error")), (200, ""), "{}", self.text);
        self.json().get("pid").and_then(Value::as_u64).unwrap()
    }

    /// The end of the log, from the header that has it.
    pub(crate) fn tail(&self) -> String {
        let log = BASE64_STANDARD.decode(self.header("x-amz-log-result")).unwrap();
        String::from_utf8(log).unwrap()
    }

    /// The type of the function's error.
    #[track_caller]
    pub(crate) fn function_error(&self) -> String {
        assert_eq!((self.status, self.header("x-amz-function-error")), (200, "Unhandled"), "{}", self.text);
        self.json().get("errorType").and_then(Value::as_str).unwrap().to_owned()
    }
}

/// Waits until a condition holds.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// Whether a process runs. What has ended but is not waited for has no command line.
pub(crate) fn runs(pid: u64) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}
