//! The core: an API gateway as values. No host calls, no clock, no randomness, no I/O.
//!
//! [`config`] is the document as written, [`compile()`] turns it into a [`Gateway`], and [`exchange`] is one request's life.

pub mod access_log;
pub mod admission;
pub mod api_keys;
pub mod arn;
pub mod authorizers;
pub mod aws;
pub mod bytes;
pub mod canary;
pub mod client_cert;
pub mod clusters;
pub mod compile;
pub mod config;
pub mod connection;
pub mod context;
pub mod cors;
pub mod counts;
pub mod diagnostics;
pub mod document;
pub mod domains;
mod envoy_replies;
pub mod exchange;
pub mod execution_log;
pub mod fleet;
pub mod flow;
pub mod gateway_responses;
pub mod head;
pub mod integrations;
pub mod json_once;
mod json_path;
pub mod lambda;
mod limits;
pub mod mapping;
pub mod metrics;
pub mod notes;
pub mod outcome;
pub mod policy;
pub mod protobuf;
pub mod quota;
pub mod rate_limit_headers;
pub mod regex;
pub mod rejection;
pub mod request;
mod request_value;
mod rest_value;
pub mod routes;
pub mod shared;
pub mod stages;
pub mod surroundings;
mod template;
#[cfg(test)]
mod testing;
pub mod throttle;
pub mod trace_context;
pub mod upkeep;
pub mod usage;
pub mod usage_plans;
pub mod waf;
pub mod websocket;
pub mod worker;

pub use compile::{Compiled, Gateway, compile};
pub use exchange::Exchange;
pub use worker::Worker;

use authorizers::signature::Signatures;
use connection::Connection;
use notes::Notes;
use shared::SharedStore;
use std::cell::RefCell;

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// Nanoseconds of a clock that is the same in all workers and never jumps; what it counts from means nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

/// What the core cannot know by itself: the world, as values.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    /// Wall-clock time.
    pub wall: Millis,
    /// Time for measuring: what is throttled must not depend on a clock that people set.
    pub monotonic: Nanos,
    /// Random bytes, fresh for each call; they need not be unpredictable.
    pub dice: [u8; 32],
    /// The client's address as Envoy trusts it (`192.0.2.1:4711`, `[2001:db8::1]:4711`); empty unless
    /// [`Gateway::wants`] asks for it.
    pub source_address: &'a [u8],
    /// SHA-256 of the certificate that the client presented, in hexadecimal, as the host says of the connection; empty if it
    /// presented none, and unless [`Gateway::wants`] asks for it.
    pub client_cert_digest: &'a [u8],
    /// The connection: it is asked about requests to domains with mutual TLS only.
    pub connection: &'a dyn Connection,
    /// What this worker remembers.
    pub worker: &'a RefCell<Worker>,
    /// What all workers share.
    pub shared: &'a dyn SharedStore,
    /// Who verifies signatures.
    pub signatures: &'a dyn Signatures,
    /// Who is told what is checked; nobody, but for `explain`.
    pub watcher: Option<&'a dyn Notes>,
}

/// What a response is met with: nothing is decided of it by the date or by chance.
#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    /// Time for measuring.
    pub monotonic: Nanos,
    /// What this worker remembers.
    pub worker: &'a RefCell<Worker>,
}

impl<'a> From<&Env<'a>> for Now<'a> {
    fn from(env: &Env<'a>) -> Self {
        Self { monotonic: env.monotonic, worker: env.worker }
    }
}

/// Counters that documents name, which the shell tells of.
pub const MOST_NAMED_COUNTERS: usize =
    canary::counts::MOST_COUNTERS + waf::counts::MOST_COUNTERS + rejection::Rejection::REASONS.len();

/// What a document needs of the shell: reading from the host costs, so nothing is read without need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wants {
    /// The client's address.
    pub source_address: bool,
    /// The digest of the client's certificate.
    pub client_cert: bool,
    /// The filter that is built with the feature `software-signatures`.
    pub software_signatures: bool,
}
