//! A gateway that changes under load: no request is lost, every worker serves the new document within a second, and a bad
//! document changes nothing and is told of.

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

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const WORKERS: u32 = 4;

fn four_workers() -> wasm_tests::Options {
    wasm_tests::Options { concurrency: WORKERS, ..wasm_tests::Options::default() }
}
