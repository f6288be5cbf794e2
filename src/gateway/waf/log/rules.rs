//! What rules found, counted and limited.

use super::REDACTED;
use super::record::{WHOLE, member, raw};
use super::text::{self, list};
use crate::gateway::config::waf::SensitivityLevel;
use crate::gateway::waf::counts::Event;
use crate::gateway::waf::rate::{Limited, Value};
use crate::gateway::waf::record::Record;
use crate::gateway::waf::record::found::{Condition, MatchDetail};
use std::rc::Rc;

/// The groups whose rules fitted.
pub fn groups(out: &mut Vec<u8>, record: &Record) {
    let mut ids: Vec<&Rc<str>> = Vec::new();
    let counted = record.counted.iter().filter_map(|counted| counted.group.as_ref());
    let overruled = record.overruled.iter().map(|overruled| &overruled.group);
    let terminating = record.terminating.iter().filter_map(|terminating| terminating.group.as_ref());
    for id in counted.chain(overruled).chain(terminating) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    raw(out, ",\"ruleGroupList\":");
    list(out, ids, |out, id| {
        raw(out, "{\"ruleGroupId\":");
        text::write(out, id.as_bytes(), WHOLE);
        let decided = record.terminating.iter().filter(|terminating| terminating.group.as_ref() == Some(id));
        let decided = decided.map(|terminating| {
            let event = if record.blocked.is_some() { Event::Blocked } else { Event::Allowed };
            (&terminating.rule, event)
        });
        // Details of the one that decided stand above.
        let decided = decided.map(|(rule, event)| (rule, event, None));
        let overruled = record.overruled.iter().filter(|overruled| overruled.group == *id);
        let overruled =
            overruled.map(|overruled| (&overruled.rule, overruled.event, Some(&*overruled.details)));
        raw(out, ",\"terminatingRule\":");
        match decided.chain(overruled).next() {
            Some((rule, event, details)) => matched(out, rule, event, details),
            None => raw(out, "null"),
        }
        raw(out, ",\"nonTerminatingMatchingRules\":");
        self::counted(out, record, Some(id));
        raw(out, ",\"excludedRules\":");
        excluded(out, record, id);
        out.push(b'}');
    });
}

/// Rules that fitted and only counted: the web ACL's own, or a group's.
pub fn counted(out: &mut Vec<u8>, record: &Record, group: Option<&Rc<str>>) {
    let counted =
        record.counted.iter().filter(|counted| counted.group.as_ref() == group && !counted.excluded);
    list(out, counted, |out, counted| {
        matched(out, &counted.rule, Event::Counted, Some(&counted.details));
    });
}

/// Rules of a group that only count because they are excluded.
fn excluded(out: &mut Vec<u8>, record: &Record, group: &Rc<str>) {
    let mut excluded =
        record.counted.iter().filter(|counted| counted.group.as_ref() == Some(group) && counted.excluded);
    let excluded = match excluded.next() {
        None => return raw(out, "null"),
        Some(first) => std::iter::once(first).chain(excluded),
    };
    list(out, excluded, |out, counted| {
        raw(out, "{\"exclusionType\":\"EXCLUDED_AS_COUNT\"");
        member(out, "ruleId", counted.rule.as_bytes(), WHOLE);
        out.push(b'}');
    });
}

fn matched(out: &mut Vec<u8>, rule: &str, event: Event, found: Option<&[MatchDetail]>) {
    raw(out, "{\"ruleId\":");
    text::write(out, rule.as_bytes(), WHOLE);
    member(out, "action", action_name(event).as_bytes(), WHOLE);
    raw(out, ",\"ruleMatchDetails\":");
    match found {
        Some(found) => details(out, found),
        None => raw(out, "null"),
    }
    out.push(b'}');
}

/// What rules found that look for SQL and scripts.
pub fn details(out: &mut Vec<u8>, details: &[MatchDetail]) {
    list(out, details, |out, detail| {
        raw(out, "{\"conditionType\":");
        raw(
            out,
            match detail.condition {
                Condition::Sqli(SensitivityLevel::Low) => "\"SQL_INJECTION\",\"sensitivityLevel\":\"LOW\"",
                Condition::Sqli(SensitivityLevel::High) => "\"SQL_INJECTION\",\"sensitivityLevel\":\"HIGH\"",
                Condition::Xss => "\"XSS\"",
            },
        );
        member(out, "location", detail.location.as_bytes(), WHOLE);
        raw(out, ",\"matchedData\":");
        match &detail.data {
            Some(data) => list(out, data, |out, token| text::write(out, token, WHOLE)),
            None => list(out, [REDACTED.as_bytes()], |out, token| text::write(out, token, WHOLE)),
        }
        if let Some(name) = &detail.name {
            member(out, "matchedFieldName", name.as_bytes(), WHOLE);
        }
        out.push(b'}');
    });
}

/// The rate-based rules that fitted.
pub fn rates(out: &mut Vec<u8>, record: &Record) {
    raw(out, ",\"rateBasedRuleList\":");
    list(out, &record.limited, |out, (rule, limited)| {
        let Limited { limit_key, max_rate_allowed, evaluation_window_sec, limit_value, custom_values } =
            limited;
        raw(out, "{\"rateBasedRuleId\":");
        text::write(out, rule.as_bytes(), WHOLE);
        member(out, "rateBasedRuleName", rule.as_bytes(), WHOLE);
        member(out, "limitKey", limit_key.as_bytes(), WHOLE);
        raw(out, ",\"maxRateAllowed\":");
        raw(out, &max_rate_allowed.to_string());
        member(out, "evaluationWindowSec", evaluation_window_sec.to_string().as_bytes(), WHOLE);
        if let Some(value) = limit_value {
            member(out, "limitValue", value.as_bytes(), WHOLE);
        }
        if !custom_values.is_empty() {
            raw(out, ",\"customValues\":");
            list(out, custom_values, custom_value);
        }
        out.push(b'}');
    });
}

fn custom_value(out: &mut Vec<u8>, Value { key, name, value }: &Value) {
    raw(out, "{\"key\":");
    text::write(out, key.as_bytes(), WHOLE);
    if let Some(name) = name {
        member(out, "name", name.as_bytes(), WHOLE);
    }
    member(out, "value", value.as_bytes(), WHOLE);
    out.push(b'}');
}

/// An action, in AWS's word.
pub fn action_name(event: Event) -> &'static str {
    match event {
        Event::Allowed => "ALLOW",
        Event::Blocked => "BLOCK",
        Event::Counted | Event::Passed => "COUNT",
    }
}
