//! One configuration of the plugin: a document, and the gateway made of it.

use super::host;
use super::signatures::Verifiers;
use super::stream::TURNS;
use super::{Peer, Worker};
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::diagnostics::Diagnostics;
use crate::gateway::document;
use crate::gateway::flow::{Callout, CalloutReply, Flight};
use crate::gateway::metrics::state::KeysTold;
use crate::gateway::surroundings::{Secret, Surroundings, Verification};
use crate::gateway::upkeep::{Chore, TICK};
use crate::gateway::waf::rate::seed::Seed;
use crate::gateway::{self, Gateway, config};
use std::fmt::Write;
use std::rc::Rc;

/// Problems of a document that are told in Envoy's log.
const TOLD: usize = 20;
/// Longest of them, in characters.
const LINE: usize = 1_000;

/// A configured plugin. During an update a VM may hold several.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// What new requests begin with; none until a document was good.
    gateway: Option<Rc<Gateway>>,
}

// === impl Root ===

impl Root {
    pub(super) fn gateway(&self) -> Option<Rc<Gateway>> {
        self.gateway.clone()
    }

    /// Time has passed: what is due is asked for, in the root's name.
    pub(super) fn tick(&self, context: u32, worker: &mut Worker) {
        let Some(gateway) = &self.gateway else { return };
        let due = gateway.upkeep(&worker.env(&Peer::default()));
        for (callout, chore) in due {
            self.ask(context, callout, chore, worker);
        }
        let keys = gateway.keys_told(&worker.env(&Peer::default()));
        worker.gauges.set_issuers(keys.iter().flat_map(KeysTold::statistics));
    }

    /// A question of the root's is answered.
    pub(super) fn on_callout(&self, context: u32, chore: Chore, reply: &CalloutReply, worker: &mut Worker) {
        let Some(gateway) = &self.gateway else { return };
        let next = gateway.on_upkeep(chore, reply, &worker.env(&Peer::default()));
        if let Some((callout, chore)) = next {
            self.ask(context, callout, chore, worker);
        }
    }

    /// A question is answered, and nobody waits for it any more.
    pub(super) fn overhear(&self, context: u32, flight: &Flight, reply: &CalloutReply, worker: &mut Worker) {
        let Some(gateway) = &self.gateway else { return };
        let next = gateway.overhear(flight, reply, &worker.env(&Peer::default()));
        if let Some((callout, chore)) = next {
            self.ask(context, callout, chore, worker);
        }
    }

    fn ask(&self, context: u32, callout: Callout, chore: Chore, worker: &mut Worker) {
        let Some(gateway) = &self.gateway else { return };
        let mut next = Some((callout, chore));
        for _ in 0..TURNS {
            let Some((callout, chore)) = next else { return };
            let Err(error) = worker.callouts.ask_for_root(&callout, context, chore) else { return };
            log::warn!("sekisho: cluster `{}` cannot be asked: {error}", callout.cluster);
            next = gateway.on_upkeep(chore, &CalloutReply::Failed, &worker.env(&Peer::default()));
        }
    }

    /// Reads and compiles the document. A bad one changes nothing, and Envoy refuses the update or does not start.
    pub(super) fn configure(&mut self, size: usize, worker: &mut Worker) -> bool {
        host::start_logging();
        let verifiers = *worker.verifiers();
        let document = match host::plugin_configuration(size) {
            Ok(document) => document,
            Err(error) => {
                log::error!("sekisho: the configuration cannot be read: {error}");
                return false;
            }
        };
        let (bytes, digest) = (document.len(), document::digest(&document, &worker.shared));
        let config = config::load(&document);
        // It may be larger than all that is made of it, and memory that a worker had once it keeps.
        drop(document);
        let compiled = config.and_then(|config| gateway::compile(&config, &Here(verifiers)));
        match compiled {
            Ok(compiled) => {
                tell(log::Level::Warn, &compiled.warnings);
                log::info!("sekisho: serving sha256:{}, {bytes} bytes", digits(&digest));
                if let Err(error) = host::tick_every(TICK) {
                    log::warn!("sekisho: nothing is fetched ahead, and nothing is counted: {error}");
                }
                compiled.gateway.prepare(&worker.shared);
                if compiled.gateway.counts_rates() {
                    Seed::prepare(&worker.shared, host::secret);
                }
                verifiers.record();
                worker.counters().define_named(compiled.gateway.named_counters());
                worker.metrics.define(compiled.gateway.places());
                worker.gauges.set("sekisho_config_digest", number(&digest));
                worker.gauges.set("sekisho_config_loaded_timestamp_seconds", host::wall_clock().0 / 1000);
                self.gateway = Some(Rc::new(compiled.gateway));
                true
            }
            Err(diagnostics) => {
                tell(log::Level::Error, &diagnostics);
                worker.reject();
                false
            }
        }
    }
}

/// The filter's own surroundings.
#[derive(Debug)]
struct Here(Verifiers);

impl Surroundings for Here {
    fn secret(&self, variable: &str) -> Option<Secret> {
        host::environment(variable).map(Secret)
    }

    fn verifies(&self, algorithm: Algorithm) -> Verification {
        self.0.verifies(algorithm)
    }
}

/// Writes the first of a document's problems into Envoy's log. Each is a line, whatever names it has in it.
fn tell(level: log::Level, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics.0.iter().take(TOLD) {
        let text = diagnostic.to_string();
        let line = text.chars().take(LINE).map(|c| if c.is_control() { ' ' } else { c });
        log::log!(level, "sekisho: {}", line.collect::<String>());
    }
    let more = diagnostics.0.len().saturating_sub(TOLD);
    if more > 0 {
        log::log!(level, "sekisho: and {more} more: `sekisho validate` shows all");
    }
}

/// The first six bytes of a document's digest as a number, which is one in a double too: what differs between two Envoys that
/// serve two documents.
fn number(digest: &[u8]) -> u64 {
    digest.iter().take(6).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Enough of a digest to tell two documents apart in a log.
fn digits(digest: &[u8]) -> String {
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
