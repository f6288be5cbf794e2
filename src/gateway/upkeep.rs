//! What a gateway does when nobody asks: it fetches the keys of its issuers ahead, in the root and not for a request.
//!
//! Every VM has a root and a clock of its own, and there are two more VMs than workers. So the VMs elect one by a lease in
//! shared data, and hand on there what it learns: at each tick every VM looks if there is something new.

use super::Env;
use super::authorizers::jwt::keys::{Found, Step};
use super::compile::Gateway;
use super::counts::Counter;
use super::flow::{Callout, CalloutReply, Flight};
use super::shared::SharedStore;

/// Milliseconds between two looks at what is due: [`Gateway::upkeep`] is called so often, and counters are told.
pub const TICK: u32 = 500;

/// A question of the root's on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chore {
    /// Which of the gateway's key sources.
    pub source: usize,
    /// What was asked there.
    pub step: Step,
}

impl Gateway {
    /// Makes shared data ready, when a document was found good: only what is missing is written.
    pub fn prepare(&self, shared: &dyn SharedStore) {
        for keyring in &self.keyrings {
            keyring.prepare(shared);
        }
    }

    /// What is due now.
    pub fn upkeep(&self, env: &Env<'_>) -> Vec<(Callout, Chore)> {
        env.worker.borrow_mut().tallies.flush(env.monotonic, env.shared);
        let named = |id: &[u8; 32]| self.keyrings.iter().any(|keyring| keyring.id() == id);
        env.worker.borrow_mut().forget_other_sources(named, self.keyrings.len());
        let tended = self.keyrings.iter().enumerate().filter_map(|(source, keyring)| {
            let (callout, step) = keyring.tend(env)?;
            Some((callout, Chore { source, step }))
        });
        tended.collect()
    }

    /// Goes on with an answer; perhaps by another question.
    pub fn on_upkeep(&self, chore: Chore, reply: &CalloutReply, env: &Env<'_>) -> Option<(Callout, Chore)> {
        match self.keyrings.get(chore.source)?.learn(chore.step, reply, env) {
            Ok(Found::Ask(callout, step)) => Some((callout, Chore { step, ..chore })),
            Ok(Found::Keys(_)) => None,
            Err(_) => {
                env.worker.borrow_mut().counts.add(Counter::KeysUnanswered);
                None
            }
        }
    }

    /// Learns from an answer whose requests are all gone: a client that leaves must not make its question a lost one, or
    /// clients that leave could have the issuer asked without end.
    pub fn overhear(&self, flight: &Flight, reply: &CalloutReply, env: &Env<'_>) -> Option<(Callout, Chore)> {
        self.keyrings.iter().enumerate().find_map(|(source, keyring)| {
            let (callout, step) = keyring.overhear(flight, reply, env)?;
            Some((callout, Chore { source, step }))
        })
    }
}

#[cfg(test)]
mod tests;
