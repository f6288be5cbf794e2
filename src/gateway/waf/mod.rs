//! Web ACLs: rules that a request passes before anything else looks at it.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html>
//!
//! [`WebAcl::begin`] runs the rules once, in the order of their priorities, and stops before the first one that cannot be
//! decided without the body; [`WebAcl::finish`] goes on there. What statements look at is told once for all of them:
//! an [`input`] is a part of the request after its transformations, and all that any rule asks of it is asked in one pass.

pub mod action;
pub mod client;
pub mod field;
pub mod forwarded;
pub mod injection;
pub mod input;
pub mod ip_set;
pub mod labels;
pub mod patterns;
pub mod rate;
pub mod record;
pub mod rule;
pub mod statement;
pub mod transform;
pub mod view;

use super::Env;
use action::{Action, Block};
use input::{Inputs, Memo};
use record::Record;
use rule::{Progress, Rule, Step};
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
    /// Capacity units (WCU).
    pub capacity: u32,
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

    fn run(&self, progress: Progress, view: &View<'_>, env: &Env<'_>) -> Decision {
        let mut memo = self.inputs.memo();
        let decision = self.decide(progress, &mut memo, view, env);
        self.inputs.take_back(memo);
        decision
    }

    fn decide(&self, mut progress: Progress, memo: &mut Memo, view: &View<'_>, env: &Env<'_>) -> Decision {
        while let Some(rule) = self.rules.get(progress.rule) {
            match rule.run(&mut progress, memo, self, view, env) {
                Step::Next => progress.next_rule(),
                Step::Body => return Decision::Body(progress),
                Step::Decided(action) => return Decision::Done(progress.end(action)),
            }
        }
        Decision::Done(progress.end_by_default(&self.default_action))
    }
}
