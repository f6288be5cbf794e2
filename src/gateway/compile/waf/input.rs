//! Inputs that are being put together: statements on the same part after the same transformations share one.

use super::super::scope::Scope;
use crate::gateway::config::waf::PositionalConstraint;
use crate::gateway::waf::field::Field;
use crate::gateway::waf::input::{Input, Inputs, Measure, Test};
use crate::gateway::waf::patterns::Builder;
use crate::gateway::waf::rule::{Body, Matcher, Rule};
use crate::gateway::waf::statement::Statement;
use crate::gateway::waf::transform::{PreParse, Transformation};
use std::ops::Range;

/// The number of the first measure until all patterns of its input are known: measures come behind them.
const MEASURES: usize = 1 << 24;

/// A part of a request, and what is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) field: Field,
    pub(super) pre_parse: Vec<PreParse>,
    pub(super) transformations: Vec<Transformation>,
}

/// All inputs of a web ACL.
#[derive(Debug, Default)]
pub(super) struct Drafts(Vec<Draft>);

/// An input.
#[derive(Debug)]
struct Draft {
    part: Part,
    patterns: Builder,
    /// What was added to those.
    texts: Vec<(Vec<u8>, PositionalConstraint, usize)>,
    measures: Vec<Measure>,
}

// === impl Drafts ===

impl Drafts {
    /// Adds a text.
    pub(super) fn text(&mut self, part: Part, text: Vec<u8>, constraint: PositionalConstraint) -> Test {
        self.test(part, &mut |draft| draft.text(&text, constraint))
    }

    /// Adds a measure.
    pub(super) fn measure(&mut self, part: Part, measure: Measure) -> Test {
        self.test(part, &mut |draft| draft.measure(measure))
    }

    /// Adds regular expressions, one of which must fit; those that cannot be read are told with their places.
    pub(super) fn regexes(
        &mut self,
        part: Part,
        regexes: &[&str],
        problem: &mut dyn FnMut(usize, String),
    ) -> Test {
        self.test(part, &mut |draft| draft.regexes(regexes, problem))
    }

    #[inline(never)]
    fn test(&mut self, part: Part, add: &mut dyn FnMut(&mut Draft) -> Range<usize>) -> Test {
        let input = self.0.iter().position(|known| known.part == part).unwrap_or(self.0.len());
        if input == self.0.len() {
            let (patterns, texts, measures) = Default::default();
            self.0.push(Draft { part, patterns, texts, measures });
        }
        let tests = self.0.get_mut(input).map(add).unwrap_or_default();
        Test { input, tests }
    }

    /// The inputs; measures get their numbers in the rules. None if one would be too large.
    pub(super) fn finish(self, rules: &mut [Rule], scope: &mut Scope<'_>) -> Option<Inputs> {
        let mut inputs = Vec::with_capacity(self.0.len());
        for draft in self.0 {
            match draft.finish() {
                Ok(input) => inputs.push(input),
                Err(problem) => {
                    scope.error("Rules", problem);
                    return None;
                }
            }
        }
        number_rules(rules, &inputs);
        Some(Inputs::new(inputs))
    }
}

// === impl Draft ===

impl Draft {
    fn text(&mut self, text: &[u8], constraint: PositionalConstraint) -> Range<usize> {
        let known = self.texts.iter().find(|known| known.0 == text && known.1 == constraint);
        let number = known.map(|(_, _, number)| *number);
        let number = number.unwrap_or_else(|| {
            let number = self.patterns.add_text(text, constraint);
            self.texts.push((text.to_vec(), constraint, number));
            number
        });
        number..number + 1
    }

    fn measure(&mut self, measure: Measure) -> Range<usize> {
        let known = self.measures.iter().position(|known| *known == measure);
        let number = known.unwrap_or_else(|| {
            self.measures.push(measure);
            self.measures.len() - 1
        });
        MEASURES + number..MEASURES + number + 1
    }

    fn regexes(&mut self, regexes: &[&str], problem: &mut dyn FnMut(usize, String)) -> Range<usize> {
        let mut tests = 0..0;
        for (i, regex) in regexes.iter().enumerate() {
            match self.patterns.add_regex(regex) {
                Ok(number) if tests.is_empty() => tests = number..number + 1,
                Ok(number) => tests.end = number + 1,
                Err(words) => problem(i, words),
            }
        }
        tests
    }

    fn finish(self) -> Result<Input, String> {
        let Part { field, pre_parse, transformations } = self.part;
        let patterns = self
            .patterns
            .build()
            .map_err(|words| format!("the patterns that are sought in {field:?} are too many: {words}"))?;
        Ok(Input { field, pre_parse, transformations, patterns, measures: self.measures })
    }
}

/// Measures get their numbers.
fn number_rules(rules: &mut [Rule], inputs: &[Input]) {
    for rule in rules {
        match &mut rule.body {
            Body::Own(own) => match &mut own.matcher {
                Matcher::Statement(statement) => number(statement, inputs),
                Matcher::Rate(rate) => {
                    if let Some(statement) = &mut rate.scope_down {
                        number(statement, inputs);
                    }
                }
            },
            Body::Group(group) => {
                if let Some(statement) = &mut group.scope_down {
                    number(statement, inputs);
                }
                number_rules(&mut group.rules, inputs);
            }
        }
    }
}

fn number(statement: &mut Statement, inputs: &[Input]) {
    match statement {
        Statement::Test(test) => {
            if let Some(input) = inputs.get(test.input).filter(|_| test.tests.start >= MEASURES) {
                let first = test.tests.start - MEASURES + input.patterns.len();
                test.tests = first..first + 1;
            }
        }
        Statement::And(several) | Statement::Or(several) => {
            several.iter_mut().for_each(|statement| number(statement, inputs));
        }
        Statement::Not(other) => number(other, inputs),
        Statement::Addresses(_) | Statement::Countries(_) | Statement::Asns(_) | Statement::Label(_) => {}
    }
}
