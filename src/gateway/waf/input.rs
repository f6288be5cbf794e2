//! Inputs: parts of a request after their transformations, and all that rules ask of them.
//!
//! Rules that look at the same part after the same transformations share an input. It is looked at when the first of them
//! asks: extracted once, transformed once, and each test of it answered in that pass.

use super::field::{Extent, Field, Room};
use super::injection;
use super::patterns::{Expressions, Found, Patterns};
use super::plain::Plain;
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
    /// The expressions that they ask.
    expressions: Expressions,
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
    /// Which parts that leaves as they are.
    pub plain: Option<Plain>,
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
    /// The tests that held of those that were made.
    Found(Found, Made),
    /// All tests hold, or none, whatever is there: too much is there, or it cannot be read.
    Forced(bool),
    /// It is not there yet.
    Body,
}

/// Which tests were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// Those that cost little.
    Cheap,
    /// All.
    All,
}

// === impl Inputs ===

impl Inputs {
    /// Those of a web ACL.
    #[must_use]
    pub fn new(inputs: Vec<Input>, expressions: Expressions) -> Self {
        Self { inputs, expressions, ..Self::default() }
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
        let look = |made, found| {
            let (room, scratch) = &mut *self.scratch.borrow_mut();
            input.look(made, found, &self.expressions, view, room, scratch, env)
        };
        let seen = seen.get_or_insert_with(|| look(Made::Cheap, Found::default()));
        if let Seen::Found(found, Made::Cheap) = seen
            && input.is_dear(&test.tests)
        {
            *seen = look(Made::All, std::mem::take(found));
        }
        match seen {
            Seen::Found(found, _) => found.has_one(test.tests.clone()).into(),
            Seen::Forced(fits) => (*fits).into(),
            Seen::Body => Fit::Body,
        }
    }
}

// === impl Memo ===

impl Memo {
    /// What could not be looked at, because it was in the body, is looked at now.
    pub(super) fn forget_body(&mut self) {
        for seen in &mut self.0 {
            if matches!(seen, Some(Seen::Body)) {
                *seen = None;
            }
        }
    }
}

// === impl Input ===

impl Input {
    /// Looks at each part: makes the cheap tests, and the dear ones when all are asked for.
    #[allow(clippy::too_many_arguments)]
    fn look(
        &self,
        made: Made,
        mut found: Found,
        expressions: &Expressions,
        view: &View<'_>,
        room: &mut Room,
        scratch: &mut Transformed,
        env: &Env<'_>,
    ) -> Seen {
        // Where nothing is cheap, what is dear is made at once.
        let made = if self.patterns.is_empty() { Made::All } else { made };
        let extent = self.field.each(view, &self.pre_parse, room, &mut |part| {
            let part = match &self.plain {
                Some(plain) if plain.stays(part) => part,
                Some(_) | None => scratch.apply(&self.transformations, part),
            };
            let before = env.watcher.map(|_| found.clone());
            self.test(part, made, expressions, &mut found);
            if before.is_some_and(|before| before != found) {
                env.note(|| Note::fact("web ACL", self.told(part)));
            }
        });
        match extent {
            Extent::All => Seen::Found(found, made),
            Extent::Forced(fits) => Seen::Forced(fits),
            Extent::Body => Seen::Body,
        }
    }

    fn test(&self, part: &[u8], made: Made, expressions: &Expressions, found: &mut Found) {
        let first = self.patterns.len();
        if made == Made::Cheap {
            self.patterns.scan(part, expressions, found);
        }
        for (i, measure) in self.measures.iter().enumerate() {
            let is_due = match made {
                Made::Cheap => !measure.is_dear(),
                Made::All => measure.is_dear() || first == 0,
            };
            if is_due && !found.has(first + i) && measure.holds(part) {
                found.add(first + i);
            }
        }
    }

    /// Whether one of these tests is dear.
    pub(crate) fn is_dear(&self, tests: &Range<usize>) -> bool {
        let measures = tests.end.checked_sub(self.patterns.len());
        measures
            .and_then(|end| self.measures.get(end.saturating_sub(tests.len())..end))
            .is_some_and(|measures| measures.iter().any(|measure| measure.is_dear()))
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
    /// Whether it costs so much that it is made when it is asked for, and not when others of its input are.
    fn is_dear(self) -> bool {
        match self {
            Self::Sqli(_) => true,
            // One look at its bytes suffices for most texts.
            Self::Xss | Self::Size(..) => false,
        }
    }

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
