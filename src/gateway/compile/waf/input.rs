//! Inputs that are being put together: statements on the same part after the same transformations share one.

use super::super::scope::Scope;
use crate::gateway::config::waf::PositionalConstraint;
use crate::gateway::waf::field::Field;
use crate::gateway::waf::input::{Input, Inputs, Measure, Test};
use crate::gateway::waf::patterns::{Builder, Library};
use crate::gateway::waf::plain::Plain;
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
pub(super) struct Drafts {
    inputs: Vec<Draft>,
    library: Library,
}

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
        self.test(part, &mut |draft, _| draft.text(&text, constraint))
    }

    /// Adds a measure.
    pub(super) fn measure(&mut self, part: Part, measure: Measure) -> Test {
        self.test(part, &mut |draft, _| draft.measure(measure))
    }

    /// Adds regular expressions, one of which must fit; those that cannot be read are told with their places.
    pub(super) fn regexes(
        &mut self,
        part: Part,
        regexes: &[&str],
        problem: &mut dyn FnMut(usize, String),
    ) -> Test {
        self.test(part, &mut |draft, library| draft.regexes(regexes, library, problem))
    }

    #[inline(never)]
    fn test(&mut self, part: Part, add: &mut dyn FnMut(&mut Draft, &mut Library) -> Range<usize>) -> Test {
        let Self { inputs, library } = self;
        let input = inputs.iter().position(|known| known.part == part).unwrap_or(inputs.len());
        if input == inputs.len() {
            let (patterns, texts, measures) = Default::default();
            inputs.push(Draft { part, patterns, texts, measures });
        }
        let tests = inputs.get_mut(input).map(|draft| add(draft, library)).unwrap_or_default();
        Test { input, tests }
    }

    /// The inputs; measures get their numbers in the rules. None if one would be too large.
    pub(super) fn finish(self, rules: &mut [Rule], scope: &mut Scope<'_>) -> Option<Inputs> {
        let built = self.inputs.into_iter().map(Draft::finish).collect::<Result<Vec<_>, _>>();
        match built.and_then(|inputs| Ok((inputs, self.library.build()?))) {
            Ok((inputs, expressions)) => {
                number_rules(rules, &inputs);
                Some(Inputs::new(inputs, expressions))
            }
            Err(problem) => {
                scope.error("Rules", problem);
                None
            }
        }
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

    fn regexes(
        &mut self,
        regexes: &[&str],
        library: &mut Library,
        problem: &mut dyn FnMut(usize, String),
    ) -> Range<usize> {
        let mut tests = 0..0;
        for (i, regex) in regexes.iter().enumerate() {
            match self.patterns.add_regex(regex, library) {
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
        let plain = Plain::of(&transformations);
        Ok(Input { field, pre_parse, transformations, plain, patterns, measures: self.measures })
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
        Statement::And(several) => {
            several.iter_mut().for_each(|statement| number(statement, inputs));
            sort(several, inputs);
        }
        Statement::Or(several) => {
            several.iter_mut().for_each(|statement| number(statement, inputs));
            sort(several, inputs);
            merge(several, inputs);
        }
        Statement::Not(other) => number(other, inputs),
        Statement::Addresses(_) | Statement::Countries(_) | Statement::Asns(_) | Statement::Label(_) => {}
    }
}

/// What costs much is asked behind what may make it needless. Others than tests stay where they are: a look at a country is seen
/// by the rules behind.
fn sort(several: &mut Vec<Statement>, inputs: &[Input]) {
    if several.iter().all(|statement| matches!(statement, Statement::Test(_))) {
        let (dear, cheap): (Vec<_>, Vec<_>) =
            several.drain(..).partition(|statement| is_dear(statement, inputs));
        several.extend(cheap.into_iter().chain(dear));
    }
}

fn is_dear(statement: &Statement, inputs: &[Input]) -> bool {
    matches!(statement, Statement::Test(test) if inputs.get(test.input).is_some_and(|input| input.is_dear(&test.tests)))
}

/// Cheap tests of one input, one behind the other, are one.
fn merge(several: &mut Vec<Statement>, inputs: &[Input]) {
    several.dedup_by(|next, before| {
        let is_cheap = !is_dear(next, inputs);
        match (before, next) {
            (Statement::Test(before), Statement::Test(next))
                if is_cheap && before.input == next.input && before.tests.end == next.tests.start =>
            {
                before.tests.end = next.tests.end;
                true
            }
            _ => false,
        }
    });
}
