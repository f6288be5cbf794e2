//! The head of a request or a response, as bytes: header values need not be UTF-8, and names may repeat.

use thiserror::Error;

/// A head, kept as the buffer in which the host delivered it.
///
/// The layout is proxy-wasm's: a count, the lengths of each name and value, then names and values, each followed by a
/// zero byte; numbers are little-endian 32-bit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    buffer: Vec<u8>,
    count: usize,
    /// Whether the message has no body and no trailers.
    pub end_of_stream: bool,
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
            return Ok(Self { buffer, count: 0, end_of_stream });
        }
        let count = read_u32(&buffer, 0).ok_or(MalformedHead)?;
        let mut end = count.checked_mul(8).and_then(|table| table.checked_add(4)).ok_or(MalformedHead)?;
        for i in 0..count {
            let (name, value) = lengths(&buffer, i).ok_or(MalformedHead)?;
            end = [name, 1, value, 1].into_iter().try_fold(end, usize::checked_add).ok_or(MalformedHead)?;
        }
        if end > buffer.len() {
            return Err(MalformedHead);
        }
        Ok(Self { buffer, count, end_of_stream })
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
        Self { buffer, count: pairs.len(), end_of_stream }
    }

    /// Every pair, in order, pseudo-headers first; names are lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut at = 4 + self.count * 8;
        (0..self.count).map_while(move |i| {
            let (name, value) = lengths(&self.buffer, i)?;
            let pair =
                (self.buffer.get(at..at + name)?, self.buffer.get(at + name + 1..at + name + 1 + value)?);
            at += name + value + 2;
            Some(pair)
        })
    }

    /// Every value of a header. `name` is lower case.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The first value of a header, for headers that Envoy guarantees to be single: the pseudo-headers.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The value of a header that stands exactly once. Two `authorization` headers are none: a backend may take the
    /// other one.
    #[must_use]
    pub fn only(&self, name: &[u8]) -> Option<&[u8]> {
        let mut values = self.iter().filter(|(n, _)| *n == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() { None } else { value }
    }

    /// Bytes of the names and values together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.buffer.len().saturating_sub(4 + self.count * 10)
    }
}

fn lengths(buffer: &[u8], i: usize) -> Option<(usize, usize)> {
    let at = i.checked_mul(8)?.checked_add(4)?;
    Some((read_u32(buffer, at)?, read_u32(buffer, at.checked_add(4)?)?))
}

fn read_u32(buffer: &[u8], at: usize) -> Option<usize> {
    let bytes = buffer.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests;
