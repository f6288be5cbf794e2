//! A gateway that changes under load: no request is lost, no worker serves the old document once the command has
//! said that it is done, and a bad document changes nothing and is told of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod changes;
mod documents;
mod guide;
mod load;
mod refused;
mod report;

use tokio::sync::{Mutex, MutexGuard};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const WORKERS: u32 = 4;

/// One test at a time: the machine is small, and each of them keeps it busy.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test runs, and keeps others from running.
async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

fn four_workers() -> wasm_tests::Options {
    wasm_tests::Options { concurrency: WORKERS, ..wasm_tests::Options::default() }
}
