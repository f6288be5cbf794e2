//! Custom domains by TLS and HTTP/3, as `sekisho render` writes them, through a real Envoy with the built module.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod apply;
mod handshakes;
mod mutual;
mod quic;
mod rotation;
mod world;
