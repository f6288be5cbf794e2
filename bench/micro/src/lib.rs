//! What the guard of costs and the micro-benchmarks share: [`kinds`] of requests, each with its document, and the [`core`] that
//! they go through.

// A document that does not compile, or a request that ends otherwise than it should, must stop what measures it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod core;
pub mod documents;
pub mod kinds;
pub mod token;
