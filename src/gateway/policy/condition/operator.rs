//! Operators: how a key's value is compared.

use super::super::Problem;
use crate::gateway::diagnostics::similar;

/// An operator with its suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    pub family: Family,
    pub how: How,
    pub negated: bool,
    pub if_exists: bool,
}

/// What kind of values an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    Number,
    Date,
    Bool,
    Address,
    Arn,
    /// Whether there is a value at all.
    Null,
}

/// What it asks of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Equal,
    EqualIgnoreCase,
    Like,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Name, family, how, and whether it is negated.
const OPERATORS: [(&str, Family, How, bool); 26] = [
    ("StringEquals", Family::Text, How::Equal, false),
    ("StringNotEquals", Family::Text, How::Equal, true),
    ("StringEqualsIgnoreCase", Family::Text, How::EqualIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Family::Text, How::EqualIgnoreCase, true),
    ("StringLike", Family::Text, How::Like, false),
    ("StringNotLike", Family::Text, How::Like, true),
    ("NumericEquals", Family::Number, How::Equal, false),
    ("NumericNotEquals", Family::Number, How::Equal, true),
    ("NumericLessThan", Family::Number, How::Less, false),
    ("NumericLessThanEquals", Family::Number, How::LessOrEqual, false),
    ("NumericGreaterThan", Family::Number, How::Greater, false),
    ("NumericGreaterThanEquals", Family::Number, How::GreaterOrEqual, false),
    ("DateEquals", Family::Date, How::Equal, false),
    ("DateNotEquals", Family::Date, How::Equal, true),
    ("DateLessThan", Family::Date, How::Less, false),
    ("DateLessThanEquals", Family::Date, How::LessOrEqual, false),
    ("DateGreaterThan", Family::Date, How::Greater, false),
    ("DateGreaterThanEquals", Family::Date, How::GreaterOrEqual, false),
    ("Bool", Family::Bool, How::Equal, false),
    ("IpAddress", Family::Address, How::Equal, false),
    ("NotIpAddress", Family::Address, How::Equal, true),
    // For ARNs AWS's `Equals` takes wildcards too.
    ("ArnEquals", Family::Arn, How::Like, false),
    ("ArnNotEquals", Family::Arn, How::Like, true),
    ("ArnLike", Family::Arn, How::Like, false),
    ("ArnNotLike", Family::Arn, How::Like, true),
    ("Null", Family::Null, How::Equal, false),
];

// === impl Operator ===

impl Operator {
    /// Reads an operator's name; the problem has no path.
    pub(super) fn parse(name: &str) -> Result<Self, Problem> {
        if name.starts_with("ForAnyValue:") || name.starts_with("ForAllValues:") {
            // `ForAllValues` holds for a key that a request does not have: with `Allow` it lets in who says nothing.
            let problem = format!("`{name}` is for keys of several values, and here are none");
            return Err(Problem::new("", problem).help("leave `ForAnyValue:` or `ForAllValues:` out"));
        }
        let (bare, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |bare| (bare, true));
        let known = OPERATORS.iter().find(|(known, ..)| *known == bare);
        match known {
            Some((_, Family::Null, ..)) if if_exists => {
                Err(Problem::new("", "`NullIfExists` contradicts itself").help("write `Null`"))
            }
            Some(&(_, family, how, negated)) => Ok(Self { family, how, negated, if_exists }),
            None => {
                let problem = Problem::new("", format!("no operator is named `{name}`"));
                Err(match similar(bare, OPERATORS.iter().map(|(known, ..)| *known)) {
                    Some(near) => problem.help(format!("an operator with a similar name exists: `{near}`")),
                    None => problem,
                })
            }
        }
    }
}
