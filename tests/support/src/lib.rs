//! The cases: what a request through a gateway must give, written once and run in two engines.
//!
//! `tests/cases/*.yaml` hold them ([`mod@format`] is what may stand there); `tests/cases.rs` runs them natively, and
//! `wasm-tests/tests/cases.rs` through a real Envoy with the built module. [`runner`] is common to both, and
//! [`engine`] says, in one place, in what the two may differ.

// A broken case file, or a machine that cannot run the tests, must stop them: here a panic is the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod allocations;
pub mod check;
pub mod engine;
pub mod format;
pub mod json;
pub mod npm;
pub mod placeholders;
pub mod runner;
pub mod services;
pub mod sigv4;
pub mod skip;
pub mod tokens;

pub use engine::{Engine, Observed, Seen, Turn};
pub use format::{Answer, Case, File, Request};
pub use runner::main;
pub use services::{Service, ServiceAnswer, Services};
pub use skip::skip;
