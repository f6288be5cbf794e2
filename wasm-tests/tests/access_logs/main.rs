//! Access logs and execution logs in a real Envoy: every line arrives once, and none is a client's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod endings;
mod execution;
mod failures;
mod lines;
mod reloaded;
