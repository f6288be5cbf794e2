//! Rate-based rules: requests above a number within a window, counted by origin.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html>

use super::statement::{Fit, Judge, Statement};
use crate::gateway::Env;

/// A limit.
#[derive(Debug)]
pub struct Rate {
    /// The requests that are counted, and limited; all if there is none.
    pub scope_down: Option<Statement>,
}

impl Rate {
    /// Counts a request, and tells whether it is above the limit.
    pub fn fits(&self, judge: &mut Judge<'_, '_>, env: &Env<'_>) -> Fit {
        let _ = env;
        match self.scope_down.as_ref().map_or(Fit::Yes, |statement| statement.fits(judge)) {
            Fit::Body => Fit::Body,
            Fit::Yes | Fit::No => Fit::No,
        }
    }
}
