//! Stands in for the product's core. The types between core and shell are the product's own.

pub mod authorizers;
#[path = "../../../../../src/gateway/bytes.rs"]
pub mod bytes;
#[path = "../../../../../src/gateway/connection.rs"]
#[allow(dead_code)]
pub mod connection;
pub mod counts;
#[path = "../../../../../src/gateway/diagnostics.rs"]
#[allow(dead_code)]
pub mod diagnostics;
#[path = "../../../../../src/gateway/document.rs"]
pub mod document;
pub mod exchange;
#[path = "../../../../../src/gateway/flow.rs"]
#[allow(dead_code)]
pub mod flow;
#[path = "../../../../../src/gateway/head.rs"]
#[allow(dead_code)]
pub mod head;
#[allow(dead_code)]
pub mod metrics;
pub mod outcome;
#[path = "../../../../../src/gateway/protobuf.rs"]
pub mod protobuf;
#[path = "../../../../../src/gateway/shared.rs"]
#[allow(dead_code)]
pub mod shared;
#[path = "../../../../../src/gateway/surroundings.rs"]
#[allow(dead_code)]
pub mod surroundings;
pub mod upkeep;
pub mod usage;
pub mod websocket;

pub use exchange::Exchange;

use authorizers::signature::Signatures;
use connection::Connection;
use diagnostics::Diagnostics;
use metrics::counts::Counted;
use metrics::state::KeysTold;
use metrics::{Place, PlaceKey};
use shared::SharedStore;
use surroundings::Surroundings;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    #[allow(dead_code)]
    pub wall: Millis,
    pub monotonic: Nanos,
    #[allow(dead_code)]
    pub dice: [u8; 32],
    pub source_address: &'a [u8],
    #[allow(dead_code)]
    pub client_cert_digest: &'a [u8],
    #[allow(dead_code)]
    pub connection: &'a dyn Connection,
    #[allow(dead_code)]
    pub worker: &'a RefCell<Worker>,
    pub shared: &'a dyn SharedStore,
    #[allow(dead_code)]
    pub signatures: &'a dyn Signatures,
    #[allow(dead_code)]
    pub watcher: Option<()>,
}

#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    #[allow(dead_code)]
    pub monotonic: Nanos,
    #[allow(dead_code)]
    pub worker: &'a RefCell<Worker>,
}

/// The probe remembers nothing.
#[derive(Debug, Default)]
pub struct Worker {
    pub counts: counts::Counts,
    pub apis: HashMap<PlaceKey, Counted>,
}

impl Worker {
    pub fn drain_named(&mut self) -> Vec<(Rc<str>, u64)> {
        Vec::new()
    }

    pub fn sizes(&self) -> [(&'static str, u64); 0] {
        []
    }
}

/// It names none.
pub const MOST_NAMED_COUNTERS: usize = 0;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wants {
    pub source_address: bool,
    pub client_cert: bool,
}

/// A configured probe. Its document is any text; `refuse` in it is an error, and it names itself in `x-probe-document`.
#[derive(Debug)]
pub struct Gateway {
    pub document: String,
}

pub struct Compiled {
    pub gateway: Gateway,
    pub warnings: Diagnostics,
}

impl Gateway {
    pub fn wants(&self) -> Wants {
        Wants { source_address: true, client_cert: false }
    }

    pub fn counts_rates(&self) -> bool {
        false
    }

    pub fn named_counters(&self) -> Vec<Rc<str>> {
        Vec::new()
    }

    pub fn places(&self) -> impl Iterator<Item = &Place> {
        [].into_iter()
    }

    pub fn keys_told(&self, _: &Env<'_>) -> Vec<KeysTold> {
        Vec::new()
    }
}

/// It passes trailers on as they are.
pub mod integrations {
    pub mod headers {
        use crate::gateway::flow::Edits;
        use crate::gateway::head::Head;

        pub fn trailer_edits(_: &Head) -> Edits {
            Edits::default()
        }
    }
}

/// It counts nobody's requests.
pub mod waf {
    pub mod rate {
        pub mod seed {
            use crate::gateway::shared::SharedStore;

            pub struct Seed;

            impl Seed {
                pub fn prepare(_: &dyn SharedStore, _: impl FnOnce() -> [u8; 16]) -> Self {
                    Self
                }
            }
        }
    }
}

pub mod config {
    use super::diagnostics::Diagnostics;

    pub struct Config(pub String);

    pub fn load(text: &[u8]) -> Result<Config, Diagnostics> {
        Ok(Config(String::from_utf8_lossy(text).into_owned()))
    }
}

pub fn compile(config: &config::Config, _: &dyn Surroundings) -> Result<Compiled, Diagnostics> {
    if config.0.contains("refuse") {
        let mut diagnostics = Diagnostics::default();
        diagnostics.error("document", "it asks to be refused").help("take `refuse` out of it");
        return Err(diagnostics);
    }
    Ok(Compiled { gateway: Gateway { document: config.0.clone() }, warnings: Diagnostics::default() })
}
