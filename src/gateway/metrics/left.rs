//! Who has statistics, where a document names more stages and routes than there may be.

use super::{MOST_STATISTICS, Place, PlaceKey};
use crate::gateway::compile::Scope;
use crate::gateway::config;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// What of [`MOST_STATISTICS`] is left.
#[derive(Debug)]
pub struct Left {
    statistics: Cell<usize>,
    /// Whose they are already.
    known: RefCell<HashSet<PlaceKey>>,
}

// === impl Left ===

impl Left {
    /// What is left for routes, when each stage has its own, as long as there are statistics. Stages without are told of.
    #[must_use]
    pub fn of(config: &config::Config, scope: &mut Scope<'_>) -> Self {
        let stages = config.apis.iter().flat_map(|api| api.stages.iter().map(move |stage| (api, stage)));
        let stages: Vec<_> = stages.map(|(api, stage)| Place::of_stage(api, &stage.stage_name)).collect();
        let all: usize = stages.iter().map(Place::statistics).sum();
        let shared = if all > MOST_STATISTICS { Place::of_others().statistics() } else { 0 };
        let left = Self { statistics: Cell::new(MOST_STATISTICS - shared), known: RefCell::default() };
        let number = stages.len();
        let without = stages.into_iter().filter(|place| !left.take(place)).count();
        if without > 0 {
            scope
                .warning(
                    "apis",
                    format!(
                        "{without} of {number} stages have no metrics of their own: the document would have more than {MOST_STATISTICS} statistics"
                    ),
                )
                .help("their requests are counted together, in metrics without labels; divide the document between gateways");
        }
        left
    }

    /// The place of a stage, or that of all that have none.
    pub(super) fn stage(&self, place: Place) -> Place {
        if self.known.borrow().contains(&place.key) { place } else { Place::shared(place.kind) }
    }

    /// Whether the place is one already, of another side of its stage, or becomes one.
    pub(super) fn take(&self, place: &Place) -> bool {
        let mut known = self.known.borrow_mut();
        if !known.contains(&place.key) {
            let Some(left) = self.statistics.get().checked_sub(place.statistics()) else { return false };
            self.statistics.set(left);
            known.insert(place.key);
        }
        true
    }
}
