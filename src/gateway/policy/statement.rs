//! Statements: who may, or may not, do what, where, and under which conditions.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html>

use super::condition::{self, Condition};
use super::pattern::{Case, Pattern};
use super::principal::Principals;
use super::resource::Resources;
use super::truth::Truth;
use super::{Kind, Problem, Question, Unreachable};
use crate::gateway::diagnostics::{element, member, similar};
use serde_json::{Map, Value};

/// What a statement does with the requests it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A statement as run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    effect: Effect,
    actions: Vec<Pattern>,
    /// `NotAction`: all others.
    actions_negated: bool,
    principals: Principals,
    resources: Resources,
    conditions: Vec<Condition>,
}

const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
];
/// What can be done with an API. <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigateway.html>
const ACTIONS: [&str; 3] =
    ["execute-api:Invoke", "execute-api:InvalidateCache", "execute-api:ManageConnections"];

/// Reads the statements of a document; what is wrong goes to the problems.
pub(super) fn parse_all(document: &Value, kind: Kind, problems: &mut Vec<Problem>) -> Vec<Statement> {
    let Some(members) = document.as_object() else {
        problems.push(Problem::new("", "a policy is an object"));
        return Vec::new();
    };
    let length = document.to_string().chars().count();
    if length > kind.characters() {
        let problem = format!("the policy has {length} characters, more than {}", kind.characters());
        problems.push(Problem::new("", problem));
        return Vec::new();
    }
    known_members(members, &DOCUMENT, "", problems);
    match members.get("Version") {
        None => {}
        Some(Value::String(version)) if ["2012-10-17", "2008-10-17"].contains(&version.as_str()) => {}
        Some(other) => {
            let problem = format!("{other} is no version of the policy language");
            problems.push(Problem::new("Version", problem).help("write `\"2012-10-17\"`"));
        }
    }
    text_or_nothing(members, "Id", "", problems);
    match members.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list
            .iter()
            .enumerate()
            .filter_map(|(i, statement)| {
                Statement::parse(statement, kind, &element("Statement", i), problems)
            })
            .collect(),
        Some(statement @ Value::Object(_)) => {
            Statement::parse(statement, kind, "Statement", problems).into_iter().collect()
        }
        Some(_) => {
            problems.push(Problem::new("Statement", "expected a statement, or a list of at least one"));
            Vec::new()
        }
        None => {
            problems.push(Problem::new("", "missing `Statement`"));
            Vec::new()
        }
    }
}

// === impl Statement ===

impl Statement {
    pub(super) fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether the statement is about the request.
    pub(super) fn applies(&self, question: &Question<'_>) -> Truth {
        let asked = question.asked;
        let acts = self.actions.iter().any(|action| action.matches(asked.action)) != self.actions_negated;
        if !acts
            || !self.principals.include(question, self.effect)
            || !self.resources.include(question, self.effect)
        {
            return Truth::No;
        }
        self.conditions.iter().map(|condition| condition.holds(asked)).min().unwrap_or(Truth::Yes)
    }

    pub(super) fn wants_source_address(&self) -> bool {
        self.conditions.iter().any(Condition::wants_source_address)
    }

    pub(super) fn unreachable<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = Unreachable<'a>> {
        self.resources.unreachable(prefix, self.effect)
    }

    fn parse(written: &Value, kind: Kind, at: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(members) = written.as_object() else {
            problems.push(Problem::new(at, "a statement is an object"));
            return None;
        };
        known_members(members, &STATEMENT, at, problems);
        text_or_nothing(members, "Sid", at, problems);
        let effect = parse_effect(members, at, problems);
        let actions = parse_actions(members, kind, at, problems);
        let principals = Principals::parse(members, kind, effect, at, problems);
        let resources = Resources::parse(members, kind, at, problems);
        let conditions = match members.get("Condition") {
            None => Vec::new(),
            Some(written) => condition::parse(written, &member(at, "Condition"), problems),
        };
        let (actions, actions_negated) = actions?;
        let (effect, principals, resources) = (effect?, principals?, resources?);
        Some(Self { effect, actions, actions_negated, principals, resources, conditions })
    }
}

