//! The path of a request: decoded once, refused if a backend could read it in another way.
//!
//! Follows <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>; why matching runs
//! on the decoded path is told in `docs/adr/0002-paths-are-matched-decoded.md`. What is not decided here: which route
//! answers ([`super::Routes`]), and the query string.

use super::encode::encode_segments;
use crate::gateway::config::ProtocolType;
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A request's path, as sent and decoded. Both always stand for the same thing: whatever is cut off one is cut off the
/// other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath {
    raw: String,
    /// `None` where nothing was encoded: most paths.
    decoded: Option<String>,
    protocol: ProtocolType,
}

/// Why a path is refused with status 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadPath {
    /// `example.com`, `*`, or nothing at all.
    #[error("the path does not begin with `/`")]
    NotAbsolute,
    /// `%`, `%4`, `%zz`.
    #[error("the path has a `%` that two hexadecimal digits do not follow")]
    Escape,
    /// Overlong forms among them.
    #[error("the path is not UTF-8")]
    Utf8,
    /// A backend in C may stop reading here.
    #[error("the path has a zero byte")]
    Nul,
    /// A backend on Windows may take it for `/`.
    #[error("the path has a backslash")]
    Backslash,
    /// `.`, `..`, `..;x`: a backend may leave the matched template.
    #[error("the path has a `.` or `..` segment")]
    DotSegment,
    /// `//` on an HTTP API, or `;x`: a backend may drop the segment, and then the path is another one.
    #[error("the path has an empty segment")]
    EmptySegment,
}

// === impl RequestPath ===

impl RequestPath {
    /// Reads the `:path` up to its `?`, as sent.
    ///
    /// # Errors
    /// If it must be answered with status 400.
    pub fn parse(raw: &[u8], protocol: ProtocolType) -> Result<Self, BadPath> {
        let raw = str::from_utf8(raw).map_err(|_| BadPath::Utf8)?;
        if !raw.starts_with('/') {
            return Err(BadPath::NotAbsolute);
        }
        if is_plain(raw.as_bytes()) {
            return Ok(Self { raw: raw.to_owned(), decoded: None, protocol });
        }
        let path = Self { raw: raw.to_owned(), decoded: decode(raw)?, protocol };
        let path = match protocol {
            ProtocolType::Http | ProtocolType::Websocket => path.without_query(),
            ProtocolType::Rest if path.decoded().starts_with("//") => path.rest_at(0),
            ProtocolType::Rest => path,
        };
        check(path.decoded(), protocol)?;
        Ok(path)
    }

    /// The whole path, decoded; it begins with `/`.
    #[must_use]
    pub fn decoded(&self) -> &str {
        self.decoded.as_deref().unwrap_or(&self.raw)
    }

    /// The whole path with the client's encoding; it begins with `/`. What matching dropped is not in it: the slashes
    /// that a REST API collapses, and what follows an encoded `?` on an HTTP API.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The first segment, decoded: perhaps a stage. Empty for `/`.
    #[must_use]
    pub fn first_segment(&self) -> &str {
        let decoded = self.decoded();
        decoded.get(1..self.end_of_segment(1)).unwrap_or("")
    }

    /// What follows the first segment, for the stage to match; `/` if nothing does.
    #[must_use]
    pub fn strip_first_segment(&self) -> Self {
        self.rest_at(self.end_of_segment(1))
    }

    /// What follows an API mapping key, if the path is below it: `orders` is not a prefix of `/orders2`.
    #[must_use]
    pub fn strip_prefix(&self, mapping_key: &str) -> Option<Self> {
        if mapping_key.is_empty() {
            return Some(self.clone());
        }
        let rest = below(self.decoded(), mapping_key)?;
        Some(self.rest_at(self.decoded().len() - rest.len()))
    }

    /// The decoded path with one slash in the place of several, if there are several anywhere: what a REST API makes of it once
    /// something is cut off before them, and what many a backend makes of it.
    #[must_use]
    pub fn collapsed(&self) -> Option<String> {
        self.decoded().contains("//").then(|| {
            let mut collapsed = String::with_capacity(self.decoded().len());
            for letter in self.decoded().chars() {
                if letter != '/' || !collapsed.ends_with('/') {
                    collapsed.push(letter);
                }
            }
            collapsed
        })
    }

    /// The path encoded afresh, segment by segment: what may be sent to a backend. Decoded once, it is
    /// [`RequestPath::decoded`] again, with the same segments.
    #[must_use]
    pub fn canonical(&self) -> String {
        let decoded = self.decoded();
        let mut canonical = String::with_capacity(decoded.len());
        encode_segments(decoded, &mut canonical);
        canonical
    }

