//! The probe has nothing to keep up.

use super::flow::{Callout, CalloutReply, Flight};
use super::shared::SharedStore;
use super::{Env, Gateway};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chore;

impl Gateway {
    pub fn prepare(&self, _: &dyn SharedStore) {}

    pub fn tick_millis(&self) -> Option<u32> {
        None
    }

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
