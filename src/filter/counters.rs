//! Counters of Envoy's statistics. What a VM has counted is told on the tick: a host call for each event would cost more than
//! the event. Every VM tells its own, whichever of its roots ticks, and nothing twice.

use super::host;

/// Before every name. `wasmcustom.` comes before that in Envoy's statistics, nothing in Prometheus; names are for ever.
const PREFIX: &str = "sekisho_";

/// Counters that are defined: once in a VM, because Envoy keeps every definition.
#[derive(Debug)]
pub(super) struct Counters(Vec<(&'static str, host::Counter)>);

// === impl Counters ===

impl Counters {
    /// Defines counters. While nothing has happened they are 0 and not missing.
    pub(super) fn define(names: impl Iterator<Item = &'static str>) -> Self {
        Self(names.filter_map(|name| Some((name, define(name)?))).collect())
    }

    /// Adds what happened.
    pub(super) fn tell(&self, counts: impl Iterator<Item = (&'static str, u64)>) {
        for (name, count) in counts.filter(|(_, count)| *count > 0) {
            let counter = self.0.iter().find(|(defined, _)| *defined == name);
            if let Some(Err(error)) = counter.map(|(_, counter)| counter.add(count)) {
                log::warn!("sekisho: {count} of the statistic `{name}` are lost: {error}");
            }
        }
    }
}

/// A dot would be read as a level by Envoy, and cannot be in a name of Prometheus.
fn define(name: &str) -> Option<host::Counter> {
    let name = format!("{PREFIX}{}", name.replace('.', "_"));
    host::counter(&name)
        .map_err(|error| log::warn!("sekisho: the statistic `{name}` cannot be written: {error}"))
        .ok()
}
