//! The probe has nothing to keep up.

use super::flow::{Callout, CalloutReply, Flight};
use super::shared::SharedStore;
use super::{Env, Gateway};

/// Milliseconds.
pub const TICK: u32 = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chore;

impl Gateway {
    pub fn prepare(&self, _: &dyn SharedStore) {}

    pub fn upkeep(&self, _: &Env<'_>) -> Vec<(Callout, Chore)> {
        Vec::new()
    }

    pub fn overhear(&self, _: &Flight, _: &CalloutReply, _: &Env<'_>) -> Option<(Callout, Chore)> {
        None
    }

    pub fn on_upkeep(&self, _: Chore, _: &CalloutReply, _: &Env<'_>) -> Option<(Callout, Chore)> {
        None
    }
}
