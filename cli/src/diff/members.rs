//! How two JSON values differ, member by member, in words that give no secret away.

use serde_json::Value;

/// Members whose values are not shown, nor what is in them: they may hold what only their owner knows.
const HIDDEN: [&str; 13] = [
    "credential",
    "integrationResponses",
    "jwks",
    "match",
    "policy",
    "requestParameters",
    "requestTemplates",
    "responseParameters",
    "responseTemplates",
    "secretAccessKeyEnv",
    "secretEnv",
    "sessionTokenEnv",
    "value",
];

/// What names the elements of a list.
const NAMES: [(&str, &[&str]); 14] = [
    ("apiKeys", &["id"]),
    ("apiMappings", &["domainName", "apiMappingKey"]),
    ("apiStages", &["apiId", "stage"]),
    ("credentials", &["accessKeyId"]),
    ("domainNameConfigurations", &["certificateArn"]),
    ("domainNames", &["domainName"]),
    ("gatewayResponses", &["responseType"]),
    ("ipSets", &["ARN"]),
    ("regexPatternSets", &["ARN"]),
    ("routingRules", &["domainName", "priority"]),
    ("ruleGroups", &["ARN"]),
    ("usagePlanKeys", &["usagePlanId", "keyId"]),
    ("usagePlans", &["id"]),
    ("webAcls", &["ARN"]),
];

/// Members that no client notices: descriptive or read-only, where AWS has them.
const UNNOTICED: [&str; 23] = [
    "$schema",
    "apiEndpoint",
    "apiGatewayManaged",
    "apiMappingId",
    "autoDeploy",
    "createdDate",
    "customerId",
    "description",
    "domainNameArn",
    "importInfo",
    "integrationId",
    "ipAddressType",
    "lastDeploymentStatusMessage",
    "lastUpdatedDate",
    "name",
    "operationName",
    "productCode",
    "routeId",
    "routingRuleArn",
    "routingRuleId",
    "stageKeys",
    "tags",
    "warnings",
];

/// Longest value that is shown, in characters.
const LONGEST: usize = 100;

/// What a client can notice of a member; none where it is absent or says what its absence says.
pub(super) fn noticed<'v>(owner: &'v Value, name: &str) -> Option<&'v Value> {
    let value = owner.get(name)?;
    let is_empty = value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || (name != "corsConfiguration" && value.as_object().is_some_and(serde_json::Map::is_empty));
    (!is_default(name, value) && !is_empty && !UNNOTICED.contains(&name)).then_some(value)
}

/// Whether a value says what the member's absence says.
fn is_default(name: &str, value: &Value) -> bool {
    match (name, value) {
        (
            "apiKeyRequired" | "disableExecuteApiEndpoint" | "enabled" | "rateLimitHeaders",
            Value::Bool(value),
        ) => !value,
        ("authorizationType", Value::String(text)) => text == "NONE",
        ("connectionType", Value::String(text)) => text == "INTERNET",
        ("apiKeySource", Value::String(text)) => text == "HEADER",
        ("routingMode", Value::String(text)) => text == "API_MAPPING_ONLY",
        ("region", Value::String(text)) => text == "us-east-1",
        _ => false,
    }
}

