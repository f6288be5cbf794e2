//! What came of a web ACL's rules for one request: for the log, for metrics, and for what goes on to the backend.

pub mod found;

use super::action::Header;
use super::counts::Event;
use super::labels::Labels;
use super::rate::Limited;
use super::rule::{Group, Rule};
use found::MatchDetail;
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
    /// Groups that decided, and whose decision only counted.
    pub overruled: Vec<Overruled>,
    /// Rate-based rules that fitted, and what they limit; told if the web ACL is logged.
    pub limited: Vec<(Rc<str>, Limited)>,
    /// Headers for the backend, the last of a name standing.
    pub inserted: Vec<Rc<[Header]>>,
    /// Whether it is blocked, and by which status where a rule has an answer of its own.
    pub blocked: Option<Option<u16>>,
}

/// What a web ACL says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on.
    Allowed,
    /// It is answered by this status.
    Blocked(u16),
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
    /// What it found; told if the web ACL is logged.
    pub details: Vec<MatchDetail>,
}

/// A group that decided, and whose decision only counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overruled {
    /// The group.
    pub group: Rc<str>,
    /// Its rule.
    pub rule: Rc<str>,
    /// What it would have done.
    pub event: Event,
    /// What it found.
    pub details: Vec<MatchDetail>,
}

/// A rule that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminating {
    /// Its name.
    pub rule: Rc<str>,
    /// Its group.
    pub group: Option<Rc<str>>,
    /// The rule of the web ACL: itself, or the one that asked its group.
    pub outer: Rc<str>,
    /// Its kind.
    pub kind: Kind,
    /// What it found; told if the web ACL is logged.
    pub details: Vec<MatchDetail>,
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
    /// Whether it is blocked, and by which status: 403 where no rule has an answer of its own.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.blocked.map_or(Verdict::Allowed, |own| Verdict::Blocked(own.unwrap_or(403)))
    }

    /// Headers for the backend.
    pub fn insert(&mut self, headers: &Rc<[Header]>) {
        if !headers.is_empty() {
            self.inserted.push(Rc::clone(headers));
        }
    }

    /// A rule decided.
    pub fn terminate(
        &mut self,
        rule: &Rule,
        within: Option<(&Rule, &Group)>,
        kind: Kind,
        details: Vec<MatchDetail>,
    ) {
        let group = within.map(|(_, group)| Rc::clone(&group.id));
        let outer = Rc::clone(within.map_or(&rule.name, |(outer, _)| &outer.name));
        self.terminating = Some(Terminating { rule: Rc::clone(&rule.name), group, outer, kind, details });
    }

    /// A group decided, and its decision counts only.
    pub fn count_group(&mut self, rule: &Rule, event: Event) {
        let mut found = Vec::new();
        if let Some(Terminating { rule, group: Some(group), details, .. }) = self.terminating.take() {
            found.clone_from(&details);
            self.overruled.push(Overruled { group, rule, event, details });
        }
        self.counted.push(Counted {
            rule: Rc::clone(&rule.name),
            group: None,
            excluded: false,
            details: found,
        });
    }

    /// Whether a rule fitted and only counted.
    pub(super) fn has_counted(&self) -> bool {
        !self.counted.is_empty()
    }
}
