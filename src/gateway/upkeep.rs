//! What a gateway does when nobody asks: it fetches the keys of its issuers ahead, in the root and not for a request.
//!
//! Every VM has a root and a clock of its own, and there are two more VMs than workers. So the VMs elect one by a lease in
//! shared data, and hand on there what it learns.

use super::Env;
use super::compile::Gateway;
use super::flow::{Callout, CalloutReply};

/// Milliseconds between two looks at what is due.
pub const TICK: u32 = 500;

/// A question of the root's on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chore {
    /// Which of the gateway's key sources.
    pub source: usize,
}

impl Gateway {
    /// How often [`Gateway::upkeep`] wants to be called; none if there is nothing to keep up.
    #[must_use]
    pub fn tick_millis(&self) -> Option<u32> {
        None
    }

    /// What is due now.
    pub fn upkeep(&self, _env: &Env<'_>) -> Vec<(Callout, Chore)> {
        Vec::new()
    }

    /// Goes on with an answer; perhaps by another question.
    pub fn on_upkeep(
        &self,
        _chore: Chore,
        _reply: &CalloutReply,
        _env: &Env<'_>,
    ) -> Option<(Callout, Chore)> {
        None
    }
}
