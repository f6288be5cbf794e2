//! Requests that wait, in a real Envoy: what the client gets, and what the backend sees meanwhile. The probe
//! (`probes/README.md`) is the product's shell over a core that waits for what the path names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod interrupted;
mod leaving;
mod many;
mod outcomes;
mod refusals;
mod replies;
mod shapes;
mod sharing;
mod table;
mod world;
