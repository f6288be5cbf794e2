//! Rules and groups of rules: what they do with a request, in their order.

use super::action::Action;
use super::counts::Event;
use super::input::Memo;
use super::rate::{Limited, Rate};
use super::record::found::{MatchDetail, in_statement};
use super::record::{Counted, Kind, Record};
use super::statement::{Fit, Judge, Statement};
use super::view::View;
use super::{Outcome, WebAcl};
use crate::gateway::Env;
use crate::gateway::notes::Note;
use std::rc::Rc;

/// A rule as run.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: Rc<str>,
    /// What is counted under; none where nothing is.
    pub metric: Option<Rc<str>>,
    /// What it does.
    pub body: Body,
}

/// What a rule does.
#[derive(Debug)]
pub enum Body {
    /// It judges by itself.
    Own(Own),
    /// It asks a group.
    Group(Group),
}

/// A rule that judges by itself.
#[derive(Debug)]
pub struct Own {
    /// What it fits.
    pub matcher: Matcher,
    /// What happens then.
    pub action: Action,
    /// Whether an exclusion made its action a count.
    pub excluded: bool,
    /// The labels that it gives, whole.
    pub labels: Vec<Rc<str>>,
}

/// What a rule fits.
#[derive(Debug)]
pub enum Matcher {
    /// What a statement says.
    Statement(Statement),
    /// Requests above a rate.
    Rate(Box<Rate>),
}

/// A group of rules.
#[derive(Debug)]
pub struct Group {
    /// Its ARN, or `VENDOR#NAME` of a managed one.
    pub id: Rc<str>,
    /// Whether it is managed.
    pub managed: bool,
    /// The requests that it looks at; all if there is none.
    pub scope_down: Option<Statement>,
    /// Its rules, their actions overridden, by priority. A group holds no groups.
    pub rules: Vec<Rule>,
    /// Whether its result counts only.
    pub count_only: bool,
}

/// What comes behind a rule.
#[derive(Debug)]
pub enum Step {
    /// The next rule.
    Next,
    /// The body, and this rule again.
    Body,
    /// Nothing: this rule decides.
    Decided(Action),
}

/// How far the rules have come.
#[derive(Debug, Default)]
pub struct Progress {
    /// The rule that is next.
    pub rule: usize,
    /// The rule of its group that is next.
    inner: usize,
    /// What came of those before.
    record: Record,
    /// What they looked at.
    pub(super) memo: Option<Memo>,
}

// === impl Rule ===

impl Rule {
    /// Whether it counts requests, or a rule of the group that it asks does.
    #[must_use]
    pub fn counts_rates(&self) -> bool {
        match &self.body {
            Body::Own(own) => matches!(own.matcher, Matcher::Rate(_)),
            Body::Group(group) => group.rules.iter().any(Self::counts_rates),
        }
    }

    /// Runs it.
    pub fn run(
        &self,
        progress: &mut Progress,
        memo: &mut Memo,
        acl: &WebAcl,
        view: &View<'_>,
        env: &Env<'_>,
    ) -> Step {
        let Progress { inner, record, .. } = progress;
        match &self.body {
            Body::Own(own) => own.run(self, None, record, memo, acl, view, env),
            Body::Group(group) => group.run(self, inner, record, memo, acl, view, env),
        }
    }
}

// === impl Own ===

impl Own {
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        rule: &Rule,
        within: Option<(&Rule, &Group)>,
        record: &mut Record,
        memo: &mut Memo,
        acl: &WebAcl,
        view: &View<'_>,
        env: &Env<'_>,
    ) -> Step {
        let mut judge = Judge { memo, inputs: &acl.inputs, view, labels: &mut record.labels, env };
        let fit = match &self.matcher {
            Matcher::Statement(statement) => statement.fits(&mut judge),
            Matcher::Rate(rate) => rate.fits(&mut judge, env),
        };
        match fit {
            Fit::No => return Step::Next,
            Fit::Body => return Step::Body,
            Fit::Yes => {}
        }
        let (details, limited) = self.details(&mut judge, acl);
        record.limited.extend(limited.map(|limited| (Rc::clone(&rule.name), limited)));
        let group = within.map(|(_, group)| group);
        env.note(|| Note::fact("web ACL", self.told(rule, group)));
        match within {
            None => acl.count(Some(rule), None, self.event(), env),
            Some((outer, _)) => acl.count(Some(outer), Some(rule), self.event(), env),
        }
        for label in &self.labels {
            record.labels.add(label);
        }
        match &self.action {
            Action::Count(headers) => {
                record.insert(headers);
                record.counted.push(Counted {
                    rule: Rc::clone(&rule.name),
                    group: group.map(|group| Rc::clone(&group.id)),
                    excluded: self.excluded,
                    details,
                });
                Step::Next
            }
            Action::Allow(_) | Action::Block(_) => {
                let kind = match (&self.matcher, group) {
                    (_, Some(group)) if group.managed => Kind::ManagedRuleGroup,
                    (_, Some(_)) => Kind::Group,
                    (Matcher::Rate(_), None) => Kind::RateBased,
                    (Matcher::Statement(_), None) => Kind::Regular,
                };
                record.terminate(rule, within, kind, details);
                Step::Decided(self.action.clone())
            }
        }
    }
}

