//! Texts without which an expression cannot fit.
//!
//! An automaton for many expressions at once has a state for each mixture of what each of them has seen, and a client could
//! make a new one with each byte. So an expression is asked only where one of its texts stands, and those are looked for
//! together, in a time that no client can change.

use regex_syntax::hir::{Class, Hir, HirKind, Literal, Repetition};

/// A text, in lower case: it is looked for in any.
type Text = Vec<u8>;

/// As many texts has one expression at most.
const MOST: usize = 128;

/// As many bytes of a text are looked for.
const LONGEST: usize = 16;

/// As many bytes may stand in one place of a text: `[aA]`, `[-_ ]`, `\s`.
const WIDEST: usize = 6;

/// What a letter is worth: to look for one is to find it nearly everywhere.
const EVERYWHERE: usize = 4;

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
pub fn required(expression: &Hir) -> Option<Vec<Vec<u8>>> {
    known(expression).best().and_then(fewer)
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
    let texts = vec![bytes.iter().take(LONGEST).map(u8::to_ascii_lowercase).collect()];
    if bytes.len() <= LONGEST { Known::all(texts) } else { Known { all: None, one: Some(texts) } }
}

fn of_class(class: &Class) -> Known {
    // Expressions are read as bytes.
    let Class::Bytes(class) = class else { return Known::default() };
    let mut bytes = Vec::new();
    for byte in class.ranges().iter().flat_map(|range| range.start()..=range.end()) {
        let byte = byte.to_ascii_lowercase();
        if !bytes.contains(&byte) {
            bytes.push(byte);
        }
        if bytes.len() > WIDEST {
            return Known::default();
        }
    }
    Known::all(bytes.into_iter().map(|byte| vec![byte]).collect())
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
        let (known, repeated) = match piece.kind() {
            // The first time stands behind what is before, the last time before what is behind.
            HirKind::Repetition(repetition) if repetition.min > 0 => (known(&repetition.sub), true),
            _ => (known(piece), false),
        };
        let longer = known.all.as_ref().and_then(|all| joined(&run, all));
        match longer {
            Some(longer) if !repeated => run = longer,
            longer => {
                whole = false;
                one = better(one, better(known.one, Some(longer.unwrap_or(run))));
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
            all.push(first.iter().chain(second).copied().collect());
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
            (Some(mut one), Some(more)) => {
                one.extend(more);
                fewer(one)
            }
            _ => None,
        };
    }
    Known { one: if all.is_some() { None } else { one }, all }
}

fn sum(mut texts: Vec<Text>, more: Vec<Text>) -> Option<Vec<Text>> {
    texts.extend(more);
    (texts.len() <= MOST).then_some(texts)
}

/// Texts one of which is where one of many is: those that begin as another does go, and where that does not suffice, all are cut.
fn fewer(mut texts: Vec<Text>) -> Option<Vec<Text>> {
    for longest in (1..=LONGEST).rev() {
        let mut kept: Vec<Text> = Vec::new();
        for mut text in texts {
            text.truncate(longest);
            if !kept.iter().any(|other| text.starts_with(other)) {
                kept.retain(|other| !other.starts_with(&text));
                kept.push(text);
            }
        }
        if kept.len() <= MOST {
            return Some(kept).filter(|kept| worth(kept) > EVERYWHERE);
        }
        texts = kept;
    }
    None
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
fn rarity(byte: &u8) -> usize {
    match byte {
        b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => EVERYWHERE,
        b'/' | b'=' | b'.' | b'-' | b'_' | b',' | b':' => 5,
        b'&' | b'%' | b'+' | b'?' => 6,
        _ => 7,
    }
}

/// The rarest byte of a text, if one is rare.
pub fn rarest(text: &[u8]) -> Option<u8> {
    text.iter().copied().max_by_key(rarity).filter(|byte| rarity(byte) > EVERYWHERE)
}

// === impl Known ===

impl Known {
    fn all(texts: Vec<Text>) -> Self {
        Self { all: Some(texts), one: None }
    }

    /// The texts to look for; none if they stand nearly everywhere.
    fn best(self) -> Option<Vec<Text>> {
        better(self.one, self.all).filter(|texts| worth(texts) > EVERYWHERE)
    }
}
