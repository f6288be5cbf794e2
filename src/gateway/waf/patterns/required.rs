//! Texts without which an expression cannot fit.
//!
//! An automaton for many expressions at once has a state for each mixture of what each of them has seen, and a client could
//! make a new one with each byte. One for texts has no more states than the texts have bytes. So texts alone are looked for
//! in what everybody sends, and an expression is asked where one of its texts stands.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Literal, Repetition};

/// A text, letters in both cases where case does not count.
type Text = Vec<ClassBytes>;

/// As many texts has one expression at most.
const MOST: usize = 128;

/// As many bytes of a text are looked for.
const LONGEST: usize = 16;

/// As many bytes may stand in one place of a text: `[aA]`, `[-_ ]`.
const WIDEST: usize = 4;

/// The texts of an expression.
#[derive(Debug)]
pub struct Required {
    /// One of these.
    pub texts: Hir,
    /// Whether nothing else need be asked.
    pub exact: bool,
}

/// What is known of a piece.
#[derive(Debug, Default)]
struct Known {
    /// All that it fits.
    all: Option<Vec<Text>>,
    /// Where not all is known: one of these is in what it fits.
    one: Option<Vec<Text>>,
}

/// The texts one of which is in all that an expression fits, if there are any to look for.
#[must_use]
pub fn required(expression: &Hir) -> Option<Required> {
    let known = known(expression);
    let looks = !expression.properties().look_set().is_empty();
    let exact = !looks && known.all.is_some();
    let texts = known.best()?;
    Some(Required { texts: Hir::alternation(texts.into_iter().map(hir).collect()), exact })
}

fn hir(text: Text) -> Hir {
    Hir::concat(text.into_iter().map(|class| Hir::class(Class::Bytes(class))).collect())
}

fn known(piece: &Hir) -> Known {
    match piece.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::all(vec![Vec::new()]),
        HirKind::Literal(Literal(bytes)) => of_literal(bytes),
        HirKind::Class(class) => of_class(class),
        HirKind::Capture(capture) => known(&capture.sub),
        HirKind::Repetition(repetition) => of_repetition(repetition),
        HirKind::Concat(pieces) => of_concat(pieces),
        HirKind::Alternation(branches) => of_alternation(branches),
    }
}

fn of_literal(bytes: &[u8]) -> Known {
    let byte = |byte: &u8| ClassBytes::new([ClassBytesRange::new(*byte, *byte)]);
    let text = bytes.iter().take(LONGEST).map(byte).collect();
    let texts = vec![text];
    if bytes.len() <= LONGEST { Known::all(texts) } else { Known { all: None, one: Some(texts) } }
}

fn of_class(class: &Class) -> Known {
    match class {
        Class::Bytes(bytes) if (1..=WIDEST).contains(&width(bytes)) => Known::all(vec![vec![bytes.clone()]]),
        // Expressions are read as bytes.
        Class::Bytes(_) | Class::Unicode(_) => Known::default(),
    }
}

fn width(class: &ClassBytes) -> usize {
    class.ranges().iter().map(ClassBytesRange::len).sum()
}

fn of_repetition(repetition: &Repetition) -> Known {
    let inner = known(&repetition.sub);
    match (repetition.min, repetition.max) {
        (0, Some(1)) => {
            let all = inner.all.map(|mut all| {
                all.push(Vec::new());
                all
            });
            Known { all, one: None }
        }
        (0, _) => Known::default(),
        (1, Some(1)) => inner,
        _ => Known { all: None, one: inner.best() },
    }
}

fn of_concat(pieces: &[Hir]) -> Known {
    let mut whole = true;
    let mut run = vec![Vec::new()];
    let mut one = None;
    for piece in pieces {
        let known = known(piece);
        match known.all.as_ref().and_then(|all| joined(&run, all)) {
            Some(longer) => run = longer,
            // The run ends here; what is all of this piece begins the next one.
            None => {
                whole = false;
                one = better(one, better(known.one, Some(run)));
                run = known.all.unwrap_or_else(|| vec![Vec::new()]);
            }
        }
    }
    if whole { Known::all(run) } else { Known { all: None, one: better(one, Some(run)) } }
}

/// Each with each, if those are not too many or too long.
fn joined(before: &[Text], behind: &[Text]) -> Option<Vec<Text>> {
    if before.len() * behind.len() > MOST {
        return None;
    }
    let mut all = Vec::with_capacity(before.len() * behind.len());
    for first in before {
        for second in behind {
            if first.len() + second.len() > LONGEST {
                return None;
            }
            all.push(first.iter().chain(second).cloned().collect());
        }
    }
    Some(all)
}

fn of_alternation(branches: &[Hir]) -> Known {
    let mut all = Some(Vec::new());
    let mut one = Some(Vec::new());
    for branch in branches {
        let known = known(branch);
        all = match (all, &known.all) {
            (Some(all), Some(more)) => sum(all, more.clone()),
            _ => None,
        };
        one = match (one, known.best()) {
            (Some(one), Some(more)) => sum(one, more),
            _ => None,
        };
    }
    Known { one: if all.is_some() { None } else { one }, all }
}

fn sum(mut texts: Vec<Text>, more: Vec<Text>) -> Option<Vec<Text>> {
    texts.extend(more);
    (texts.len() <= MOST).then_some(texts)
}

/// Those that are found less often.
fn better(left: Option<Vec<Text>>, right: Option<Vec<Text>>) -> Option<Vec<Text>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if worth(&right) > worth(&left) { right } else { left }),
        (left, right) => left.or(right),
    }
}

/// How rare the most frequent one is.
fn worth(texts: &[Text]) -> usize {
    texts.iter().map(|text| text.iter().map(rarity).sum()).min().unwrap_or(0)
}

/// How rare a byte is in what people send.
fn rarity(class: &ClassBytes) -> usize {
    let common = |byte: u8| byte.is_ascii_alphanumeric() || b" /=&.-_%+,:?".contains(&byte);
    let is_common = class.ranges().iter().any(|range| (range.start()..=range.end()).any(common));
    if is_common { 2 } else { 3 }
}

// === impl Known ===

impl Known {
    fn all(texts: Vec<Text>) -> Self {
        Self { all: Some(texts), one: None }
    }

    /// The texts to look for; none if each place has some.
    fn best(self) -> Option<Vec<Text>> {
        better(self.one, self.all).filter(|texts| worth(texts) > 2)
    }
}