/// The names of the members of two values, each once, as they stand there.
pub(super) fn names<'v>(before: &'v Value, after: &'v Value) -> Vec<&'v str> {
    let mut names: Vec<&str> = Vec::new();
    for name in [before, after].into_iter().filter_map(Value::as_object).flat_map(|members| members.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// How the members of two objects differ, but for some.
pub(super) fn differences(before: &Value, after: &Value, but: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for name in names(before, after).into_iter().filter(|name| !but.contains(name)) {
        member(name, name, noticed(before, name), noticed(after, name), false, &mut lines);
    }
    lines
}

/// How a member differs that is called `name` and stands at `path`.
pub(super) fn member(
    path: &str,
    name: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    hidden: bool,
    lines: &mut Vec<String>,
) {
    if before == after {
        return;
    }
    let hidden = hidden || HIDDEN.contains(&name);
    let nothing = Value::Null;
    let (from, to) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
    let objects = from.is_object() || to.is_object();
    let plain = |value: &Value| value.is_null() || value.is_object();
    if objects && plain(from) && plain(to) && name != "policy" {
        for name in names(from, to) {
            let path = below(path, name);
            // What is below stands as it is: only the document's own resources have defaults.
            member(&path, name, from.get(name), to.get(name), hidden, lines);
        }
        return;
    }
    if let (Some(from), Some(to)) = (keyed(name, from), keyed(name, to)) {
        elements(path, name, &from, &to, hidden, lines);
    } else if let (Some(from), Some(to), false) = (words(from), words(to), hidden) {
        lines.push(format!("{path}: {}", list_change(&from, &to)));
    } else if hidden || from.is_array() || to.is_array() {
        lines.push(format!("{path}: {}", fate(before, after)));
    } else {
        lines.push(format!("{path}: {}", scalar_change(from, to)));
    }
}

/// How lists differ whose elements have names.
fn elements(
    path: &str,
    list: &str,
    before: &[(String, &Value)],
    after: &[(String, &Value)],
    hidden: bool,
    lines: &mut Vec<String>,
) {
    let find = |list: &[(String, &Value)], wanted: &str| {
        list.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value).cloned()
    };
    let new = after.iter().filter(|(name, _)| find(before, name).is_none());
    for (name, _) in before.iter().chain(new) {
        let all = before.iter().chain(after).map(|(name, _)| name.as_str());
        let path = format!("{path}[{}]", label(list, name, all));
        match (find(before, name), find(after, name)) {
            (Some(from), Some(to)) => {
                for name in names(&from, &to) {
                    let path = below(&path, name);
                    member(&path, name, noticed(&from, name), noticed(&to, name), hidden, lines);
                }
            }
            (from, to) => lines.push(format!("{path}: {}", fate(from.as_ref(), to.as_ref()))),
        }
    }
}

/// The elements of a list by their names, which are not to be shown but by [`label`]; none if they have no names, or not each its own.
pub(super) fn keyed<'v>(list: &str, value: &'v Value) -> Option<Vec<(String, &'v Value)>> {
    let (_, members) = NAMES.iter().find(|(name, _)| *name == list)?;
    if value.is_null() {
        return Some(Vec::new());
    }
    let mut found: Vec<(String, &Value)> = Vec::new();
    for element in value.as_array()? {
        let parts = members.iter().map(|member| match element.get(member) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        });
        let name = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if name.is_empty() || found.iter().any(|(known, _)| *known == name) {
            return None;
        }
        found.push((name, element));
    }
    Some(found)
}

/// The name of an element as it is shown: of an access key's id the end, as much as tells it from the others.
pub(super) fn label<'n>(list: &str, name: &str, others: impl Iterator<Item = &'n str>) -> String {
    if list != "credentials" {
        return name.to_owned();
    }
    let length = name.chars().count();
    let end = |count: usize| name.chars().skip(length.saturating_sub(count)).collect::<String>();
    let others: Vec<&str> = others.filter(|other| *other != name).collect();
    let tells = |count: &usize| !others.iter().any(|other| other.ends_with(&end(*count)));
    let count = (4..length).find(tells).unwrap_or(length);
    format!("…{}", end(count))
}

/// A list of words.
fn words(value: &Value) -> Option<Vec<&str>> {
    if value.is_null() {
        return Some(Vec::new());
    }
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn list_change(before: &[&str], after: &[&str]) -> String {
    let new = after.iter().filter(|word| !before.contains(word)).map(|word| format!("+`{}`", clean(word)));
    let gone = before.iter().filter(|word| !after.contains(word)).map(|word| format!("-`{}`", clean(word)));
    let parts: Vec<_> = gone.chain(new).collect();
    if parts.is_empty() { "in another order".to_owned() } else { parts.join(", ") }
}

fn fate(before: Option<&Value>, after: Option<&Value>) -> &'static str {
    match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        (Some(_), Some(_)) => "changed; the values are not shown",
    }
}

fn scalar_change(before: &Value, after: &Value) -> String {
    let (from, to) = (shown(before), shown(after));
    if from == to {
        return "changed; the difference is not shown".to_owned();
    }
    let way = match (before.as_f64(), after.as_f64()) {
        (Some(from), Some(to)) if from < to => ", raised",
        (Some(_), Some(_)) => ", lowered",
        _ => "",
    };
    format!("{from} → {to}{way}")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => format!("`{}`", clean(text)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Text without what may be a secret in an address: who logs in, and its query.
pub(super) fn clean(text: &str) -> String {
    let text = match text.split_once("://") {
        None => text.to_owned(),
        Some((scheme, rest)) => {
            let (rest, cut) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host =
                authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("…@{host}"));
            format!("{scheme}://{host}{path}{cut}")
        }
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// The path of a member; names with more than letters stand in brackets.
fn below(path: &str, name: &str) -> String {
    let plain =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if plain { format!("{path}.{name}") } else { format!("{path}[{name}]") }
}

#[cfg(test)]
mod tests;
