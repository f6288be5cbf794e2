//! How web ACLs do: AWS's metrics `AllowedRequests`, `BlockedRequests`, `CountedRequests` and `PassedRequests`, for each rule
//! and for a web ACL as a whole.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html>
//!
//! A worker adds them up by what rules are called in `MetricName`, and the shell tells Envoy's statistics on its tick. Names
//! come from documents alone.

use crate::gateway::metrics::name::named;
use std::rc::Rc;

/// Counters that are told of: Envoy keeps each for ever.
pub const MOST_COUNTERS: usize = 4096;

/// A web ACL as a whole: AWS's value of the dimension `Rule`.
const ALL: &str = "ALL";

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was allowed.
    Allowed,
    /// It was blocked.
    Blocked,
    /// It was counted.
    Counted,
    /// No rule of a group decided about it.
    Passed,
}

/// Whose counters they are, in metrics' names.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The web ACL.
    pub acl: &'a Rc<str>,
    /// Its rule; none for the web ACL as a whole.
    pub rule: Option<&'a Rc<str>>,
    /// The rule of the group that it asks.
    pub inner: Option<&'a Rc<str>>,
}

/// What happened since the shell asked.
#[derive(Debug, Default)]
pub struct WafCounts(Vec<Counted>);

#[derive(Debug)]
struct Counted {
    acl: Rc<str>,
    rule: Option<Rc<str>>,
    inner: Option<Rc<str>>,
    event: Event,
    count: u64,
}

// === impl Event ===

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed_requests_total",
            Self::Blocked => "blocked_requests_total",
            Self::Counted => "counted_requests_total",
            Self::Passed => "passed_requests_total",
        }
    }
}

// === impl Place ===

impl Place<'_> {
    /// The name of a counter: `sekisho_waf;WEBACL;RULE;EVENT`, of a group's rule `sekisho_waf;WEBACL;RULE;INNER;EVENT`.
    #[must_use]
    pub fn counter(&self, event: Event) -> Rc<str> {
        let rule = self.rule.map_or(ALL, |rule| rule);
        let parts = [Some(&**self.acl), Some(rule), self.inner.map(|rule| &**rule)];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        named("waf", &parts, event.name()).into()
    }
}

// === impl WafCounts ===

impl WafCounts {
    /// One more. What is counted often is found first.
    pub fn add(&mut self, place: Place<'_>, event: Event) {
        let known = self.0.iter_mut().find(|counted| counted.is(place, event));
        if let Some(counted) = known {
            counted.count = counted.count.saturating_add(1);
        } else if self.0.len() < MOST_COUNTERS {
            let (acl, rule, inner) = (Rc::clone(place.acl), place.rule.cloned(), place.inner.cloned());
            self.0.push(Counted { acl, rule, inner, event, count: 1 });
        }
    }

    /// The name of each counter, and how often it happened since this was last asked.
    pub fn drain(&mut self) -> Vec<(Rc<str>, u64)> {
        let counted = std::mem::take(&mut self.0);
        counted.iter().map(|counted| (counted.place().counter(counted.event), counted.count)).collect()
    }
}

// === impl Counted ===

impl Counted {
    fn place(&self) -> Place<'_> {
        Place { acl: &self.acl, rule: self.rule.as_ref(), inner: self.inner.as_ref() }
    }

    /// Rules of two documents may have one name: those are two that are told under it.
    fn is(&self, place: Place<'_>, event: Event) -> bool {
        self.event == event
            && Rc::ptr_eq(&self.acl, place.acl)
            && is_same(self.rule.as_ref(), place.rule)
            && is_same(self.inner.as_ref(), place.inner)
    }
}

fn is_same(name: Option<&Rc<str>>, other: Option<&Rc<str>>) -> bool {
    match (name, other) {
        (Some(name), Some(other)) => Rc::ptr_eq(name, other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, MOST_COUNTERS, Place, WafCounts};
    use std::rc::Rc;

    #[test]
    fn events_are_counted_by_names_and_told_once() {
        let [acl, rule, inner]: [Rc<str>; 3] =
            ["edge".into(), "common/v1.0".into(), "SizeRestrictions".into()];
        let whole = Place { acl: &acl, rule: None, inner: None };
        let outer = Place { rule: Some(&rule), ..whole };
        let mut counts = WafCounts::default();
        counts.add(whole, Event::Allowed);
        counts.add(whole, Event::Allowed);
        counts.add(whole, Event::Blocked);
        counts.add(outer, Event::Passed);
        counts.add(Place { inner: Some(&inner), ..outer }, Event::Blocked);
        counts.add(Place { inner: Some(&inner), ..outer }, Event::Counted);
        counts.add(outer, Event::Passed);
        let told = counts.drain();
        let told: Vec<_> = told.iter().map(|(name, count)| (name.as_ref(), *count)).collect();
        let expected = [
            ("sekisho_waf;edge;ALL;allowed_requests_total", 2),
            ("sekisho_waf;edge;ALL;blocked_requests_total", 1),
            ("sekisho_waf;edge;common/v1.0;passed_requests_total", 2),
            ("sekisho_waf;edge;common/v1.0;SizeRestrictions;blocked_requests_total", 1),
            ("sekisho_waf;edge;common/v1.0;SizeRestrictions;counted_requests_total", 1),
        ];
        assert_eq!(told, expected);
        assert_eq!(counts.drain(), []);
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let (acl, mut counts) = (Rc::from("edge"), WafCounts::default());
        for rule in 0..=MOST_COUNTERS {
            let rule = Rc::from(format!("r{rule}"));
            counts.add(Place { acl: &acl, rule: Some(&rule), inner: None }, Event::Blocked);
        }
        assert_eq!(counts.drain().len(), MOST_COUNTERS);
    }
}
