//! Metrics as an operator meets them: what Envoy tells of a known load, and what a Prometheus makes of that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod counted;
mod documents;
mod lint;
mod many;
mod prometheus;
mod queries;
mod reloaded;
mod rules;
mod samples;
