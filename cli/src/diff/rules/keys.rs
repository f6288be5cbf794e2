//! Which changes of API keys and usage plans let callers in.

use super::super::change::Access;
use super::{Around, list, loosened_if, text};
use serde_json::Value;

/// Whom a stage lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry<'v> {
    plan: &'v str,
    key: &'v str,
    api: &'v str,
    stage: &'v str,
    /// What a client shows; a key with another one lets in whoever knows it.
    value: Option<&'v str>,
}

/// An API key: one that no plan holds lets nobody in.
pub(super) fn key(before: Option<&Value>, after: Option<&Value>, around: Around<'_>) -> Option<Access> {
    let enabled = |key: Option<&Value>| key.and_then(|it| it.get("enabled")) == Some(&Value::Bool(true));
    match (before.is_some(), enabled(before), enabled(after)) {
        (_, true, false) => Some(Access::Tightened),
        (true, false, true) => Some(Access::Loosened),
        _ => loosened(new_entries(around).any(|new| Some(new.key) == after.map(|it| text(it, "id")))),
    }
}

/// A key that joins a plan.
pub(super) fn member(before: Option<&Value>, after: Option<&Value>, around: Around<'_>) -> Option<Access> {
    let Some(after) = after else { return before.map(|_| loosened_if(false)) };
    let (plan, key) = (text(after, "usagePlanId"), text(after, "keyId"));
    loosened(new_entries(around).any(|new| new.plan == plan && new.key == key))
}

/// A plan that opens stages to its keys.
pub(super) fn plan(before: Option<&Value>, after: Option<&Value>, around: Around<'_>) -> Option<Access> {
    let id = text(after?, "id");
    let opened = before.map(|plan| list(plan, "apiStages")).unwrap_or_default();
    let knows = |new: &Entry<'_>| {
        opened.iter().any(|it| (text(it, "apiId"), text(it, "stage")) == (new.api, new.stage))
    };
    loosened(new_entries(around).any(|new| new.plan == id && !knows(&new)))
}

/// Whom a stage lets in that did not.
fn new_entries(around: Around<'_>) -> impl Iterator<Item = Entry<'_>> {
    let [before, after] = around.documents;
    let known: Vec<_> = entries(before).collect();
    entries(after).filter(move |new| !known.iter().any(|old| Entry { plan: new.plan, ..*old } == *new))
}

fn entries(document: &Value) -> impl Iterator<Item = Entry<'_>> {
    let members = list(document, "usagePlanKeys").iter();
    members.flat_map(move |member| {
        let (plan, key) = (text(member, "usagePlanId"), text(member, "keyId"));
        let keys = list(document, "apiKeys").iter().filter(move |it| text(it, "id") == key);
        let keys = keys.filter(|it| it.get("enabled") == Some(&Value::Bool(true)));
        keys.flat_map(move |found| {
            let plans = list(document, "usagePlans").iter().filter(move |it| text(it, "id") == plan);
            let stages = plans.flat_map(|it| list(it, "apiStages"));
            let value = found.get("value").and_then(Value::as_str);
            stages.map(move |it| Entry { plan, key, api: text(it, "apiId"), stage: text(it, "stage"), value })
        })
    })
}

fn loosened(is: bool) -> Option<Access> {
    is.then_some(Access::Loosened)
}
