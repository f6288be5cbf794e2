//! The end: what is left to be told of a request when nothing more can happen to it.

use super::Exchange;
use crate::gateway::Env;
use crate::gateway::metrics::counts::count;
use crate::gateway::outcome::{Ending, Observation};

impl Exchange {
    /// The request is over, answered or not. Called once, last.
    pub fn on_log(&mut self, ending: &dyn Ending, env: &Env<'_>) -> Observation {
        let Some(request) = &mut self.request else { return Observation::default() };
        if request.outcome.status == 0 {
            request.outcome.status = ending.status();
        }
        if let Some(rejection) = request.outcome.rejection {
            env.worker.borrow_mut().refused.add(rejection);
        }
        Observation { times: count(request, ending, env), ..Observation::default() }
    }
}
