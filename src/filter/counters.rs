//! Counters of Envoy's statistics. What a VM has counted is told on the tick: a host call for each event would cost more than
//! the event. Every VM tells its own, whichever of its roots ticks, and nothing twice.

use super::host;
use crate::gateway::MOST_NAMED_COUNTERS;
use std::collections::HashMap;
use std::rc::Rc;

/// Before every name. `wasmcustom.` comes before that in Envoy's statistics, nothing in Prometheus; names are for ever.
const PREFIX: &str = "sekisho_";

/// Counters that are defined: once in a VM, because Envoy keeps every definition.
#[derive(Debug)]
pub(super) struct Counters {
    fixed: Vec<(&'static str, host::Counter)>,
    /// Those that documents name.
    named: HashMap<Rc<str>, host::Counter>,
}

// === impl Counters ===

impl Counters {
    /// Defines counters. While nothing has happened they are 0 and not missing.
    pub(super) fn define(names: impl Iterator<Item = &'static str>) -> Self {
        Self { fixed: names.filter_map(|name| Some((name, define(name)?))).collect(), named: HashMap::new() }
    }

    /// Defines those of a document that are not yet, as they are named. Envoy keeps what former documents named, and more than
    /// the most are not told.
    pub(super) fn define_named(&mut self, names: Vec<Rc<str>>) {
        for name in names {
            if self.named.contains_key(&name) {
                continue;
            }
            if self.named.len() >= MOST_NAMED_COUNTERS {
                log::warn!("sekisho: `{name}` is not counted: {MOST_NAMED_COUNTERS} names are");
                return;
            }
            if let Some(counter) = counter(&name) {
                self.named.insert(name, counter);
            }
        }
    }

    /// Adds what happened.
    pub(super) fn tell(&self, counts: impl Iterator<Item = (&'static str, u64)>) {
        for (name, count) in counts.filter(|(_, count)| *count > 0) {
            if let Some((_, counter)) = self.fixed.iter().find(|(defined, _)| *defined == name) {
                add(counter, count, name);
            }
        }
    }

    /// Adds what happened, of those that documents name.
    pub(super) fn tell_named(&self, counts: Vec<(Rc<str>, u64)>) {
        for (name, count) in &counts {
            if let Some(counter) = self.named.get(name) {
                add(counter, *count, name);
            }
        }
    }
}

/// A dot would be read as a level by Envoy, and cannot be in a name of Prometheus, where counters end as this does.
fn define(name: &str) -> Option<host::Counter> {
    counter(&format!("{PREFIX}{}_total", name.replace('.', "_")))
}

#[inline(never)]
pub(super) fn counter(name: &str) -> Option<host::Counter> {
    host::counter(name)
        .map_err(|error| log::warn!("sekisho: the statistic `{name}` cannot be written: {error}"))
        .ok()
}

#[inline(never)]
pub(super) fn add(counter: &host::Counter, count: u64, name: &str) {
    if let Err(error) = counter.add(count) {
        log::warn!("sekisho: {count} of the statistic `{name}` are lost: {error}");
    }
}
