//! The end: what is left to be told of a request when nothing more can happen to it.

use super::Exchange;
use crate::gateway::metrics::counts::count;
use crate::gateway::outcome::{Ending, Observation, Over};
use crate::gateway::{Nanos, Worker, access_log, execution_log};
use std::cell::RefCell;

impl Exchange {
    /// The request is over, answered or not. Called once, last. The host is asked for no more of the world than the time.
    pub fn on_log(&mut self, ending: &dyn Ending, now: Nanos, worker: &RefCell<Worker>) -> Observation {
        let Some(request) = &mut self.request else { return Observation::default() };
        if request.outcome.status == 0 {
            request.outcome.status = ending.status();
        }
        if let Some(rejection) = request.outcome.rejection {
            worker.borrow_mut().refused.add(rejection);
        }
        let execution_log = execution_log::lines(request);
        let over = Over { request, ending, now };
        Observation { access_log: access_log::line(&over), execution_log, times: count(&over, worker) }
    }
}