fn parse_effect(statement: &Map<String, Value>, at: &str, problems: &mut Vec<Problem>) -> Option<Effect> {
    match statement.get("Effect") {
        Some(Value::String(effect)) if effect == "Allow" => Some(Effect::Allow),
        Some(Value::String(effect)) if effect == "Deny" => Some(Effect::Deny),
        Some(other) => {
            let problem = format!("{other} is neither `Allow` nor `Deny`");
            problems.push(Problem::new(member(at, "Effect"), problem));
            None
        }
        None => {
            problems.push(Problem::new(at, "missing `Effect`").help("`Allow` or `Deny`"));
            None
        }
    }
}

fn parse_actions(
    statement: &Map<String, Value>,
    kind: Kind,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Option<(Vec<Pattern>, bool)> {
    let (name, written) = one_of(statement, ["Action", "NotAction"], at, problems)?;
    let found = problems.len();
    let mut actions = Vec::new();
    for (at, text) in texts(written, &member(at, name), problems) {
        let pattern = Pattern::new(text, Case::Ignored);
        // A caller's policy may be about other services too; an API's is about nothing but the API.
        let means_nothing = kind == Kind::Resource && !ACTIONS.iter().any(|action| pattern.matches(action));
        if (text != "*" && !text.contains(':')) || means_nothing {
            let near = similar(text, ACTIONS);
            let help = near.map_or_else(
                || "`execute-api:Invoke` is to call the API".to_owned(),
                |near| format!("an action with a similar name exists: `{near}`"),
            );
            problems.push(Problem::new(at, format!("`{text}` is no action of an API")).help(help));
        }
        actions.push(pattern);
    }
    (problems.len() == found).then_some((actions, name == "NotAction"))
}

/// The one of two members that a statement must have.
pub(super) fn one_of<'v>(
    statement: &'v Map<String, Value>,
    names: [&'static str; 2],
    at: &str,
    problems: &mut Vec<Problem>,
) -> Option<(&'static str, &'v Value)> {
    let [first, second] = names;
    match (statement.get(first), statement.get(second)) {
        (Some(written), None) => Some((first, written)),
        (None, Some(written)) => Some((second, written)),
        (Some(_), Some(_)) => {
            let problem = format!("`{first}` and `{second}` stand side by side");
            problems.push(Problem::new(at, problem).help("keep one"));
            None
        }
        (None, None) => {
            problems.push(Problem::new(at, format!("missing `{first}`")));
            None
        }
    }
}

/// A text, or a list of at least one, each with its path.
pub(super) fn texts<'v>(written: &'v Value, at: &str, problems: &mut Vec<Problem>) -> Vec<(String, &'v str)> {
    let list = match written {
        Value::String(text) => return vec![(at.to_owned(), text)],
        Value::Array(list) if !list.is_empty() => list,
        _ => {
            problems.push(Problem::new(at, "expected a text, or a list of at least one"));
            return Vec::new();
        }
    };
    let mut texts = Vec::with_capacity(list.len());
    for (i, item) in list.iter().enumerate() {
        match item.as_str() {
            Some(text) => texts.push((element(at, i), text)),
            None => problems.push(Problem::new(element(at, i), "expected a text")),
        }
    }
    texts
}

fn text_or_nothing(members: &Map<String, Value>, name: &str, at: &str, problems: &mut Vec<Problem>) {
    if members.get(name).is_some_and(|value| !value.is_string()) {
        problems.push(Problem::new(member(at, name), "expected a text"));
    }
}

fn known_members(members: &Map<String, Value>, known: &[&str], at: &str, problems: &mut Vec<Problem>) {
    for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
        let mut problem = Problem::new(member(at, name), format!("unknown element `{name}`"));
        if let Some(near) = similar(name, known.iter().copied()) {
            problem = problem.help(format!("an element with a similar name exists: `{near}`"));
        }
        problems.push(problem);
    }
}
