//! Regular expressions: one engine for all of them, in time linear in what a client sends.
//!
//! An [`Automaton`] makes its states as it needs them and forgets them all when they take more than their room: a byte
//! then costs as much as the expression has places, never more.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, Config, NFA, WhichCaptures};
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;
use regex_syntax::{Error, ParserBuilder};
use std::cell::RefCell;
use std::fmt::{self, Debug, Formatter};

/// Bytes of an expression, read: a byte of what a client sends may cost as much time as all of it.
const LARGEST: usize = 64 * 1024;

/// Bytes of the states of an expression.
const ROOM: usize = 64 * 1024;

/// How deep groups may stand in each other.
const DEEPEST: u32 = 64;

/// An expression that a document brings for texts: of characters, with the classes of ASCII.
#[derive(Clone)]
pub struct Regex(Automaton);

/// One expression, or several.
#[derive(Clone)]
pub struct Automaton {
    /// What makes the states.
    pub dfa: DFA,
    cache: RefCell<Option<Cache>>,
}

/// The states of expressions, not made yet.
///
/// # Errors
/// If they would be larger than `largest` bytes, in words.
#[inline(never)]
pub fn states(expressions: &[Hir], largest: usize) -> Result<NFA, String> {
    let config = Config::new().utf8(false).nfa_size_limit(Some(largest)).which_captures(WhichCaptures::None);
    let made = Compiler::new().configure(config).build_many_from_hir(expressions);
    made.map_err(|error| match error.size_limit() {
        Some(limit) => format!("it takes more than {limit} bytes: what it repeats is repeated too often"),
        None => error.to_string(),
    })
}

// === impl Regex ===

impl Regex {
    /// Reads an expression.
    ///
    /// # Errors
    /// What cannot be read of it, or is not supported, in words.
    #[inline(never)]
    pub fn new(expression: &str) -> Result<Self, String> {
        let parse = |unicode: bool| {
            let mut parser = ParserBuilder::new().unicode(unicode).utf8(false).nest_limit(DEEPEST).build();
            parser.parse(&in_ascii(expression))
        };
        // Characters but for what ignores case: for that there are no tables, and it is of bytes.
        let hir = parse(true).or_else(|_| parse(false)).map_err(|error| match error {
            Error::Parse(error) => error.kind().to_string(),
            Error::Translate(error) => error.kind().to_string(),
            _ => "it cannot be read".to_owned(),
        })?;
        Ok(Self(Automaton::new(states(&[hir], LARGEST)?, ROOM)?))
    }

    /// Whether it fits somewhere in a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.fits(text.as_bytes())
    }
}

impl Debug for Regex {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("Regex")
    }
}

/// `\w` and its like without the tables of Unicode.
fn in_ascii(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut signs = expression.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            out.push(sign);
            continue;
        }
        match signs.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\x0B\x0C\r\x20]"),
            Some('S') => out.push_str(r"[^\t\n\x0B\x0C\r\x20]"),
            Some(sign @ ('b' | 'B' | '<' | '>')) => {
                out.push_str(r"(?-u:\");
                out.push(sign);
                // `\b{start}`.
                let rest = signs.as_str();
                if let Some((name, behind)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                    if name.starts_with(|sign: char| sign.is_ascii_alphabetic()) {
                        out.extend(["{", name, "}"]);
                        signs = behind.chars();
                    }
                }
                out.push(')');
            }
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

// === impl Automaton ===

impl Automaton {
    /// One that keeps states in `room` bytes, or as much more as a few of them need.
    ///
    /// # Errors
    /// If there cannot be one, in words.
    #[inline(never)]
    pub fn new(nfa: NFA, room: usize) -> Result<Self, String> {
        let config =
            DFA::config().match_kind(MatchKind::All).cache_capacity(room).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).map_err(|error| error.to_string())?;
        Ok(Self { dfa, cache: RefCell::default() })
    }

    /// Whether one of the expressions fits somewhere.
    #[must_use]
    pub fn fits(&self, text: &[u8]) -> bool {
        self.with(|cache| {
            let found = self.dfa.try_search_fwd(cache, &Input::new(text).earliest(true));
            // It gives up only if it was told to.
            found.is_ok_and(|found| found.is_some())
        })
    }

    /// Calls with the states that were made so far.
    pub fn with<T>(&self, call: impl FnOnce(&mut Cache) -> T) -> T {
        call(self.cache.borrow_mut().get_or_insert_with(|| self.dfa.create_cache()))
    }

    /// Bytes of the states that were made so far.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.cache.borrow().as_ref().map_or(0, Cache::memory_usage)
    }

    /// Forgets the states.
    pub fn forget(&self) {
        *self.cache.borrow_mut() = None;
    }
}

impl Debug for Automaton {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "Automaton({} expressions)", self.dfa.pattern_len())
    }
}
