//! Identity sources: where a request says who it comes from.

use crate::gateway::bytes::any_below;
use crate::gateway::notes::Note;
use crate::gateway::request::Request;
use crate::gateway::request_value::RequestValue;
use std::borrow::Cow;

/// One identity source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySource(RequestValue);

// === impl IdentitySource ===

impl IdentitySource {
    /// The source of a token: `$request.header.NAME` or `$request.querystring.NAME`.
    #[must_use]
    pub fn of_token(text: &str) -> Option<Self> {
        let value = RequestValue::parse(text.strip_prefix("$request.")?)?;
        match value {
            RequestValue::Header(_) | RequestValue::QueryString(_) => Some(Self(value)),
            RequestValue::Path(_) | RequestValue::DecodedPath(_) => None,
        }
    }

    /// The token, its `Bearer ` taken away. Two headers of this name, or one with a comma, are two tokens and none: a backend
    /// may believe the other one.
    #[must_use]
    pub fn token<'a>(&'a self, request: &'a Request) -> Option<Cow<'a, str>> {
        let value = match &self.0 {
            RequestValue::Header(name) => {
                let value = request.head.only(name.as_bytes())?;
                // `from_utf8_lossy` alone looks at a token byte by byte.
                std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed)
            }
            RequestValue::QueryString(_) | RequestValue::Path(_) | RequestValue::DecodedPath(_) => {
                self.0.value(request)?
            }
        };
        match value {
            Cow::Borrowed(value) => bare(value).map(Cow::Borrowed),
            Cow::Owned(value) => bare(&value).map(|token| Cow::Owned(token.to_owned())),
        }
    }

    /// Where the token was looked for, and what stood there; not the token.
    #[must_use]
    pub fn told(&self, request: &Request) -> Note {
        let (place, values) = match &self.0 {
            RequestValue::Header(name) => {
                (format!("the header `{name}`"), request.head.all(name.as_bytes()).count())
            }
            RequestValue::QueryString(name) => {
                (format!("the query parameter `{name}`"), usize::from(self.0.value(request).is_some()))
            }
            RequestValue::Path(name) | RequestValue::DecodedPath(name) => {
                (format!("the path variable `{name}`"), usize::from(self.0.value(request).is_some()))
            }
        };
        match (values, self.token(request)) {
            (_, Some(token)) => Note::passed("token", format!("in {place}, {} characters", token.len())),
            (0, None) => Note::failed("token", format!("{place} is not there")),
            (1, None) => Note::failed(
                "token",
                format!("{place} is empty, or holds a blank or a comma: that is no token, or several"),
            ),
            (more, None) => Note::failed(
                "token",
                format!("{place} is there {more} times, and a backend may believe another one"),
            ),
        }
    }
}

/// A token without its `Bearer `; none if it is empty, or more than one.
fn bare(value: &str) -> Option<&str> {
    let prefix = value.get(..7).filter(|prefix| prefix.eq_ignore_ascii_case("bearer ")).map_or(0, str::len);
    let token = value.get(prefix..)?.trim();
    // All that splits tokens is smaller than what tokens are made of.
    let splits = |byte: u8| byte == b',' || byte.is_ascii_whitespace();
    if token.is_empty() || (any_below(token.as_bytes(), b',' + 1) && token.bytes().any(splits)) {
        return None;
    }
    Some(token)
}
