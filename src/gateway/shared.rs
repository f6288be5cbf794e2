//! What all workers of one Envoy share: the core's one port to memory that is not its own.
//!
//! Envoy's shared data outlives a reload and is never evicted, so every key comes from configuration, never from a client.
//! A write without a version wins over whatever is there; [`SharedStore::create`] never does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Write};

/// Version of the layout of shared values: a new layout has new keys, and old values are left alone.
pub const LAYOUT: &str = "1";

/// Names in one text, each with its length, so that no two lists give the same.
#[must_use]
pub fn unambiguous(names: &[&str]) -> String {
    let mut text = String::with_capacity(names.iter().map(|name| name.len() + "/99:".len()).sum());
    for (i, name) in names.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(text, "{}{}:", if i == 0 { "" } else { "/" }, name.len());
        text.push_str(name);
    }
    text
}

/// A value as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The bytes.
    pub value: Vec<u8>,
    /// What [`SharedStore::set`] compares.
    pub version: u32,
}

/// Somebody else has written since the value was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict;

/// Values that all workers of one Envoy see.
pub trait SharedStore: fmt::Debug {
    /// The value of a key, if it was ever written.
    fn get(&self, key: &str) -> Option<Shared>;

    /// Writes a value, if nobody has written since it was read as `seen`; without `seen`, whatever is there.
    ///
    /// # Errors
    /// If somebody has, or the host refuses.
    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict>;

    /// Writes the first value of a key.
    ///
    /// # Errors
    /// If there is one already, or the host refuses.
    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict>;
}

/// A store of one worker alone: for tests, cases and `explain`.
#[derive(Debug, Default)]
pub struct Memory(RefCell<HashMap<String, Shared>>);

impl SharedStore for Memory {
    fn get(&self, key: &str) -> Option<Shared> {
        self.0.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
        let mut values = self.0.borrow_mut();
        let version = values.get(key).map_or(0, |shared| shared.version);
        if seen.is_some_and(|seen| seen != version) {
            return Err(Conflict);
        }
        values.insert(key.to_owned(), Shared { value: value.to_vec(), version: version + 1 });
        Ok(())
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
        if self.0.borrow().contains_key(key) { Err(Conflict) } else { self.set(key, value, None) }
    }
}
