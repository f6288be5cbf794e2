//! Which changes beside routes let more or fewer in.

use super::change::Access;
use super::members::noticed;
use serde_json::Value;

/// A member of the gateway, of an API or of a stage, that differs.
pub(super) fn of_member(name: &str, before: &Value, after: &Value) -> Option<Access> {
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
        "webAclArn" => Some(loosened_if(from.is_some())),
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
pub(super) fn of_thing(list: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Access> {
    let differs = |member: &str| before.and_then(|it| it.get(member)) != after.and_then(|it| it.get(member));
    match list {
        // A new caller, or one whose policy may allow more.
        "credentials" => match (before, after) {
            (None, Some(_)) => Some(Access::Loosened),
            (Some(_), None) => Some(Access::Tightened),
            _ => differs("policy").then_some(Access::Loosened),
        },
        "domainNames" => domain(before?, after?),
        // What a list of the firewall says elsewhere, nobody can tell.
        "webAcls" | "ipSets" | "regexPatternSets" | "ruleGroups" => before.map(|_| Access::Loosened),
        "apiKeys" => {
            let enabled = |key: &Value| key.get("enabled") == Some(&Value::Bool(true));
            match (enabled(before?), enabled(after?)) {
                (true, false) => Some(Access::Tightened),
                (false, true) => Some(Access::Loosened),
                (true, true) | (false, false) => None,
            }
        }
        _ => None,
    }
}

/// A domain that asks for other certificates of clients, or takes older TLS.
fn domain(before: &Value, after: &Value) -> Option<Access> {
    let mutual = |domain: &Value| domain.get("mutualTlsAuthentication").filter(|it| !it.is_null()).cloned();
    match (mutual(before), mutual(after)) {
        (Some(from), to) if to.as_ref() != Some(&from) => return Some(Access::Loosened),
        (None, Some(_)) => return Some(Access::Tightened),
        _ => {}
    }
    let takes_old = |domain: &Value| domain.to_string().contains("\"TLS_1_0\"");
    match (takes_old(before), takes_old(after)) {
        (false, true) => Some(Access::Loosened),
        (true, false) => Some(Access::Tightened),
        (true, true) | (false, false) => None,
    }
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

fn number(value: Option<&Value>) -> f64 {
    value.and_then(Value::as_f64).unwrap_or_default()
}

fn loosened_if(loosened: bool) -> Access {
    if loosened { Access::Loosened } else { Access::Tightened }
}

#[cfg(test)]
mod tests;
