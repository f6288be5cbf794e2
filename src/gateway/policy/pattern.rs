//! Texts with wildcards: `*` is any characters, `/` and `:` among them, and `?` is one.

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    case: Case,
}

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Counts,
    /// Of ASCII letters, it does not.
    Ignored,
}

// === impl Pattern ===

impl Pattern {
    pub(super) fn new(text: &str, case: Case) -> Self {
        Self { text: text.to_owned(), case }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the pattern is about one text, and this is it.
    pub(super) fn spells(&self, text: &str) -> bool {
        !self.text.contains(['*', '?']) && self.matches(text)
    }

    /// Whether a text matches. Only the last `*` is ever tried again, because what an earlier one could take more, the last one
    /// can take too: the time is bounded by the product of the lengths, whatever pattern and text are.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut rest) = (self.text.chars(), text.chars());
        let mut last_star = None;
        loop {
            let fits = match pattern.next() {
                Some('*') => {
                    last_star = Some((pattern.clone(), rest.clone()));
                    true
                }
                Some(wanted) => rest.next().is_some_and(|found| self.is_one(wanted, found)),
                None if rest.as_str().is_empty() => return true,
                None => false,
            };
            if fits {
                continue;
            }
            let Some((behind_star, taken)) = &mut last_star else { return false };
            if taken.next().is_none() {
                return false;
            }
            (pattern, rest) = (behind_star.clone(), taken.clone());
        }
    }

    /// Whether a text that begins with `prefix` can match.
    pub(super) fn can_begin(&self, prefix: &str) -> bool {
        let pattern: Vec<char> = self.text.chars().collect();
        // Every place in the pattern where matching may stand.
        let skip_stars = |places: &mut Vec<bool>| {
            for (at, wanted) in pattern.iter().enumerate() {
                if *wanted == '*' && places.get(at) == Some(&true) {
                    places.iter_mut().skip(at + 1).take(1).for_each(|place| *place = true);
                }
            }
        };
        let mut places = vec![false; pattern.len() + 1];
        places.iter_mut().take(1).for_each(|place| *place = true);
        skip_stars(&mut places);
        for found in prefix.chars() {
            let mut next = vec![false; places.len()];
            for (at, wanted) in pattern.iter().enumerate().filter(|(at, _)| places.get(*at) == Some(&true)) {
                let reached = match wanted {
                    '*' => at,
                    wanted if self.is_one(*wanted, found) => at + 1,
                    _ => continue,
                };
                next.iter_mut().skip(reached).take(1).for_each(|place| *place = true);
            }
            skip_stars(&mut next);
            places = next;
        }
        places.contains(&true)
    }

    fn is_one(&self, wanted: char, found: char) -> bool {
        wanted == '?'
            || match self.case {
                Case::Counts => wanted == found,
                Case::Ignored => wanted.eq_ignore_ascii_case(&found),
            }
    }
}
