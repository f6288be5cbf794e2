//! What changes for clients from one document to another.

use super::change::{Access, Change, Kind, Place};
use super::document::{ApiOf, Document, StageOf};
use super::members::{differences, keyed, label, member, names, noticed};
use super::routes;
use super::rules::{self, Around, default_api};
use serde_json::Value;

/// More than so many things of a kind that came or went are counted, not listed.
const LISTED: usize = 8;
/// Members of an API that are compared in ways of their own, or are no client's concern.
const OF_API: [&str; 6] = ["apiId", "routes", "integrations", "authorizers", "stages", "deployments"];
/// The same of a stage: where its deployment's name differs and nothing else, no client notices.
const OF_STAGE: [&str; 3] = ["stageName", "deploymentId", "canarySettings"];

/// What changes, in the order of the documents: first of the gateway, then of each API and stage.
#[must_use]
pub fn documents(before: &Document, after: &Document) -> Vec<Change> {
    let mut changes = Vec::new();
    let place = Place::default();
    let around = Around { documents: [&before.value, &after.value], api: None };
    members(around, &place, &before.value, &after.value, &["apis"], &mut changes);
    let mut whole = |kind, api: ApiOf<'_>| {
        changes.push(Change::new(kind, &place, format!("API `{}`", api.read.api_id)));
    };
    before
        .apis()
        .filter(|old| after.api(&old.read.api_id).is_none())
        .for_each(|old| whole(Kind::Removed, old));
    after.apis().filter(|new| before.api(&new.read.api_id).is_none()).for_each(|new| whole(Kind::Added, new));
    changes.extend(another_default(around));
    for new in after.apis() {
        match before.api(&new.read.api_id) {
            Some(old) => api(around, old, new, &mut changes),
            None => new_api(new, &mut changes),
        }
    }
    changes
}

/// Hosts that name no API, where another one is the only one now and so answers them.
fn another_default(around: Around<'_>) -> Option<Change> {
    let [before, after] = around.documents;
    let (from, to) = (default_api(before), default_api(after)?);
    let told = before.get("defaultApiId") != after.get("defaultApiId");
    let is_new = noticed(before, "apis").is_none();
    (from != Some(to) && !told && !is_new).then(|| {
        let from = from.map_or("none".to_owned(), |id| format!("`{id}`"));
        Change::new(Kind::Changed, &Place::default(), "the API of hosts that name none")
            .with(vec![format!("{from} → `{to}`")])
            .access(Some(Access::Loosened))
    })
}

