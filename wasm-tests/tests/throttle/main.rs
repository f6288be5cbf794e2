//! Throttling, quotas and API keys in a real Envoy: the law holds on every window, whatever its workers do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod counted;
mod documents;
mod law;
mod load;
mod saturation;
