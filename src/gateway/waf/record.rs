//! What came of a web ACL's rules for one request: for the log, for metrics, and for what goes on to the backend.

use super::action::Header;
use super::labels::Labels;
use super::rule::{Group, Rule};
use std::rc::Rc;

/// What came of the rules.
#[derive(Debug, Default)]
pub struct Record {
    /// Labels that were given.
    pub labels: Labels,
    /// Rules that fitted and only counted.
    pub counted: Vec<Counted>,
    /// The rule that decided; none if the default action did.
    pub terminating: Option<Terminating>,
    /// Headers for the backend, the last of a name standing.
    pub inserted: Vec<Rc<[Header]>>,
}

/// A rule that fitted and only counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Its name.
    pub rule: Rc<str>,
    /// Its group.
    pub group: Option<Rc<str>>,
    /// Whether an exclusion made its action a count.
    pub excluded: bool,
}

/// A rule that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminating {
    /// Its name.
    pub rule: Rc<str>,
    /// Its group.
    pub group: Option<Rc<str>>,
    /// What is counted under.
    pub metric: Option<Rc<str>>,
    /// Its kind.
    pub kind: Kind,
}

/// The kind of a rule, in AWS's words of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `REGULAR`.
    Regular,
    /// `RATE_BASED`.
    RateBased,
    /// `GROUP`.
    Group,
    /// `MANAGED_RULE_GROUP`.
    ManagedRuleGroup,
}

// === impl Record ===

impl Record {
    /// Headers for the backend.
    pub fn insert(&mut self, headers: &Rc<[Header]>) {
        if !headers.is_empty() {
            self.inserted.push(Rc::clone(headers));
        }
    }

    /// A rule decided.
    pub fn terminate(&mut self, rule: &Rule, group: Option<&Group>, kind: Kind) {
        let group = group.map(|group| Rc::clone(&group.id));
        let (name, metric) = (Rc::clone(&rule.name), rule.metric.clone());
        self.terminating = Some(Terminating { rule: name, group, metric, kind });
    }

    /// A group decided, and its decision counts only.
    pub fn count_group(&mut self, rule: &Rule, group: &Group) {
        self.terminating = None;
        self.counted.push(Counted {
            rule: Rc::clone(&rule.name),
            group: Some(Rc::clone(&group.id)),
            excluded: false,
        });
    }
}
