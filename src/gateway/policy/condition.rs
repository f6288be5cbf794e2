//! `Condition`: what must be true of a request besides.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
//!
//! Each operator and key is evaluated or refused when the policy is read. A key that a request does not have follows IAM:
//! positive operators do not hold, negated ones and `…IfExists` do.

mod key;
mod operator;

use super::pattern::{Case, Pattern};
use super::resource::variable;
use super::truth::Truth;
use super::{Asked, Problem, date};
use crate::gateway::diagnostics::{element, member};
use ipnet::{IpNet, Ipv4Net};
use key::{Found, Key};
use operator::{Family, How, Operator};
use serde_json::Value;
use std::cmp::Ordering;
use std::net::IpAddr;

/// One key under one operator. All of a statement's must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    key: Key,
    test: Test,
    /// The operator says `Not`: it holds for what none of the values is like.
    negated: bool,
    if_exists: bool,
}

/// What a key's value is compared with; one of several is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Equal(Vec<String>, Case),
    Like(Vec<Pattern>),
    Arn(Vec<[Pattern; 6]>),
    Address(Vec<IpNet>),
    Bool(Vec<bool>),
    /// Seconds since the epoch.
    Seconds(Vec<i64>, How),
    Null(Vec<bool>),
}

/// Reads all conditions of a statement; what is wrong goes to the problems.
pub(super) fn parse(written: &Value, at: &str, problems: &mut Vec<Problem>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let Some(operators) = written.as_object() else {
        problems.push(Problem::new(at, "expected an object of operators: `{\"IpAddress\": {…}}`"));
        return conditions;
    };
    for (name, keys) in operators {
        let at = member(at, name);
        let operator = match Operator::parse(name) {
            Ok(operator) => operator,
            Err(problem) => {
                problems.push(Problem { path: at, ..problem });
                continue;
            }
        };
        let Some(keys) = keys.as_object().filter(|keys| !keys.is_empty()) else {
            problems.push(Problem::new(at, "expected an object of keys: `{\"aws:SourceIp\": …}`"));
            continue;
        };
        for (name, values) in keys {
            let at = member(&at, name);
            match Key::parse(name, operator.family) {
                Ok(key) => conditions.extend(Condition::parse(key, operator, values, &at, problems)),
                Err(problem) => problems.push(Problem { path: at, ..problem }),
            }
        }
    }
    conditions
}

// === impl Condition ===

impl Condition {
    fn parse(
        key: Key,
        operator: Operator,
        values: &Value,
        at: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let values = scalars(values, at, problems)?;
        let found = problems.len();
        let mut each = Each { values: &values, problems };
        let test = match (operator.family, operator.how) {
            (Family::Text, How::Like) => {
                Test::Like(each.read("", |text| Some(Pattern::new(text, Case::Counts))))
            }
            (Family::Text, How::EqualIgnoreCase) => {
                Test::Equal(each.read("", |text| Some(text.to_owned())), Case::Ignored)
            }
            (Family::Text, _) => Test::Equal(each.read("", |text| Some(text.to_owned())), Case::Counts),
            (Family::Arn, _) => Test::Arn(each.read("is no ARN", arn_pattern)),
            (Family::Address, _) => Test::Address(each.read("is no IP address or CIDR block", network)),
            (Family::Bool, _) => {
                Test::Bool(each.read("is neither `true` nor `false`", |text| text.parse().ok()))
            }
            (Family::Number, how) => {
                Test::Seconds(each.read("is no whole number", |text| text.parse().ok()), how)
            }
            (Family::Date, how) => {
                Test::Seconds(each.read("is no date such as `2030-01-31T12:00:00Z`", date::seconds), how)
            }
            (Family::Null, _) => {
                Test::Null(each.read("is neither `true` nor `false`", |text| text.parse().ok()))
            }
        };
        let condition = Self { key, test, negated: operator.negated, if_exists: operator.if_exists };
        (problems.len() == found).then_some(condition)
    }

