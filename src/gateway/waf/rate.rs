//! Rate-based rules: requests above a number within a window, counted by origin.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html>
//!
//! Counts are in shared data, in a fixed number of slots however many origins there are ([`page`]). Workers hand on what they
//! counted from time to time and learn there who is above the limit ([`tally`]): a request asks nobody, and enforcement lags
//! some seconds, as AWS's does. Nobody is limited who has not sent more than the limit in a window.
//! `docs/adr/0016-rate-based-rules-count-in-fixed-slots.md` has the bounds.

pub mod key;
pub mod news;
pub mod page;
pub mod plan;
mod room;
pub mod seed;
pub mod tally;

pub use key::{AggregateKey, Component, Value};

use super::log::Logging;
use super::statement::{Fit, Judge, Statement};
use crate::gateway::Env;
use crate::gateway::shared::{LAYOUT, unambiguous};
use crate::gateway::throttle::{LeaseKey, digest};
use key::{Key, Scratch};
use plan::Plan;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::rc::Rc;

/// What a rule says.
#[derive(Debug)]
pub struct Spec {
    /// Whose it is, in names of the document: the web ACL's ARN, its group's if it is in one, and its own.
    pub names: Vec<String>,
    /// Requests within the window that are not limited: 10 to 2,000,000,000.
    pub limit: u64,
    /// The window, in seconds: 60, 120, 300 or 600.
    pub window: u64,
    /// Whose requests are counted together.
    pub key: AggregateKey,
    /// The requests that are counted, and limited; all if there is none.
    pub scope_down: Option<Statement>,
}

/// A limit.
#[derive(Debug)]
pub struct Rate {
    /// The requests that are counted, and limited; all if there is none.
    pub scope_down: Option<Statement>,
    key: Key,
    window: u64,
    plan: Rc<Plan>,
    scratch: RefCell<Scratch>,
}

/// A request that is above a limit, in the words of AWS's log (`rateBasedRuleList`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// `limitKey`.
    pub limit_key: &'static str,
    /// `maxRateAllowed`.
    pub max_rate_allowed: u64,
    /// `evaluationWindowSec`.
    pub evaluation_window_sec: u64,
    /// `limitValue`: the address, where addresses are counted.
    pub limit_value: Option<String>,
    /// `customValues`.
    pub custom_values: Vec<Value>,
}

// === impl Rate ===

impl Rate {
    /// The limit of a rule. Counts belong to its names, its window and what it tells origins apart by: they go on when a
    /// document changes anything else.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        let Spec { names, limit, window, key, scope_down } = spec;
        let window_text = window.to_string();
        let definition = key.definition();
        let mut parts = vec![window_text.as_str(), definition.as_str()];
        parts.extend(names.iter().map(String::as_str));
        let counts = digest(Sha256::digest(unambiguous(&parts)).into());
        let name = format!("{LAYOUT}/rate/{counts:032x}");
        // What a worker knows of counts is not true of another limit.
        let id = digest(Sha256::new_with_prefix(limit.to_le_bytes()).chain_update(&name).finalize().into());
        let key = Key::new(key);
        let plan = Rc::new(Plan::new(LeaseKey(id), name, limit, window, key.is_constant()));
        Self { scope_down, key, window, plan, scratch: RefCell::default() }
    }

    /// Counts a request, and tells whether its origin is above the limit. While the body would tell whether it is counted,
    /// nothing is.
    pub fn fits(&self, judge: &mut Judge<'_, '_>, env: &Env<'_>) -> Fit {
        match self.scope_down.as_ref().map_or(Fit::Yes, |statement| statement.fits(judge)) {
            Fit::Body => return Fit::Body,
            Fit::No => return Fit::No,
            Fit::Yes => {}
        }
        let seed = env.worker.borrow_mut().tallies.seed(env);
        let origin = self.key.origin(judge.view, judge.labels, seed, &mut self.scratch.borrow_mut());
        let Some(origin) = origin else { return Fit::No };
        env.worker.borrow_mut().tallies.count(&self.plan, origin, env.monotonic, env.shared).into()
    }

    /// What is limited of a request that is above the limit, without what is not logged.
    #[must_use]
    pub fn limited(&self, judge: &Judge<'_, '_>, logging: &Logging) -> Limited {
        let address = match self.key {
            Key::Address(_) => judge.view.client.address.map(|address| address.to_string()),
            Key::Custom(_) | Key::Constant => None,
        };
        let scratch = &mut self.scratch.borrow_mut();
        Limited {
            limit_key: self.key.word(),
            max_rate_allowed: self.plan.limit,
            evaluation_window_sec: self.window,
            limit_value: address,
            custom_values: self.key.values(judge.view, judge.labels, logging, scratch),
        }
    }
}

#[cfg(test)]
mod tests;
