//! JSON pointers, followed while a document is walked. <https://www.rfc-editor.org/rfc/rfc6901>

/// How many pointers are followed at once: a bit each.
pub const MAX_AT_ONCE: usize = 64;

/// A place of a document, as pointers see it. It is what stands in the walk's frame of each array or object: coming back
/// from one needs nothing undone.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    pointers: &'p [String],
    /// Which of them lead here, and further.
    alive: u64,
    /// How many steps from the root.
    depth: usize,
    /// Whether all from here on is looked at.
    pub inside: bool,
}

/// A step from an array or object to what it holds.
#[derive(Debug, Clone, Copy)]
pub enum Step<'k> {
    /// A key, without escapes.
    Key(&'k [u8]),
    /// The place in an array.
    Index(usize),
}

// === impl Place ===

impl<'p> Place<'p> {
    /// A place where everything is looked at.
    pub fn everywhere() -> Self {
        Self { pointers: &[], alive: 0, depth: 0, inside: true }
    }

    /// The root, for at most [`MAX_AT_ONCE`] pointers. `/` is to AWS a pointer of a kind of its own, and not only to the member
    /// whose key is empty: everything is looked at.
    pub fn root(pointers: &'p [String]) -> Self {
        let alive = pointers.iter().take(MAX_AT_ONCE).enumerate().fold(0, |alive, (i, _)| alive | 1 << i);
        let inside = pointers.iter().any(|pointer| matches!(pointer.as_str(), "" | "/"));
        Self { pointers, alive, depth: 0, inside }
    }

    /// The place one step further.
    pub fn enter(self, step: Step<'_>) -> Self {
        let mut next = Self { alive: 0, depth: self.depth + 1, ..self };
        if self.inside || self.alive == 0 {
            return next;
        }
        for (i, pointer) in self.pointers.iter().enumerate().filter(|(i, _)| self.alive >> i & 1 == 1) {
            // What stands before the first slash is empty.
            let mut tokens = pointer.split('/').skip(next.depth);
            if tokens.next().is_some_and(|token| step.is(token)) {
                match tokens.next() {
                    None => next.inside = true,
                    Some(_) => next.alive |= 1 << i,
                }
            }
        }
        next
    }

    /// Whether nothing here or further is looked at.
    pub fn is_outside(self) -> bool {
        !self.inside && self.alive == 0
    }
}

// === impl Step ===

impl Step<'_> {
    /// Whether a pointer's token is this step.
    fn is(self, token: &str) -> bool {
        match self {
            Self::Key(key) => {
                let mut rest = token.bytes();
                let meant = std::iter::from_fn(|| match rest.next()? {
                    b'~' if rest.next() == Some(b'1') => Some(b'/'),
                    byte => Some(byte),
                });
                meant.eq(key.iter().copied())
            }
            Self::Index(index) => {
                let canonical =
                    token == "0" || token.as_bytes().first().is_some_and(|byte| (b'1'..=b'9').contains(byte));
                canonical && token.parse() == Ok(index)
            }
        }
    }
}
