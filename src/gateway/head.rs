//! The head of a request or a response, as bytes: header values need not be UTF-8, and names may repeat.

use std::borrow::Cow;
use thiserror::Error;

/// A head, kept as the buffer in which the host delivered it.
///
/// The layout is proxy-wasm's: a count, the lengths of each name and value, then names and values, each followed by a
/// zero byte; numbers are little-endian 32-bit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    buffer: Vec<u8>,
    count: usize,
    /// Which names may be there: most that are asked for are not.
    names: Names,
    /// Whether the message has no body and no trailers.
    pub end_of_stream: bool,
}

/// A filter of names, by their lengths and their first and last bytes: what it does not know is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Names([u64; 4]);

/// A value as text, with U+FFFD for what is not UTF-8. `from_utf8_lossy` looks at each byte of what is, too.
#[must_use]
pub fn text(value: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed)
}

/// The host's buffer is not a head. It must never happen; if it does, the request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the host's header buffer is malformed")]
pub struct MalformedHead;

// === impl Head ===

impl Head {
    /// Takes the host's buffer.
    ///
    /// # Errors
    /// If the lengths in it do not fit it.
    pub fn parse(buffer: Vec<u8>, end_of_stream: bool) -> Result<Self, MalformedHead> {
        if buffer.is_empty() {
            return Ok(Self { buffer, end_of_stream, ..Self::default() });
        }
        let (count, rest) = buffer.split_first_chunk().ok_or(MalformedHead)?;
        let count = u32::from_le_bytes(*count) as usize;
        let table = count.checked_mul(8).and_then(|size| rest.get(..size)).ok_or(MalformedHead)?;
        let mut names = Names::default();
        let mut pairs = rest.get(table.len()..).ok_or(MalformedHead)?;
        for (name, value) in lengths(table) {
            names.add(pairs.get(..name).ok_or(MalformedHead)?);
            let size = name.checked_add(value).and_then(|size| size.checked_add(2)).ok_or(MalformedHead)?;
            pairs = pairs.get(size..).ok_or(MalformedHead)?;
        }
        Ok(Self { buffer, count, names, end_of_stream })
    }

    /// Makes a head of pairs, for tests and `explain`.
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(N, V)], end_of_stream: bool) -> Self {
        let mut buffer = Vec::new();
        let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        buffer.extend(length(pairs.len()));
        for (name, value) in pairs {
            buffer.extend(length(name.as_ref().len()));
            buffer.extend(length(value.as_ref().len()));
        }
        for (name, value) in pairs {
            buffer.extend(name.as_ref());
            buffer.push(0);
            buffer.extend(value.as_ref());
            buffer.push(0);
        }
        let mut names = Names::default();
        pairs.iter().for_each(|(name, _)| names.add(name.as_ref()));
        Self { buffer, count: pairs.len(), names, end_of_stream }
    }

    /// Every pair, in order, pseudo-headers first; names are lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (table, mut rest) = self.parts();
        lengths(table).map_while(move |(name, value)| {
            let (name, behind) = rest.split_at_checked(name)?;
            let (value, behind) = behind.get(1..)?.split_at_checked(value)?;
            rest = behind.get(1..)?;
            Some((name, value))
        })
    }

    /// Every value of a header. `name` is lower case.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let (table, pairs) = if self.names.may_have(name) { self.parts() } else { Default::default() };
        let mut end = 0;
        // Most names are told apart by their lengths: they are not looked at.
        lengths(table).filter_map(move |(name_size, value_size)| {
            let start = end;
            end = start + name_size + value_size + 2;
            if name_size != name.len() {
                return None;
            }
            let (found, value) = pairs.get(start..end)?.split_at_checked(name_size)?;
            if found == name { value.get(1..=value_size) } else { None }
        })
    }

    /// The first value of a header, for headers that Envoy guarantees to be single: the pseudo-headers.
    #[must_use]
    pub fn first<'a>(&'a self, name: &'a [u8]) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The value of a header that stands exactly once. Two `authorization` headers are none: a backend may take the
    /// other one.
    #[must_use]
    pub fn only<'a>(&'a self, name: &'a [u8]) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() { None } else { value }
    }

    /// How many pairs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bytes of the names and values together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.buffer.len().saturating_sub(4 + self.count * 10)
    }

    /// The table of lengths, and the pairs behind it.
    fn parts(&self) -> (&[u8], &[u8]) {
        let behind_count = self.buffer.get(4..).unwrap_or_default();
        behind_count.split_at_checked(self.count * 8).unwrap_or_default()
    }
}

// === impl Names ===

impl Names {
    #[inline]
    fn add(&mut self, name: &[u8]) {
        let (word, bit) = Self::place(name);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    #[inline]
    fn may_have(&self, name: &[u8]) -> bool {
        let (word, bit) = Self::place(name);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(name: &[u8]) -> (usize, u64) {
        let (Some(first), Some(last)) = (name.first(), name.last()) else { return (0, 1) };
        let hash = name.len() * 5 + usize::from(*first) * 3 + usize::from(*last);
        (hash / 64 % 4, 1 << (hash % 64))
    }
}

/// Sizes of each name and value.
fn lengths(table: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let (sizes, _) = table.as_chunks();
    sizes.iter().map(|[a, b, c, d, e, f, g, h]| {
        (u32::from_le_bytes([*a, *b, *c, *d]) as usize, u32::from_le_bytes([*e, *f, *g, *h]) as usize)
    })
}

#[cfg(test)]
mod tests;