    /// What templates are compared with: a REST API ignores slashes at the end.
    #[must_use]
    pub fn matched(&self) -> &str {
        let decoded = self.decoded();
        match self.protocol {
            ProtocolType::Http | ProtocolType::Websocket => decoded,
            ProtocolType::Rest => match decoded.trim_end_matches('/') {
                "" => "/",
                trimmed => trimmed,
            },
        }
    }

    /// What the client sent for a part of the decoded path.
    pub(super) fn raw_of(&self, start: usize, end: usize) -> Option<&str> {
        self.raw.get(self.raw_offset(start)..self.raw_offset(end))
    }

    /// The path from the separator at `at` on. A REST API collapses the slashes there.
    fn rest_at(&self, at: usize) -> Self {
        let decoded = self.decoded();
        let rest = decoded.get(at..).unwrap_or("");
        let rest = match self.protocol {
            ProtocolType::Http | ProtocolType::Websocket => rest.strip_prefix('/').unwrap_or(rest),
            ProtocolType::Rest => rest.trim_start_matches('/'),
        };
        let raw = self.raw.get(self.raw_offset(decoded.len() - rest.len())..).unwrap_or("");
        Self {
            raw: format!("/{raw}"),
            decoded: self.decoded.is_some().then(|| format!("/{rest}")),
            protocol: self.protocol,
        }
    }

    /// An HTTP API reads an encoded `?` as the end of the path.
    fn without_query(mut self) -> Self {
        if let Some(end) = self.decoded().find('?') {
            self.raw.truncate(self.raw_offset(end));
            if let Some(decoded) = &mut self.decoded {
                decoded.truncate(end);
            }
        }
        self
    }

    fn end_of_segment(&self, start: usize) -> usize {
        let decoded = self.decoded();
        // Segments are short: a search for a character would take longer to begin than this does to end.
        let length = decoded.get(start..).and_then(|rest| rest.bytes().position(|byte| byte == b'/'));
        length.map_or(decoded.len(), |length| start + length)
    }

    /// Where in the raw path the byte stands that is at `decoded_offset` in the decoded one.
    fn raw_offset(&self, decoded_offset: usize) -> usize {
        if self.decoded.is_none() {
            return decoded_offset;
        }
        let mut bytes = self.raw.bytes();
        for _ in 0..decoded_offset {
            // An escape is three bytes for one; `decode` has seen to it that they are there.
            if bytes.next() == Some(b'%') {
                bytes.nth(1);
            }
        }
        self.raw.len() - bytes.len()
    }
}

/// What follows a key in a decoded path that is below it: nothing, or from a `/` on. Every path is below the empty key.
#[must_use]
pub fn below<'p>(decoded: &'p str, key: &str) -> Option<&'p str> {
    if key.is_empty() {
        return Some(decoded);
    }
    let rest = decoded.strip_prefix('/')?.strip_prefix(key)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Decodes once; `None` if there is nothing to decode.
fn decode(raw: &str) -> Result<Option<String>, BadPath> {
    if !raw.contains('%') {
        return Ok(None);
    }
    let mut pieces = raw.split('%');
    pieces.next();
    for piece in pieces {
        let digits = piece.as_bytes().get(..2).ok_or(BadPath::Escape)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(BadPath::Escape);
        }
    }
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| BadPath::Utf8)?;
    Ok(Some(decoded.into_owned()))
}

/// Whether all parsers read a path in one way, and as it stands there: nothing of it is encoded or has another meaning, and no
/// segment is empty, but for the last one, or begins with a dot. Most paths are so, and are looked at once.
fn is_plain(path: &[u8]) -> bool {
    let mut before = 0;
    path.iter().all(|byte| {
        let is_separated = std::mem::replace(&mut before, *byte) == b'/';
        match byte {
            b'/' | b'.' => !is_separated,
            b'-' | b'_' | b'~' => true,
            other => other.is_ascii_alphanumeric(),
        }
    })
}

fn check(decoded: &str, protocol: ProtocolType) -> Result<(), BadPath> {
    if decoded.contains('\0') {
        return Err(BadPath::Nul);
    }
    if decoded.contains('\\') {
        return Err(BadPath::Backslash);
    }
    let mut segments = decoded.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        // Servlet containers cut parameters (`;x`) off before they resolve dots: `..;x` is `..` to them.
        let name = segment.split(';').next().unwrap_or(segment);
        let trailing = segments.peek().is_none();
        let may_be_empty = match protocol {
            ProtocolType::Http | ProtocolType::Websocket => trailing,
            ProtocolType::Rest => true,
        };
        match name {
            "." | ".." => return Err(BadPath::DotSegment),
            "" if !segment.is_empty() || !may_be_empty => return Err(BadPath::EmptySegment),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
