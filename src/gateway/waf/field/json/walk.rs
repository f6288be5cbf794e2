//! The walk through a document: once, forwards, as deep as [`MAX_DEPTH`] and flat from there on. Its time is linear in the
//! document; a step costs the logarithm of how many pointers are followed.

use super::pointers::{Place, Step};
use super::text::{self, Text};
use crate::gateway::config::waf::MatchScope;

/// How deep arrays and objects are told apart. What is deeper is looked at without: every string and every word there counts as a
/// key and as a value.
const MAX_DEPTH: usize = 128;

/// A walk through a document.
pub struct Walk<'b, 'w> {
    body: &'b [u8],
    at: usize,
    valid: bool,
    scope: MatchScope,
    room: &'w mut Vec<u8>,
    with: &'w mut dyn FnMut(&[u8]),
}

/// What stands here cannot be told, nor what stands behind it.
struct Doubt;

/// What a string or word is.
#[derive(Clone, Copy)]
enum Role {
    Key,
    Value,
    Either,
}

// === impl Walk ===

impl<'b, 'w> Walk<'b, 'w> {
    /// From the beginning.
    pub fn new(
        body: &'b [u8],
        scope: MatchScope,
        room: &'w mut Vec<u8>,
        with: &'w mut dyn FnMut(&[u8]),
    ) -> Self {
        Self { body, at: 0, valid: true, scope, room, with }
    }

    /// Calls with what is looked at, up to the end or to a doubt: whether the document is valid.
    pub fn run(mut self, root: Place<'_>) -> bool {
        if self.body.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
            self.valid = false;
        }
        let mut roots = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b':' => {
                    self.at += 1;
                    self.valid = false;
                }
                _ => {
                    // A document is one array or one object; several, each on its line, are read by some.
                    self.valid &= roots == 0 && matches!(byte, b'{' | b'[');
                    roots += 1;
                    if self.value(root, 0).is_err() {
                        return false;
                    }
                }
            }
        }
        self.valid && roots == 1
    }

    fn value(&mut self, place: Place<'_>, depth: usize) -> Result<(), Doubt> {
        match self.peek().ok_or(Doubt)? {
            b'{' | b'[' if depth == MAX_DEPTH => self.deep(place),
            b'{' => self.object(place, depth + 1),
            b'[' => self.array(place, depth + 1),
            b'"' => self.string(Role::Value, place.inside),
            _ => self.word(Role::Value, place.inside),
        }
    }

    fn object(&mut self, place: Place<'_>, depth: usize) -> Result<(), Doubt> {
        self.at += 1;
        let mut first = true;
        while !self.closes(b'}', first)? {
            first = false;
            let member = self.key(place)?;
            self.skip(b':');
            match self.peek() {
                // A key without a value.
                Some(b',' | b'}') => self.valid = false,
                Some(_) | None => self.value(member, depth)?,
            }
        }
        Ok(())
    }

    fn array(&mut self, place: Place<'_>, depth: usize) -> Result<(), Doubt> {
        self.at += 1;
        let mut index = 0;
        while !self.closes(b']', index == 0)? {
            self.value(place.enter(Step::Index(index)), depth)?;
            index += 1;
            // `["a": "b"]` is no array of JSON, and an array of several to some.
            self.valid &= self.skip(b':') == 0;
        }
        Ok(())
    }

    /// Goes to the next element, or behind the end, and says which.
    fn closes(&mut self, end: u8, first: bool) -> Result<bool, Doubt> {
        let commas = self.skip(b',');
        let closes = self.peek().ok_or(Doubt)? == end;
        // A missing one is none to AWS, and hides nothing.
        self.valid &= commas <= usize::from(!first && !closes);
        self.at += usize::from(closes);
        Ok(closes)
    }

    /// Reads a key: the place that it leads to.
    fn key<'p>(&mut self, place: Place<'p>) -> Result<Place<'p>, Doubt> {
        let looked_at = place.inside && self.wants(Role::Key);
        if self.peek() == Some(b'"') {
            let text = self.read();
            let key = text.sent.unwrap_or(self.room);
            if looked_at {
                (self.with)(key);
            }
            let member = place.enter(Step::Key(key));
            return self.past(&text).map(|()| member);
        }
        let key = self.read_word()?;
        self.valid = false;
        if looked_at {
            (self.with)(key);
        }
        Ok(place.enter(Step::Key(key)))
    }

    fn string(&mut self, role: Role, inside: bool) -> Result<(), Doubt> {
        let text = self.read();
        if inside && self.wants(role) {
            (self.with)(text.sent.unwrap_or(self.room));
        }
        self.past(&text)
    }

    fn word(&mut self, role: Role, inside: bool) -> Result<(), Doubt> {
        let word = self.read_word()?;
        self.valid &= text::is_value(word);
        if inside && self.wants(role) {
            (self.with)(word);
        }
        Ok(())
    }

    /// An array or object that is too deep, by its brackets alone.
    fn deep(&mut self, place: Place<'_>) -> Result<(), Doubt> {
        self.valid = false;
        let inside = !place.is_outside();
        let mut open = 0_usize;
        loop {
            match self.peek().ok_or(Doubt)? {
                b'"' => self.string(Role::Either, inside)?,
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                _ => self.word(Role::Either, inside)?,
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn wants(&self, role: Role) -> bool {
        match (self.scope, role) {
            (MatchScope::All, _)
            | (MatchScope::Key, Role::Key | Role::Either)
            | (MatchScope::Value, Role::Value | Role::Either) => true,
            (MatchScope::Key, Role::Value) | (MatchScope::Value, Role::Key) => false,
        }
    }

    /// Reads a string; [`Walk::past`] goes behind it.
    fn read(&mut self) -> Text<'b> {
        text::read(self.body.get(self.at + 1..).unwrap_or_default(), self.room)
    }

    fn past(&mut self, text: &Text<'_>) -> Result<(), Doubt> {
        self.at += 1 + text.size;
        self.valid &= text.valid;
        if text.closed { Ok(()) } else { Err(Doubt) }
    }

    fn read_word(&mut self) -> Result<&'b [u8], Doubt> {
        let rest = self.body.get(self.at..).unwrap_or_default();
        let word = rest.get(..text::word(rest)).unwrap_or_default();
        self.at += word.len();
        if word.is_empty() { Err(Doubt) } else { Ok(word) }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.body.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Goes past a separator: how often it stands there.
    fn skip(&mut self, separator: u8) -> usize {
        let mut count = 0;
        while self.peek() == Some(separator) {
            self.at += 1;
            count += 1;
        }
        count
    }
}
