//! What of a request SQL or a script was found in, in the words of AWS's log (`ruleMatchDetails`).
//!
//! It is looked for again when a rule has fitted that asks for it, and only where a web ACL is logged: a clean request costs
//! nothing. Of what is never logged nothing is told but that something is there.

use crate::gateway::config::waf::SensitivityLevel;
use crate::gateway::waf::field::{Field, Room};
use crate::gateway::waf::injection::{is_sqli, is_xss, tokens};
use crate::gateway::waf::input::{Input, Measure, Test};
use crate::gateway::waf::log::Logging;
use crate::gateway::waf::statement::{Fit, Judge, Statement};
use crate::gateway::waf::transform::Transformed;
use crate::gateway::waf::view::View;

/// Most that is told of one rule.
const MOST: usize = 8;

/// SQL or a script that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchDetail {
    /// What it is.
    pub condition: Condition,
    /// `location`: the field.
    pub location: &'static str,
    /// `matchedFieldName`: of a field that has a name.
    pub name: Option<String>,
    /// `matchedData`: what gave it away, as it was after the transformations; none if it is never logged.
    pub data: Option<Vec<Vec<u8>>>,
}

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// SQL, at this level.
    Sqli(SensitivityLevel),
    /// A script.
    Xss,
}

/// What a statement found that fits.
pub fn in_statement(statement: &Statement, judge: &mut Judge<'_, '_>, logging: &Logging) -> Vec<MatchDetail> {
    let mut details = Vec::new();
    add(statement, judge, logging, &mut details);
    details
}

fn add(statement: &Statement, judge: &mut Judge<'_, '_>, logging: &Logging, details: &mut Vec<MatchDetail>) {
    match statement {
        Statement::Test(test) if details.len() < MOST => details.extend(of_test(test, judge, logging)),
        Statement::And(all) => all.iter().for_each(|statement| add(statement, judge, logging, details)),
        Statement::Or(any) => {
            // The first decides, and the others are not asked.
            let first = any.iter().find(|statement| statement.fits(judge) == Fit::Yes);
            first.into_iter().for_each(|statement| add(statement, judge, logging, details));
        }
        // What is not there cannot be shown, and nothing else looks for SQL or scripts.
        Statement::Test(_)
        | Statement::Not(_)
        | Statement::Addresses(_)
        | Statement::Countries(_)
        | Statement::Asns(_)
        | Statement::Label(_) => {}
    }
}

fn of_test(test: &Test, judge: &Judge<'_, '_>, logging: &Logging) -> Option<MatchDetail> {
    let input = judge.inputs.iter().nth(test.input)?;
    test.tests.clone().find_map(|test| {
        let condition = match input.measures.get(test.checked_sub(input.patterns.len())?)? {
            Measure::Sqli(level) => Condition::Sqli(*level),
            Measure::Xss => Condition::Xss,
            Measure::Size(..) => return None,
        };
        let found = |field: &Field| condition.find(input, field, judge.view);
        let data = logging.shown(&input.field, judge.view).and_then(|field| found(&field));
        // Without a look at what is hidden nobody knows which of several tests it was.
        let is_there = data.is_some() || found(&input.field).is_some();
        is_there.then(|| MatchDetail {
            condition,
            location: location(&input.field),
            name: name(&input.field),
            data,
        })
    })
}

/// As AWS's log has it: <https://docs.aws.amazon.com/waf/latest/developerguide/logging-examples.html> says what JSON is.
fn location(field: &Field) -> &'static str {
    match field {
        Field::JsonBody(..) => "UNKNOWN",
        Field::Method
        | Field::UriPath
        | Field::QueryString
        | Field::SingleQueryArgument(_)
        | Field::AllQueryArguments
        | Field::SingleHeader(_)
        | Field::Headers(..)
        | Field::Cookies(..)
        | Field::HeaderOrder(_)
        | Field::Body(_) => field.in_log(),
    }
}

fn name(field: &Field) -> Option<String> {
    match field {
        Field::SingleQueryArgument(name) | Field::SingleHeader(name) => Some(name.clone()),
        Field::Method
        | Field::UriPath
        | Field::QueryString
        | Field::AllQueryArguments
        | Field::Headers(..)
        | Field::Cookies(..)
        | Field::HeaderOrder(_)
        | Field::Body(_)
        | Field::JsonBody(..) => None,
    }
}

// === impl Condition ===

impl Condition {
    /// What gives it away in the first part of a field that has it.
    fn find(self, input: &Input, field: &Field, view: &View<'_>) -> Option<Vec<Vec<u8>>> {
        let (mut room, mut transformed, mut data) = (Room::default(), Transformed::default(), None);
        let _ = field.each(view, &input.pre_parse, &mut room, &mut |part| {
            if data.is_none() {
                data = self.data(transformed.apply(&input.transformations, part));
            }
        });
        data
    }

    fn data(self, part: &[u8]) -> Option<Vec<Vec<u8>>> {
        match self {
            Self::Sqli(level) => is_sqli(part, level).then(|| tokens::of_sql(part)),
            Self::Xss => is_xss(part).then(|| tokens::of_script(part)),
        }
    }
}

#[cfg(test)]
mod tests;
