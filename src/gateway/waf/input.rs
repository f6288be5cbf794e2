//! Inputs: parts of a request after their transformations, and all that rules ask of them.
//!
//! Rules that look at the same part after the same transformations share an input. It is looked at when the first of them
//! asks: extracted once, transformed once, and each test of it answered in that pass.

use super::field::{Extent, Field, Room};
use super::injection;
use super::patterns::{Found, Patterns};
use super::statement::Fit;
use super::transform::{PreParse, Transformation, Transformed};
use super::view::View;
use crate::gateway::Env;
use crate::gateway::config::waf::{ComparisonOperator, SensitivityLevel};
use crate::gateway::notes::Note;
use std::cell::RefCell;
use std::ops::Range;

/// How much of a part is shown to whoever watches.
const SHOWN_BYTES: usize = 100;

/// Tests of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The input.
    pub input: usize,
    /// Its tests, one of which must hold.
    pub tests: Range<usize>,
}

/// All inputs of a web ACL.
#[derive(Debug, Default)]
pub struct Inputs {
    inputs: Vec<Input>,
    scratch: RefCell<(Room, Transformed)>,
    /// Room for what is looked at of the next request.
    spare: RefCell<Vec<Option<Seen>>>,
}

/// A part of a request after its transformations.
#[derive(Debug)]
pub struct Input {
    /// The part.
    pub field: Field,
    /// What is done to the query string before its arguments are told apart.
    pub pre_parse: Vec<PreParse>,
    /// What is done to each part.
    pub transformations: Vec<Transformation>,
    /// Texts and regular expressions: the first tests.
    pub patterns: Patterns,
    /// The tests behind those.
    pub measures: Vec<Measure>,
}

/// A test that is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// It has a size.
    Size(ComparisonOperator, u64),
    /// SQL was put into it.
    Sqli(SensitivityLevel),
    /// A script was put into it.
    Xss,
}

/// What was looked at of one request.
#[derive(Debug)]
pub struct Memo(Vec<Option<Seen>>);

/// What came of a look at an input.
#[derive(Debug)]
enum Seen {
    /// The tests that held.
    Found(Found),
    /// All tests hold, or none, whatever is there: too much is there, or it cannot be read.
    Forced(bool),
    /// It is not there yet.
    Body,
}

// === impl Inputs ===

impl Inputs {
    /// Those of a web ACL.
    #[must_use]
    pub fn new(inputs: Vec<Input>) -> Self {
        Self { inputs, scratch: RefCell::default(), spare: RefCell::default() }
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Input> {
        self.inputs.iter()
    }

    /// A request of which nothing was looked at yet.
    #[must_use]
    pub fn memo(&self) -> Memo {
        let mut seen = self.spare.take();
        seen.clear();
        seen.resize_with(self.inputs.len(), || None);
        Memo(seen)
    }

    /// Keeps its room for the next request.
    pub fn take_back(&self, memo: Memo) {
        self.spare.replace(memo.0);
    }

    /// Whether a test holds.
    pub fn fits(&self, test: &Test, memo: &mut Memo, view: &View<'_>, env: &Env<'_>) -> Fit {
        let (Some(input), Some(seen)) = (self.inputs.get(test.input), memo.0.get_mut(test.input)) else {
            return Fit::No;
        };
        let look = || {
            let (room, scratch) = &mut *self.scratch.borrow_mut();
            input.look(view, room, scratch, env)
        };
        match seen.get_or_insert_with(look) {
            Seen::Found(found) => test.tests.clone().any(|test| found.has(test)).into(),
            Seen::Forced(fits) => (*fits).into(),
            Seen::Body => Fit::Body,
        }
    }
}

// === impl Input ===

impl Input {
    fn look(&self, view: &View<'_>, room: &mut Room, scratch: &mut Transformed, env: &Env<'_>) -> Seen {
        let mut found = Found::default();
        let extent = self.field.each(view, &self.pre_parse, room, &mut |part| {
            let part = scratch.apply(&self.transformations, part);
            let before = env.watcher.map(|_| found.clone());
            self.patterns.scan(part, &mut found);
            for (i, measure) in self.measures.iter().enumerate() {
                if measure.holds(part) {
                    found.add(self.patterns.len() + i);
                }
            }
            if before.is_some_and(|before| before != found) {
                env.note(|| Note::fact("web ACL", self.told(part)));
            }
        });
        match extent {
            Extent::All => Seen::Found(found),
            Extent::Forced(fits) => Seen::Forced(fits),
            Extent::Body => Seen::Body,
        }
    }
}

impl Input {
    /// What was found in a part, for whoever watches.
    fn told(&self, part: &[u8]) -> String {
        let shown = part.get(..SHOWN_BYTES).unwrap_or(part).escape_ascii();
        let more = if part.len() > SHOWN_BYTES { "…" } else { "" };
        let steps: Vec<_> = self.transformations.iter().map(|step| format!("{step:?}")).collect();
        let after = if steps.is_empty() { String::new() } else { format!(", after {}", steps.join(", ")) };
        format!("something fits in {}{after}: `{shown}{more}`", self.field)
    }
}

// === impl Measure ===

impl Measure {
    fn holds(self, part: &[u8]) -> bool {
        match self {
            Self::Size(operator, size) => {
                let actual = part.len() as u64;
                match operator {
                    ComparisonOperator::Eq => actual == size,
                    ComparisonOperator::Ne => actual != size,
                    ComparisonOperator::Le => actual <= size,
                    ComparisonOperator::Lt => actual < size,
                    ComparisonOperator::Ge => actual >= size,
                    ComparisonOperator::Gt => actual > size,
                }
            }
            Self::Sqli(level) => injection::is_sqli(part, level),
            Self::Xss => injection::is_xss(part),
        }
    }
}
