//! Identity sources: where a request says who it comes from.

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
        if let RequestValue::Header(name) = &self.0 {
            request.head.only(name.as_bytes())?;
        }
        match self.0.value(request)? {
            Cow::Borrowed(value) => bare(value).map(Cow::Borrowed),
            Cow::Owned(value) => bare(&value).map(|token| Cow::Owned(token.to_owned())),
        }
    }
}

/// A token without its `Bearer `, if it is one and whole.
fn bare(value: &str) -> Option<&str> {
    let prefix = value.get(..7).filter(|prefix| prefix.eq_ignore_ascii_case("bearer ")).map_or(0, str::len);
    let token = value.get(prefix..)?.trim();
    let whole = !token.is_empty() && !token.bytes().any(|byte| byte == b',' || byte.is_ascii_whitespace());
    whole.then_some(token)
}
