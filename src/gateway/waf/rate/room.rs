//! What waits in a worker of one page.

use super::page::Standing;
use super::plan::Plan;
use crate::gateway::Nanos;

/// Origins of a page that wait in a worker.
pub(super) const WAITING: usize = 8;

/// What waits of a page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    /// When the first of them was counted that has not been handed on.
    pub(super) since: Option<Nanos>,
    /// The sub-window in which all of them were.
    pub(super) part: u32,
    pub(super) waiting: [Waiting; WAITING],
}

/// An origin's requests that wait.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Waiting {
    /// None is 0.
    pub(super) origin: u64,
    pub(super) count: u32,
    /// How many may wait.
    pub(super) most: u32,
}

// === impl Room ===

impl Room {
    /// Whether an origin finds no place.
    pub(super) fn is_full_for(&self, origin: u64) -> bool {
        self.waiting.iter().all(|waiting| waiting.count > 0 && waiting.origin != origin)
    }

    /// The place of an origin; a new one takes that of one of whom nothing waits.
    pub(super) fn place(&mut self, origin: u64, most: u32) -> Option<&mut Waiting> {
        let known = self.waiting.iter().position(|waiting| waiting.origin == origin);
        let at = match known {
            Some(at) => at,
            None => self.waiting.iter().position(|waiting| waiting.count == 0)?,
        };
        let place = self.waiting.get_mut(at)?;
        if known.is_none() {
            *place = Waiting { origin, count: 0, most };
        }
        Some(place)
    }

    /// A new sub-window. Who came near the limit before is near it still: he must not wait for company anew.
    pub(super) fn begin(&mut self, part: u32) {
        (self.since, self.part) = (None, part);
        for waiting in &mut self.waiting {
            *waiting = match waiting.most {
                // He was above the limit, and whether he is now will be asked.
                0 | u32::MAX => Waiting::default(),
                most => Waiting { count: 0, most: most.saturating_sub(waiting.count), ..*waiting },
            };
        }
    }

    /// All was handed on. Only of those that come near their limit it is remembered how near.
    pub(super) fn settle(&mut self, standings: &[Standing; WAITING], plan: &Plan) {
        self.since = None;
        for (waiting, standing) in self.waiting.iter_mut().zip(standings) {
            if waiting.count == 0 || (standing.total < plan.limit / 2 && standing.left == 0) {
                *waiting = Waiting::default();
                continue;
            }
            waiting.count = standing.left;
            let is_limited = standing.total > plan.limit;
            let most = if is_limited { u32::MAX } else { plan.most_waiting(standing.total) };
            // What the slot is too coarse for waits for company.
            waiting.most = most.saturating_add(standing.left);
        }
    }
}
