//! Values that all workers see: Envoy's shared data.

use super::host;
use crate::gateway::shared::{Conflict, Shared, SharedStore};
use std::cell::Cell;

/// A version that no value has. Envoy writes under a version that is not the value's only where there is no value, and it
/// numbers all writes of a process in turn: this is the last number before it begins again at 1.
const NONE_HAS: u32 = u32::MAX;

/// Asks Envoy, and counts how often: what contention costs is seen here.
#[derive(Debug)]
pub(super) struct HostShared {
    reads: Cell<u64>,
    writes: Cell<u64>,
    conflicts: Cell<u64>,
}

// === impl HostShared ===

impl HostShared {
    /// Names of what is counted: values that were read, writes that were tried, and those of them that were refused because
    /// somebody else had written.
    pub(super) const NAMES: [&str; 3] = ["shared_data_reads", "shared_data_writes", "shared_data_conflicts"];

    pub(super) const fn new() -> Self {
        Self { reads: Cell::new(0), writes: Cell::new(0), conflicts: Cell::new(0) }
    }

    /// What happened since this was last asked.
    pub(super) fn drain(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = [self.reads.take(), self.writes.take(), self.conflicts.take()];
        Self::NAMES.into_iter().zip(counts)
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        more(&self.writes);
        host::set_shared(key, value, version).map_err(|_| {
            more(&self.conflicts);
            Conflict
        })
    }
}

impl SharedStore for HostShared {
    fn get(&self, key: &str) -> Option<Shared> {
        more(&self.reads);
        host::shared(key).map(|(value, version)| Shared { value, version })
    }

    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
        self.write(key, value, seen.unwrap_or_default())
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
        self.write(key, value, NONE_HAS)
    }
}

fn more(count: &Cell<u64>) {
    count.set(count.get().saturating_add(1));
}
