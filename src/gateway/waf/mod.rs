//! Web ACLs: rules that a request passes before anything else looks at it.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html>
//!
//! [`WebAcl::begin`] runs the rules once, in the order of their priorities, and stops before the first one that cannot be
//! decided without the body; [`WebAcl::finish`] goes on there. What statements look at is told once for all of them:
//! an [`input`] is a part of the request after its transformations, and all that any rule asks of it is asked in one pass.

pub mod action;
pub mod client;
pub mod counts;
pub mod field;
pub mod forwarded;
pub mod inflate;
pub mod injection;
pub mod input;
pub mod ip_set;
pub mod labels;
pub mod log;
pub mod managed;
pub mod patterns;
pub mod plain;
pub mod rate;
pub mod record;
pub mod rule;
pub mod statement;
pub mod transform;
pub mod view;

use super::Env;
use super::config::CompressedBodies;
use action::{Action, Block};
use counts::{Event, Place};
use input::{Inputs, Memo};
use log::Logging;
use record::Record;
use rule::{Body, Progress, Rule, Step};
use std::rc::Rc;
use view::View;

/// A web ACL as run.
#[derive(Debug)]
pub struct WebAcl {
    /// Its name.
    pub name: String,
    /// What stages name.
    pub arn: String,
    /// The rules, by priority.
    pub rules: Vec<Rule>,
    /// What happens to a request that no rule decided.
    pub default_action: Action,
    /// What statements look at.
    pub inputs: Inputs,
    /// How many bytes of a body are inspected.
    pub body_bytes: usize,
    /// What rules see of bodies that are sent compressed.
    pub compressed_bodies: CompressedBodies,
    /// Capacity units (WCU).
    pub capacity: u32,
    /// What is counted under; none where nothing is.
    pub metric: Option<Rc<str>>,
    /// What is logged; nothing if there is none.
    pub logging: Option<Logging>,
}

/// What the rules say of a request.
#[must_use]
#[derive(Debug)]
pub enum Decision {
    /// The next rule looks at the body, which is not there yet.
    Body(Progress),
    /// All is said.
    Done(Outcome),
}

/// What becomes of a request, and why.
#[derive(Debug)]
pub struct Outcome {
    /// The answer, if it is blocked.
    pub block: Option<Rc<Block>>,
    /// Which rules fitted.
    pub record: Record,
}

// === impl WebAcl ===

impl WebAcl {
    /// Runs the rules until one needs the body.
    pub fn begin(&self, view: &View<'_>, env: &Env<'_>) -> Decision {
        self.run(Progress::default(), view, env)
    }

    /// Goes on where the body was needed.
    pub fn finish(&self, progress: Progress, view: &View<'_>, env: &Env<'_>) -> Decision {
        self.run(progress, view, env)
    }

    fn run(&self, mut progress: Progress, view: &View<'_>, env: &Env<'_>) -> Decision {
        let mut memo = progress.memo.take().unwrap_or_else(|| self.inputs.memo());
        memo.forget_body();
        let mut decision = self.decide(progress, &mut memo, view, env);
        match &mut decision {
            Decision::Body(progress) => progress.memo = Some(memo),
            Decision::Done(_) => self.inputs.take_back(memo),
        }
        decision
    }

    fn decide(&self, mut progress: Progress, memo: &mut Memo, view: &View<'_>, env: &Env<'_>) -> Decision {
        while let Some(rule) = self.rules.get(progress.rule) {
            match rule.run(&mut progress, memo, self, view, env) {
                Step::Next => progress.next_rule(),
                Step::Body => return Decision::Body(progress),
                Step::Decided(action) => return self.done(progress.end(action), env),
            }
        }
        self.done(progress.end_by_default(&self.default_action), env)
    }

    /// Refuses a request that its rules cannot look at, by a status.
    pub fn refuse(&self, progress: Progress, status: u16, env: &Env<'_>) -> Record {
        let record = progress.refuse(status);
        self.count(None, None, Event::Blocked, env);
        if record.has_counted() {
            self.count(None, None, Event::Counted, env);
        }
        record
    }

    /// Counts the request for the web ACL as a whole.
    fn done(&self, outcome: Outcome, env: &Env<'_>) -> Decision {
        let event = if outcome.block.is_some() { Event::Blocked } else { Event::Allowed };
        self.count(None, None, event, env);
        if outcome.record.has_counted() {
            self.count(None, None, Event::Counted, env);
        }
        Decision::Done(outcome)
    }

    /// Counts what a rule of it did, or a rule of the group that it asks; what has no metric is not counted.
    fn count(&self, rule: Option<&Rule>, inner: Option<&Rule>, event: Event, env: &Env<'_>) {
        if let Some(place) = self.place(rule, inner) {
            env.worker.borrow_mut().waf.add(place, event);
        }
    }

    fn place<'a>(&'a self, rule: Option<&'a Rule>, inner: Option<&'a Rule>) -> Option<Place<'a>> {
        let metric = |rule: Option<&'a Rule>| match rule {
            Some(rule) => rule.metric.as_ref().map(Some),
            None => Some(None),
        };
        Some(Place { acl: self.metric.as_ref()?, rule: metric(rule)?, inner: metric(inner)? })
    }

    /// The names of all that it counts.
    #[inline(never)]
    pub(super) fn counters(&self) -> Vec<Rc<str>> {
        let mut names = Vec::new();
        let mut add = |place: Option<Place<'_>>, events: &[Event]| {
            names.extend(place.iter().flat_map(|place| events.iter().map(|event| place.counter(*event))));
        };
        add(self.place(None, None), &[Event::Allowed, Event::Blocked, Event::Counted]);
        for rule in &self.rules {
            match &rule.body {
                Body::Own(own) => add(self.place(Some(rule), None), &[own.event()]),
                Body::Group(group) => {
                    let ends = if group.count_only {
                        &[Event::Counted][..]
                    } else {
                        &[Event::Allowed, Event::Blocked]
                    };
                    add(self.place(Some(rule), None), ends);
                    add(self.place(Some(rule), None), &[Event::Passed]);
                    for inner in &group.rules {
                        let Body::Own(own) = &inner.body else { continue };
                        add(self.place(Some(rule), Some(inner)), &[own.event()]);
                    }
                }
            }
        }
        names
    }
}
