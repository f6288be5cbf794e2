//! Gauges of Envoy's statistics that say how the filter stands: what it remembers and waits for, the keys of issuers, and the
//! document that it serves. Every VM of an Envoy writes them: of what each has for itself it tells the difference, so that they
//! add up; of what all see it tells the value.

use super::host::{self, Gauge, HostError};
use std::collections::{BTreeMap, BTreeSet};

/// Gauges of this VM.
#[derive(Debug)]
pub(super) struct Gauges {
    /// What each was last told. Envoy keeps all of them.
    told: BTreeMap<String, (Gauge, u64)>,
    /// Those that were ever told of issuers: another document may no longer name them.
    issuers: BTreeSet<String>,
}

// === impl Gauges ===

impl Gauges {
    pub(super) const fn new() -> Self {
        Self { told: BTreeMap::new(), issuers: BTreeSet::new() }
    }

    /// What all VMs see.
    pub(super) fn set(&mut self, name: &str, value: u64) {
        self.tell(name, value, |gauge, _| gauge.set(value));
    }

    /// What all VMs see of issuers. What was told of others before is 0 from now on: nobody asks after their keys any more.
    pub(super) fn set_issuers(&mut self, now: impl Iterator<Item = (String, u64)>) {
        let mut values: BTreeMap<_, _> = now.collect();
        for before in std::mem::take(&mut self.issuers) {
            values.entry(before).or_insert(0);
        }
        for (name, value) in values {
            self.set(&name, value);
            self.issuers.insert(name);
        }
    }

    /// What this VM has, of what all have together. A VM that dies takes with it what it could have taken back.
    pub(super) fn share(&mut self, name: &'static str, value: u64) {
        let number = |value| i64::try_from(value).unwrap_or(i64::MAX);
        self.tell(name, value, |gauge, before| gauge.change(number(value) - number(before)));
    }

    fn tell(&mut self, name: &str, value: u64, write: impl FnOnce(&Gauge, u64) -> Result<(), HostError>) {
        let told = match self.told.get_mut(name) {
            Some((_, told)) if *told == value => return,
            Some((gauge, told)) => write(gauge, std::mem::replace(told, value)),
            None => host::gauge(name).and_then(|gauge| {
                let written = write(&gauge, 0);
                self.told.insert(name.to_owned(), (gauge, value));
                written
            }),
        };
        if let Err(error) = told {
            log::warn!("sekisho: the statistic `{name}` cannot be written: {error}");
        }
    }
}
