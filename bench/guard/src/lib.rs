//! What requests cost, counted: [`machine`] runs the built module under an interpreter that counts its instructions, with
//! [`host`] in Envoy's place; [`pinned`] compares what is counted with what is written down, and [`profile`] tells of functions.

// What counts in tests only: there a panic is the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod host;
pub mod machine;
pub mod module;
pub mod pinned;
pub mod profile;
mod wasi;
