//! The gateway as it is run: a real Envoy with the built module, a backend that records, and clients that may be rude.
//!
//! ```no_run
//! # async fn example() {
//! use wasm_tests::{Backend, Gateway, Options, raw};
//!
//! let backend = Backend::start().await;
//! let gateway = Gateway::start(&wasm_tests::documents::http_proxy(), &backend, Options::default()).await;
//! let response = raw::get(gateway.address(), "/hello").await.unwrap();
//! assert_eq!((response.status, backend.seen().len()), (200, 1));
//! # }
//! ```
//!
//! Envoy is started on ports of its own choice and stopped, by its own pid, when the [`Gateway`] is dropped; its log is
//! printed if the test failed. Nothing sleeps to be right: [`eventually`] polls until a deadline.

// These are tests, and what only tests use: here a panic is the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod backend;
mod bootstrap;
pub mod client;
pub mod documents;
mod dynamic;
mod function;
mod gateway;
mod otlp;
mod python;
mod ratelimit;
pub mod raw;
pub mod tls;
mod toolchain;
mod workers;

pub use backend::{Backend, Protocol, Recorded};
pub use bootstrap::Source;
pub use dynamic::{Dynamic, Said, probe_module, product_module};
pub use function::{Function, Reply};
pub use gateway::{Gateway, Options, Probe, Running};
pub use otlp::{Receiver, Span};
pub use python::Python;
pub use ratelimit::{RateLimitService, Redis};
pub use toolchain::lambda_app;

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: far more than it takes, on a machine with far more to do.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Waits until something is there.
///
/// # Panics
/// If it is not before the deadline.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "not after {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Allows this process, and the Envoys it starts from now on, as many open files as the machine does; gives the number.
pub fn raise_open_files() -> u64 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Refused, the limit stays as it is, and is told.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
