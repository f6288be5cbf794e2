//! WebSocket connections through a real Envoy with the built module, by a library that is not ours at both ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod compressed;
mod ends;
mod firewall;
mod hostile;
mod limits;
mod passing;
mod refusals;