impl Own {
    /// What a log tells of what fitted, where there is one.
    fn details(&self, judge: &mut Judge<'_, '_>, acl: &WebAcl) -> (Vec<MatchDetail>, Option<Limited>) {
        match (&acl.logging, &self.matcher) {
            (None, _) => (Vec::new(), None),
            (Some(logging), Matcher::Statement(statement)) => (in_statement(statement, judge, logging), None),
            (Some(logging), Matcher::Rate(rate)) => (Vec::new(), Some(rate.limited(judge, logging))),
        }
    }

    /// What is counted when it fits.
    pub(super) fn event(&self) -> Event {
        match self.action {
            Action::Allow(_) => Event::Allowed,
            Action::Block(_) => Event::Blocked,
            Action::Count(_) => Event::Counted,
        }
    }

    /// What it does, for whoever watches.
    fn told(&self, rule: &Rule, group: Option<&Group>) -> String {
        let group = group.map_or(String::new(), |group| format!(" of the group `{}`", group.id));
        let action = match &self.action {
            Action::Allow(_) => "allows",
            Action::Block(_) => "blocks",
            Action::Count(_) => "counts",
        };
        format!("the rule `{}`{group} fits, and {action}", rule.name)
    }
}

// === impl Group ===

impl Group {
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        rule: &Rule,
        next: &mut usize,
        record: &mut Record,
        memo: &mut Memo,
        acl: &WebAcl,
        view: &View<'_>,
        env: &Env<'_>,
    ) -> Step {
        if let (0, Some(scope_down)) = (*next, &self.scope_down) {
            let mut judge = Judge { memo, inputs: &acl.inputs, view, labels: &mut record.labels, env };
            match scope_down.fits(&mut judge) {
                Fit::No => return Step::Next,
                Fit::Body => return Step::Body,
                Fit::Yes => {}
            }
        }
        while let Some(inner) = self.rules.get(*next) {
            let Body::Own(own) = &inner.body else { return Step::Next };
            match own.run(inner, Some((rule, self)), record, memo, acl, view, env) {
                Step::Next => *next += 1,
                Step::Body => return Step::Body,
                Step::Decided(_) if self.count_only => {
                    record.count_group(rule, own.event());
                    acl.count(Some(rule), None, Event::Counted, env);
                    return Step::Next;
                }
                Step::Decided(action) => {
                    acl.count(Some(rule), None, own.event(), env);
                    return Step::Decided(action);
                }
            }
        }
        acl.count(Some(rule), None, Event::Passed, env);
        Step::Next
    }
}

// === impl Progress ===

impl Progress {
    /// The next rule.
    pub(super) fn next_rule(&mut self) {
        self.rule += 1;
        self.inner = 0;
    }

    /// The end, by a rule.
    pub(super) fn end(mut self, action: Action) -> Outcome {
        let block = match action {
            Action::Allow(headers) | Action::Count(headers) => {
                self.record.insert(&headers);
                None
            }
            Action::Block(block) => {
                self.record.blocked = Some(block.custom.as_ref().map(|custom| custom.status));
                Some(block)
            }
        };
        Outcome { block, record: self.record }
    }

    /// The end, because the rules cannot go on.
    pub(super) fn refuse(mut self, status: u16) -> Record {
        self.record.blocked = Some(Some(status));
        self.record
    }

    /// The end, because no rule decided.
    pub(super) fn end_by_default(self, action: &Action) -> Outcome {
        self.end(action.clone())
    }
}