/// What changes where a stage's deployment, or the live lists, give way to another one.
///
/// # Errors
/// If what is compared does not compile.
pub fn deployments(
    document: &Document,
    api: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Vec<Change>, crate::Error> {
    let mut changes = Vec::new();
    let alone = document.of_deployments(api, [from, to])?;
    if let Some(of) = alone.api(api)
        && let (Some(before), Some(after)) = (of.run("from"), of.run("to"))
    {
        let sides = (of.side(&before.table, from), of.side(&after.table, to));
        routes::compare(&Place::api(api), sides.0, sides.1, &mut changes);
    }
    Ok(changes)
}

fn new_api(api: ApiOf<'_>, changes: &mut Vec<Change>) {
    for stage in api.stages() {
        new_stage(&Place::api(&api.read.api_id), &stage, changes);
    }
}

fn new_stage(place: &Place, stage: &StageOf<'_>, changes: &mut Vec<Change>) {
    let (details, access) = routes::all_new(stage.own());
    let subject = format!("stage `{}`", stage.name());
    changes.push(Change::new(Kind::Added, place, subject).with(details).access(access));
    if let Some(canary) = stage.canary() {
        let place = place.stage(stage.name()).canary();
        routes::compare(&place, stage.own(), canary, changes);
    }
}

fn api(around: Around<'_>, before: ApiOf<'_>, after: ApiOf<'_>, changes: &mut Vec<Change>) {
    let place = Place::api(&after.read.api_id);
    let around = Around { api: Some([before.value, after.value]), ..around };
    members(around, &place, before.value, after.value, &OF_API, changes);
    rewritten(&place, before.value, after.value, changes);
    for new in after.stages() {
        match before.stage(new.name()) {
            Some(old) => stage(around, &place.stage(new.name()), &old, &new, changes),
            None => new_stage(&place, &new, changes),
        }
    }
    for old in before.stages().filter(|old| after.stage(old.name()).is_none()) {
        changes.push(Change::new(Kind::Removed, &place, format!("stage `{}`", old.name())));
    }
}

/// Deployments that hold something else under the same name: whoever goes back to one does not get what it was.
fn rewritten(place: &Place, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    let list = |api: &Value| api.get("deployments").and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |deployment: &Value| deployment.get("deploymentId").cloned();
    let old = list(before);
    for new in list(after) {
        let Some(old) = old.iter().find(|old| id(old) == id(&new)) else { continue };
        let differs = |name: &str| noticed(old, name) != noticed(&new, name);
        if ["routes", "integrations", "authorizers"].into_iter().any(differs) {
            let id = id(&new).as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            let told = "was rewritten: deployments never change, and a rollback to it is not what it was";
            changes.push(
                Change::new(Kind::Changed, place, format!("deployment `{id}`")).with(vec![told.to_owned()]),
            );
        }
    }
}

fn stage(
    around: Around<'_>,
    place: &Place,
    before: &StageOf<'_>,
    after: &StageOf<'_>,
    changes: &mut Vec<Change>,
) {
    members(around, place, before.value, after.value, &OF_STAGE, changes);
    routes::compare(place, before.own(), after.own(), changes);
    let settings = |stage: &StageOf<'_>| stage.value.get("canarySettings").cloned().unwrap_or_default();
    let lines = differences(&settings(before), &settings(after), &["deploymentId"]);
    let allows = |settings: &Value| settings.get("allowWeakerAuth") == Some(&Value::Bool(true));
    let asked = |api| rules::variables(api, &of_canary(before.value), &of_canary(after.value));
    let loosened = (!allows(&settings(before)) && allows(&settings(after)))
        || (after.canary().is_some() && around.api.and_then(asked).is_some());
    let kind = match (before.canary(), after.canary()) {
        (None, None) => return,
        (None, Some(_)) => Kind::Added,
        (Some(_), None) => Kind::Removed,
        (Some(_), Some(_)) => Kind::Changed,
    };
    if kind != Kind::Changed || !lines.is_empty() {
        let access = loosened.then_some(Access::Loosened);
        let change = Change::new(kind, place, "canary").access(access);
        changes.push(if kind == Kind::Removed { change } else { change.with(lines) });
    }
    // Clients of a canary that is new were the stage's.
    if let Some(new) = after.canary() {
        routes::compare(&place.canary(), before.canary().unwrap_or_else(|| before.own()), new, changes);
    }
}

/// The variables of a stage's canary; where it has none, its clients have the stage's.
fn of_canary(stage: &Value) -> Value {
    let mut variables = stage.get("stageVariables").cloned().unwrap_or_default();
    let overrides = stage.get("canarySettings").and_then(|canary| canary.get("stageVariableOverrides"));
    match (variables.as_object_mut(), overrides.and_then(Value::as_object)) {
        (Some(variables), Some(overrides)) => variables.extend(overrides.clone()),
        (None, Some(overrides)) => return Value::Object(overrides.clone()),
        (_, None) => {}
    }
    variables
}

/// The members of two owners, but for some: each that differs is a change, and so is each element of a list of things.
fn members(
    around: Around<'_>,
    place: &Place,
    before: &Value,
    after: &Value,
    but: &[&str],
    changes: &mut Vec<Change>,
) {
    for name in names(before, after).into_iter().filter(|name| !but.contains(name)) {
        let (from, to) = (noticed(before, name), noticed(after, name));
        if from == to {
            continue;
        }
        let nothing = Value::Null;
        let lists = (keyed(name, from.unwrap_or(&nothing)), keyed(name, to.unwrap_or(&nothing)));
        if let (Some(from), Some(to)) = lists {
            things(around, place, name, &from, &to, changes);
            continue;
        }
        let mut lines = Vec::new();
        member(name, name, from, to, false, &mut lines);
        let kind = kind(from, to);
        let access = rules::of_member(name, before, after, around);
        changes.push(Change::new(kind, place, name).with(lines).access(access));
    }
}

/// Two lists of things that have names.
fn things(
    around: Around<'_>,
    place: &Place,
    list: &str,
    before: &[(String, &Value)],
    after: &[(String, &Value)],
    changes: &mut Vec<Change>,
) {
    let of = |things: &[(String, &Value)], wanted: &str| {
        things.iter().find(|(name, _)| name == wanted).map(|(_, value)| (*value).clone())
    };
    let mut found = Vec::new();
    let new = after.iter().filter(|(name, _)| of(before, name).is_none());
    for (name, _) in before.iter().chain(new) {
        let (from, to) = (of(before, name), of(after, name));
        let lines = match (&from, &to) {
            (Some(from), Some(to)) => differences(from, to, &[]),
            (None, _) | (_, None) => Vec::new(),
        };
        let kind = kind(from.as_ref(), to.as_ref());
        if kind != Kind::Changed || !lines.is_empty() {
            let access = rules::of_thing(list, from.as_ref(), to.as_ref(), around);
            let all = before.iter().chain(after).map(|(name, _)| name.as_str());
            let name = label(list, name, all);
            found.push(Change::new(kind, place, format!("{list}[{name}]")).with(lines).access(access));
        }
    }
    for kind in [Kind::Added, Kind::Removed] {
        let plain = |change: &Change| change.kind == kind && change.access.is_none();
        let count = found.iter().filter(|change| plain(change)).count();
        if count > LISTED {
            found.retain(|change| !plain(change));
            found.push(Change::new(kind, place, format!("{count} of {list}")));
        }
    }
    changes.append(&mut found);
}

fn kind(before: Option<&Value>, after: Option<&Value>) -> Kind {
    match (before, after) {
        (None, _) => Kind::Added,
        (_, None) => Kind::Removed,
        (Some(_), Some(_)) => Kind::Changed,
    }
}
