//! Throttling, quotas and API keys in a real Envoy: the law holds on every window, whatever its workers do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod changes;
mod counted;
mod documents;
mod host;
mod keys;
mod law;
mod load;
mod saturation;

pub(crate) use counted::{Counted, counted_of};

use serde_json::Value;
use wasm_tests::{Backend, Gateway, Options};

/// A gateway, and a backend that nobody asks.
pub(crate) async fn gateway(document: &Value, workers: u32) -> (Backend, Gateway) {
    let backend = Backend::start().await;
    let options = Options { concurrency: workers, ..Options::default() };
    let gateway = Gateway::start(document, &backend, options).await;
    (backend, gateway)
}
