//! Which changes have an authorizer ask somebody else, though it stays as it was written.

use super::super::change::Access;
use super::super::members::names;
use super::list;
use serde_json::Value;

/// Variables of which an authorizer's `authorizerUri`, or its identity sources, name one that has another value.
pub(in super::super) fn variables(api: [&Value; 2], before: &Value, after: &Value) -> Option<Access> {
    let written: String = api.into_iter().flat_map(authorizers).map(Value::to_string).collect();
    // `${stageVariables.NAME}` in an address, `"$stageVariables.NAME"` as a source.
    let is_named =
        |name: &str| ['}', '"'].iter().any(|end| written.contains(&format!("stageVariables.{name}{end}")));
    let mut differing = names(before, after).into_iter().filter(|name| before.get(name) != after.get(name));
    differing.any(is_named).then_some(Access::Loosened)
}

/// Endpoints of which one may be where a function or a user pool is asked.
pub(super) fn endpoints(documents: [&Value; 2]) -> Option<Access> {
    let nothing = Value::Null;
    let [before, after] = documents.map(|document| document.get("endpoints").unwrap_or(&nothing));
    let all = || documents.into_iter().flat_map(|document| list(document, "apis")).flat_map(authorizers);
    let asks_others =
        all().any(|it| it.get("authorizerUri").is_some() || !list(it, "providerARNs").is_empty());
    let may_be_asked =
        |name: &&str| ["lambda", "cognito", "arn:"].iter().any(|start| name.starts_with(start));
    let differs = |name: &&str| before.get(name) != after.get(name);
    let found = names(before, after).into_iter().filter(may_be_asked).any(|name| differs(&name));
    (asks_others && found).then_some(Access::Loosened)
}

/// The authorizers of an API: those of its live lists, and those of its deployments.
fn authorizers(api: &Value) -> impl Iterator<Item = &Value> {
    let owners = std::iter::once(api).chain(list(api, "deployments"));
    owners.flat_map(|owner| list(owner, "authorizers"))
}
