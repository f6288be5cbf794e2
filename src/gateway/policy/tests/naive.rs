//! The policy language once more, slowly and from the document itself: what the evaluator must agree with.

use super::Verdict;
use serde_json::Value;

/// What the evaluator sees of a request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    pub caller: Option<&'static str>,
    pub address: &'static str,
    pub agents: Vec<&'static str>,
}

const PREFIX: &str = "arn:aws:execute-api:us-east-1:123456789012:shop/";

impl Asked {
    pub fn arn(&self) -> String {
        format!("{PREFIX}prod/{}/{}", self.method, self.path)
    }

    fn plain(&self) -> String {
        let mut path = String::new();
        let mut parameter = false;
        for c in self.path.chars() {
            parameter = c == ';' || (parameter && c != '/');
            if !parameter && !(c == '/' && (path.is_empty() || path.ends_with('/'))) {
                path.push(c);
            }
        }
        let path = path.strip_suffix('/').unwrap_or(&path);
        format!("{PREFIX}prod/{}/{path}", self.method.to_uppercase())
    }
}

pub fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=text.len()).any(|taken| matches(rest, &text[taken..])),
        (['?', rest @ ..], [_, behind @ ..]) => matches(rest, behind),
        ([wanted, rest @ ..], [found, behind @ ..]) => wanted == found && matches(rest, behind),
        _ => false,
    }
}

fn like(pattern: &str, text: &str) -> bool {
    matches(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(list).collect(),
        other => vec![other.to_string()],
    }
}

pub fn verdict(document: &Value, asked: &Asked) -> Verdict {
    let statements = match &document["Statement"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let of = |effect: &str| -> Vec<Option<bool>> {
        let with = statements.iter().filter(|statement| statement["Effect"] == effect);
        with.map(|statement| applies(statement, asked)).collect()
    };
    if of("Deny").iter().any(|applies| *applies != Some(false)) {
        Verdict::Deny
    } else if of("Allow").contains(&Some(true)) {
        Verdict::Allow
    } else {
        Verdict::Silent
    }
}

fn applies(statement: &Value, asked: &Asked) -> Option<bool> {
    let acts = match &statement["NotAction"] {
        Value::Null => {
            list(&statement["Action"]).iter().any(|p| like(&p.to_lowercase(), "execute-api:invoke"))
        }
        not => !list(not).iter().any(|p| like(&p.to_lowercase(), "execute-api:invoke")),
    };
    if !acts || !is_principal(statement, asked.caller) || !is_resource(statement, asked) {
        return Some(false);
    }
    let mut all = Some(true);
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().unwrap() {
            match (holds(operator, key, &list(values), asked), all) {
                (Some(false), _) => return Some(false),
                (None, _) => all = None,
                (Some(true), _) => {}
            }
        }
    }
    all
}

fn is_resource(statement: &Value, asked: &Asked) -> bool {
    let one = |pattern: &String, arn: &str| match pattern.strip_prefix("execute-api:/") {
        Some(below) => like(&format!("{PREFIX}{below}"), arn),
        None => like(pattern, arn),
    };
    let about = |arn: &str| match &statement["NotResource"] {
        Value::Null => list(&statement["Resource"]).iter().any(|pattern| one(pattern, arn)),
        not => !list(not).iter().any(|pattern| one(pattern, arn)),
    };
    let (sent, plain) = (asked.arn(), asked.plain());
    let exactly = || {
        let below = format!("execute-api:/{}", sent.strip_prefix(PREFIX).unwrap());
        list(&statement["Resource"])
            .iter()
            .any(|pattern| (*pattern == sent || *pattern == below) && !pattern.contains(['*', '?']))
    };
    match statement["Effect"].as_str() {
        Some("Deny") => about(&sent) || about(&plain),
        _ => about(&sent) && (about(&plain) || exactly()),
    }
}

fn is_principal(statement: &Value, caller: Option<&str>) -> bool {
    let account = caller.map(|arn| arn.split(':').nth(4).unwrap());
    let own = |who: &String| Some(who.as_str()) == caller;
    let root = |who: &String| {
        Some(who.as_str()) == account || account.is_some_and(|a| *who == format!("arn:aws:iam::{a}:root"))
    };
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => true,
        (Value::Null, not) => {
            let not = list(&not["AWS"]);
            !(not.iter().any(own) && not.iter().any(root))
        }
        (Value::String(_), _) => true,
        (some, _) => list(&some["AWS"]).iter().any(|who| who == "*" || own(who) || root(who)),
    }
}

fn holds(operator: &str, key: &str, values: &[String], asked: &Asked) -> Option<bool> {
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(bare) => (bare, true),
        None => (operator, false),
    };
    // Nothing, one thing, or what cannot be told.
    let value: Option<Option<&str>> = match key {
        "aws:SourceIp" if asked.address.is_empty() => None,
        "aws:SourceIp" => Some(Some(asked.address)),
        "aws:UserAgent" if asked.agents.len() > 1 => None,
        "aws:UserAgent" => Some(asked.agents.first().copied()),
        "aws:PrincipalArn" => Some(asked.caller),
        other => panic!("{other}"),
    };
    let value = value?;
    if operator == "Null" {
        return Some(values.contains(&value.is_none().to_string()));
    }
    let negated = operator.contains("Not");
    let Some(value) = value else { return Some(negated || if_exists) };
    let any = values.iter().any(|wanted| match operator {
        "StringEquals" | "StringNotEquals" => wanted == value,
        "StringLike" | "StringNotLike" | "ArnLike" | "ArnNotLike" => like(wanted, value),
        "IpAddress" | "NotIpAddress" => {
            let number = |text: &str| {
                text.split('.').fold(0_u32, |number, byte| (number << 8) + byte.parse::<u32>().unwrap())
            };
            let (network, length) = wanted.split_once('/').unwrap_or((wanted, "32"));
            let mask = u32::MAX.checked_shl(32 - length.parse::<u32>().unwrap()).unwrap_or(0);
            number(network) & mask == number(value) & mask
        }
        other => panic!("{other}"),
    });
    Some(any != negated)
}
