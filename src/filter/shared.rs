//! Values that all workers see: Envoy's shared data.

use super::host;
use crate::gateway::shared::{Conflict, Shared, SharedStore};

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
}