    pub(super) fn wants_source_address(&self) -> bool {
        self.key == Key::SourceIp
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, asked: &Asked<'_>) -> Truth {
        match &self.test {
            Test::Equal(values, case) => self.judge(self.key.text(asked), |text| {
                values.iter().any(|value| match case {
                    Case::Counts => *value == text,
                    Case::Ignored => value.eq_ignore_ascii_case(&text),
                })
            }),
            Test::Like(values) => {
                self.judge(self.key.text(asked), |text| values.iter().any(|value| value.matches(&text)))
            }
            Test::Arn(values) => self.judge(self.key.text(asked), |text| {
                values.iter().any(|value| {
                    let mut fields = text.splitn(6, ':');
                    value.iter().all(|pattern| fields.next().is_some_and(|field| pattern.matches(field)))
                })
            }),
            Test::Address(values) => self.judge(self.key.address(asked), |address| {
                values.iter().any(|network| network.contains(&address))
            }),
            Test::Bool(values) => self.judge(self.key.bool(asked), |value| values.contains(&value)),
            Test::Seconds(values, how) => self.judge(self.key.seconds(asked), |seconds| {
                values.iter().any(|value| is(seconds.cmp(value), *how))
            }),
            Test::Null(values) => match self.key.is_absent(asked) {
                Found::Value(absent) => values.contains(&absent).into(),
                Found::Absent | Found::Unknown => Truth::Unknown,
            },
        }
    }

    fn judge<T>(&self, found: Found<T>, matches: impl FnOnce(T) -> bool) -> Truth {
        match found {
            Found::Value(value) => (matches(value) != self.negated).into(),
            Found::Absent => (self.if_exists || self.negated).into(),
            Found::Unknown => Truth::Unknown,
        }
    }
}

fn is(order: Ordering, how: How) -> bool {
    match how {
        How::Less => order.is_lt(),
        How::LessOrEqual => order.is_le(),
        How::Greater => order.is_gt(),
        How::GreaterOrEqual => order.is_ge(),
        How::Equal | How::EqualIgnoreCase | How::Like => order.is_eq(),
    }
}

/// The values of a key, each with its path.
struct Each<'a> {
    values: &'a [(String, String)],
    problems: &'a mut Vec<Problem>,
}

impl Each<'_> {
    #[inline(never)]
    fn read<T>(&mut self, wrong: &str, read: fn(&str) -> Option<T>) -> Vec<T> {
        let mut all = Vec::with_capacity(self.values.len());
        for (at, text) in self.values {
            match (variable(text, at), read(text)) {
                (Some(problem), _) => self.problems.push(problem),
                (None, Some(value)) => all.push(value),
                (None, None) => self.problems.push(Problem::new(at, format!("`{text}` {wrong}"))),
            }
        }
        all
    }
}

/// A value, or a list of at least one. IAM takes numbers and booleans with quotes and without.
fn scalars(written: &Value, at: &str, problems: &mut Vec<Problem>) -> Option<Vec<(String, String)>> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let all: Option<Vec<_>> = match written {
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items.map(|(i, item)| Some((element(at, i), scalar(item)?))).collect()
        }
        single => scalar(single).map(|text| vec![(at.to_owned(), text)]),
    };
    let all = all.filter(|all| !all.is_empty());
    if all.is_none() {
        problems.push(Problem::new(at, "expected a value, or a list of at least one"));
    }
    all
}

/// An ARN whose six fields are compared one by one.
fn arn_pattern(text: &str) -> Option<[Pattern; 6]> {
    let fields: Vec<_> = text.splitn(6, ':').map(|field| Pattern::new(field, Case::Counts)).collect();
    let fields: [Pattern; 6] = fields.try_into().ok()?;
    fields.first().is_some_and(|first| first.text() == "arn").then_some(fields)
}

/// An address, or a CIDR block. IPv4 addresses written as IPv6 ones are IPv4 addresses here and in requests.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok()?,
    };
    let IpNet::V6(wide) = network else { return Some(network) };
    match (wide.addr().to_ipv4_mapped(), wide.prefix_len().checked_sub(96)) {
        (Some(address), Some(length)) => Ipv4Net::new(address, length).ok().map(IpNet::V4),
        (Some(_), None) | (None, _) => Some(network),
    }
}
