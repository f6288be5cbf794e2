//! Many texts, looked for at once.

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, automaton::StateID};
use std::fmt::{self, Debug, Formatter};

/// Texts, and the automaton that finds them: two steps a byte on average, whatever stands there.
pub struct Texts(NFA);

/// States that have nothing to tell any more: the last ones.
#[derive(Default)]
struct Told {
    last: [Option<StateID>; 8],
    next: usize,
}

impl Texts {
    /// The automaton; none without texts.
    ///
    /// # Errors
    /// If it would be too large, in words.
    #[inline(never)]
    pub fn new(texts: &[Vec<u8>], in_any_case: bool) -> Result<Option<Self>, String> {
        if texts.is_empty() {
            return Ok(None);
        }
        let made = NFA::builder().ascii_case_insensitive(in_any_case).prefilter(false).build(texts);
        made.map(Self).map(Some).map_err(|error| error.to_string())
    }

    /// Calls with the number of each text that stands in a part, and with where it ends. A text is told of again unless the
    /// call says that all is told.
    pub fn each(&self, part: &[u8], mut call: impl FnMut(usize, usize) -> bool) {
        let Ok(mut state) = self.0.start_state(Anchored::No) else { return };
        let mut told = Told::default();
        for (i, byte) in part.iter().enumerate() {
            state = self.0.next_state(Anchored::No, state, *byte);
            if !self.0.is_special(state) || !self.0.is_match(state) || told.last.contains(&Some(state)) {
                continue;
            }
            let texts = (0..self.0.match_len(state)).map(|i| self.0.match_pattern(state, i).as_usize());
            if texts.filter(|text| !call(*text, i + 1)).count() == 0 {
                told.add(state);
            }
        }
    }
}

impl Debug for Texts {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "Texts({})", self.0.patterns_len())
    }
}

// === impl Told ===

impl Told {
    fn add(&mut self, state: StateID) {
        if let Some(place) = self.last.get_mut(self.next) {
            *place = Some(state);
        }
        self.next = (self.next + 1) % self.last.len();
    }
}
