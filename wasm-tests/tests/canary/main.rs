//! Canaries in a real Envoy: shares are what the document says, users stay on their side, and what is counted is what was served.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod counted;
mod documents;
mod load;
mod shares;
mod statistics;
mod sticky;
