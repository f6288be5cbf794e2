//! CORS by whom it is made for: a real browser, whose scripts call a real Envoy from an origin that may and from one that may not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod cases;
mod chromium;
mod cors;
mod demo_page;
