//! Which changes beside routes let more or fewer in.

use super::change::Access;
use super::members::noticed;
use serde_json::Value;

mod asked;
mod keys;
mod ways;

pub(super) use asked::variables;
pub(super) use ways::default_api;

/// What a change stands in: as it was, and as it will be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'v> {
    /// The whole documents.
    pub(super) documents: [&'v Value; 2],
    /// The API, where it is one's.
    pub(super) api: Option<[&'v Value; 2]>,
}

/// A member of the gateway, of an API or of a stage, that differs.
pub(super) fn of_member(name: &str, before: &Value, after: &Value, around: Around<'_>) -> Option<Access> {
    let (from, to) = (noticed(before, name), noticed(after, name));
    match name {
        // More of what clients say of themselves is believed.
        "trustedHops" => (number(to) > number(from)).then_some(Access::Loosened),
        "disableExecuteApiEndpoint" => Some(loosened_if(to.is_none())),
        "corsConfiguration" => cors(from, to),
        // Where a policy stood, the next one may say anything; where none stood, it can only refuse, but for signed requests,
        // which it may allow.
        "policy" => Some(loosened_if(from.is_some() || asks_for_signatures(after))),
        // Another web ACL may let pass what this one refuses.
        "webAclArn" | "managedRuleGroupSubstitutions" => Some(loosened_if(from.is_some())),
        "defaultApiId" => default_host(around),
        // Keys are looked for elsewhere: who had none may have one there. A policy that names an ARN may not be meant any more.
        "apiKeySource" | "region" | "accountId" => Some(Access::Loosened),
        "stageVariables" => {
            let nothing = Value::Null;
            variables(around.api?, from.unwrap_or(&nothing), to.unwrap_or(&nothing))
        }
        "endpoints" => asked::endpoints(around.documents),
        // Lists whose elements cannot be told apart.
        "apiMappings" | "routingRules" | "domainNames" | "credentials" | "apiKeys" | "usagePlanKeys"
        | "usagePlans" | "webAcls" | "ipSets" | "regexPatternSets" | "ruleGroups" => Some(Access::Loosened),
        "rateLimitService" => {
            let allows = |service: Option<&Value>| {
                service.and_then(|service| service.get("failureMode")).and_then(Value::as_str)
                    == Some("allow")
            };
            (!allows(from) && allows(to)).then_some(Access::Loosened)
        }
        _ => None,
    }
}

/// An element of a list: absent before it came, and after it went.
pub(super) fn of_thing(
    list: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    around: Around<'_>,
) -> Option<Access> {
    match list {
        // A new caller, or one who is another one, has another secret, or whose policy may allow more.
        "credentials" => Some(loosened_if(after.is_some())),
        "domainNames" => ways::domain(before, after, around),
        "apiMappings" | "routingRules" => ways::way(before, after, around),
        // What a list of the firewall says elsewhere, nobody can tell.
        "webAcls" | "ipSets" | "regexPatternSets" | "ruleGroups" => before.map(|_| Access::Loosened),
        "apiKeys" => keys::key(before, after, around),
        "usagePlanKeys" => keys::member(before, after, around),
        "usagePlans" => keys::plan(before, after, around),
        _ => None,
    }
}

/// Hosts that name no API, and are answered by another one, or by none any more.
fn default_host(around: Around<'_>) -> Option<Access> {
    let [before, after] = around.documents.map(default_api);
    (before != after).then(|| loosened_if(after.is_some()))
}

/// Scripts of any page, or with the user's cookies.
fn cors(before: Option<&Value>, after: Option<&Value>) -> Option<Access> {
    let wild = |cors: Option<&Value>| {
        let origins = cors.and_then(|cors| cors.get("allowOrigins")).and_then(Value::as_array);
        let origins: Vec<String> =
            origins.into_iter().flatten().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
        ["*", "https://*", "http://*"]
            .map(|wild| origins.iter().any(|origin| origin == "*" || origin == wild))
    };
    let credentials =
        |cors: Option<&Value>| cors.and_then(|cors| cors.get("allowCredentials")) == Some(&Value::Bool(true));
    let wider = wild(before).into_iter().zip(wild(after)).any(|(before, after)| !before && after);
    if wider || (!credentials(before) && credentials(after)) {
        return Some(Access::Loosened);
    }
    after.is_none().then_some(Access::Tightened)
}

fn asks_for_signatures(api: &Value) -> bool {
    let lists = [Some(api)].into_iter().flatten();
    let deployments = api.get("deployments").and_then(Value::as_array).into_iter().flatten();
    let routes = lists.chain(deployments).filter_map(|owner| owner.get("routes")?.as_array()).flatten();
    routes.into_iter().any(|route| route.get("authorizationType").and_then(Value::as_str) == Some("AWS_IAM"))
}

fn list<'v>(owner: &'v Value, name: &str) -> &'v [Value] {
    owner.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(owner: &'v Value, name: &str) -> &'v str {
    owner.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: Option<&Value>) -> f64 {
    value.and_then(Value::as_f64).unwrap_or_default()
}

fn loosened_if(loosened: bool) -> Access {
    if loosened { Access::Loosened } else { Access::Tightened }
}

#[cfg(test)]
mod tests;
