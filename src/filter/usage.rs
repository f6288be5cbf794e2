//! Gauges of Envoy's statistics that say how often keys were used: `sekisho usage` reads them.

use super::host::{self, Gauge, HostError};
use crate::gateway::usage::Told;
use std::collections::BTreeMap;

/// Gauges that are defined: once in a VM, because Envoy keeps every definition. The core bounds how many there are.
#[derive(Debug)]
pub(super) struct UsageGauges(BTreeMap<String, Key>);

/// Those of a key.
#[derive(Debug)]
struct Key {
    used: Gauge,
    window: Gauge,
}

// === impl UsageGauges ===

impl UsageGauges {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn tell(&mut self, told: Vec<Told>) {
        for told in told {
            let name = told.name.clone();
            if let Err(error) = self.tell_one(told) {
                log::warn!("sekisho: the statistic `{name}` cannot be written: {error}");
            }
        }
    }

    fn tell_one(&mut self, Told { name, used, window }: Told) -> Result<(), HostError> {
        let key = match self.0.get(&name) {
            Some(key) => key,
            None => {
                let key = Key {
                    used: host::gauge(&format!("{name}.used"))?,
                    window: host::gauge(&format!("{name}.window"))?,
                };
                self.0.entry(name).or_insert(key)
            }
        };
        // In this order: whoever reads between the two finds a small number in a window that is over, and not a large one in
        // a window that has just begun.
        key.used.set(used)?;
        key.window.set(window)
    }
}
