//! Values that all workers see: Envoy's shared data.

use super::host;
use crate::gateway::shared::{Conflict, Shared, SharedStore};

/// A version that no value has. Envoy writes under a version that is not the value's only where there is no value, and it
/// numbers all writes of a process in turn: this is the last number before it begins again at 1.
const NONE_HAS: u32 = u32::MAX;

/// Asks Envoy.
#[derive(Debug)]
pub(super) struct HostShared;

impl SharedStore for HostShared {
    fn get(&self, key: &str) -> Option<Shared> {
        host::shared(key).map(|(value, version)| Shared { value, version })
    }

    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
        host::set_shared(key, value, seen.unwrap_or_default()).map_err(|_| Conflict)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
        host::set_shared(key, value, NONE_HAS).map_err(|_| Conflict)
    }
}
