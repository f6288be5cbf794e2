//! A Redis, and rate-limit services that count in it: what a fleet of gateways asks.
//!
//! ```no_run
//! # async fn example() {
//! use wasm_tests::{RateLimitService, Redis};
//!
//! sekisho_cases::needs!("redis-server", "redis-server");
//! let redis = Redis::start().await;
//! let limits = "[{ namespace: sekisho, max_value: 100, seconds: 60, conditions: [], variables: [] }]";
//! let service = RateLimitService::start(limits, &redis).await;
//! assert!(service.address().ip().is_loopback());
//! # }
//! ```

use crate::gateway::{Running, temporary_folder};
use crate::{eventually, toolchain};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// A running Redis that nobody else can find: it has a socket in a folder of its own, and no port. Dropped, it is stopped, and
/// what it had is gone.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    _process: Running,
}

impl Redis {
    /// Starts one, and waits until it answers. A test says `needs!("redis-server", "redis-server")` before.
    ///
    /// # Panics
    /// If it does not answer.
    pub async fn start() -> Self {
        let folder = temporary_folder();
        let log =
            File::create(folder.path().join("redis.log")).expect("the temporary folder can be written to");
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--databases", "1"])
            .args(["--maxmemory", "64mb", "--maxmemory-policy", "noeviction"])
            .arg("--dir")
            .arg(folder.path())
            .arg("--unixsocket")
            .arg(folder.path().join("redis.sock"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server can be run");
        let redis = Self { folder, _process: Running(process) };
        eventually("Redis answers", async || (redis.ask("PING").await? == "+PONG").then_some(())).await;
        redis
    }

    /// Where it is, for a service: `unix:PATH`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// The answer to a command of one line, such as `PTTL key`, as Redis' protocol has it: `:60000`. Nothing if there is none.
    pub async fn ask(&self, command: &str) -> Option<String> {
        let mut stream = UnixStream::connect(self.socket()).await.ok()?;
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).await.ok()?;
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.ok()?;
        Some(answers.strip_suffix("+OK\r\n")?.trim_end().to_owned())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("redis.log")).unwrap_or_default();
            eprintln!("--- Redis' log\n{log}\n---");
        }
    }
}

/// A running rate-limit service: [`wasm-tests/ratelimit`](../ratelimit/README.md). Dropped, it is stopped.
#[derive(Debug)]
pub struct RateLimitService {
    folder: TempDir,
    redis: Option<String>,
    address: SocketAddr,
    process: Option<Running>,
}

impl RateLimitService {
    /// Starts one with Limitador's file of limits, counting in a Redis, and waits until it listens.
    ///
    /// # Panics
    /// If the limits are refused: what it says is in the test's output.
    pub async fn start(limits: &str, redis: &Redis) -> Self {
        Self::launch(limits, Some(redis.url())).await
    }

    /// Starts one that counts by itself.
    ///
    /// # Panics
    /// If the limits are refused: what it says is in the test's output.
    pub async fn start_in_memory(limits: &str) -> Self {
        Self::launch(limits, None).await
    }

    async fn launch(limits: &str, redis: Option<String>) -> Self {
        let folder = temporary_folder();
        fs::write(folder.path().join("limits.yaml"), limits).expect("the temporary folder can be written to");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut service = Self { folder, redis, address, process: None };
        assert!(service.begin().await, "the service does not listen");
        service
    }

    /// Where it listens: HTTP/2 without TLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it: connections break, and new ones are refused.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again where it was, stopped before or not.
    ///
    /// # Panics
    /// If somebody else has got the port.
    pub async fn restart(&mut self) {
        self.stop();
        eventually("the service is back", async || self.begin().await.then_some(())).await;
    }

    async fn begin(&mut self) -> bool {
        let mut command = Command::new(toolchain::rate_limit_service());
        command.arg("--limits").arg(self.folder.path().join("limits.yaml"));
        command.args(["--port", &self.address.port().to_string()]);
        if let Some(redis) = &self.redis {
            command.args(["--redis", redis]);
        }
        // It ends with its standard input, also if the test is killed.
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut process = Running(child.expect("the service can be run"));
        let output = process.0.stdout.take().expect("it is a pipe");
        let told = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let line = told.await.expect("it does not panic").expect("a pipe can be read");
        let Ok(port) = line.trim().parse() else { return false };
        self.address.set_port(port);
        self.process = Some(process);
        true
    }
}
