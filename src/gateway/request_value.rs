//! `header.NAME`, `querystring.NAME` and `path.NAME` of a request: the sources that every mapping language has.

use super::config::ProtocolType;
use super::request::Request;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestValue {
    /// A header, by lower-case name.
    Header(String),
    /// A query parameter, by case-sensitive name.
    QueryString(String),
    /// A path variable, as the API's type shows it.
    Path(String),
    /// A path variable, decoded: for what is encoded again.
    DecodedPath(String),
}

// === impl RequestValue ===

impl RequestValue {
    /// The source of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('.')?;
        if name.is_empty() {
            return None;
        }
        // What can be no header's name is a mistake, such as text behind a name without `${…}`.
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        match kind {
            "header" if !name.bytes().all(token) => None,
            "header" => Some(Self::Header(name.to_ascii_lowercase())),
            "querystring" => Some(Self::QueryString(name.to_owned())),
            "path" => Some(Self::Path(name.to_owned())),
            _ => None,
        }
    }

    /// The values, one for each time that it stands in the request.
    #[must_use]
    pub fn values<'a>(&'a self, request: &'a Request) -> Vec<Cow<'a, str>> {
        match self {
            Self::Header(name) => request.head.all(name.as_bytes()).map(String::from_utf8_lossy).collect(),
            Self::QueryString(name) => {
                let query = std::str::from_utf8(request.query().unwrap_or_default()).unwrap_or_default();
                query_values(query, name, request.protocol()).collect()
            }
            Self::Path(_) | Self::DecodedPath(_) => self.value(request).into_iter().collect(),
        }
    }

    /// The value; repeated ones are joined by commas.
    #[must_use]
    pub fn value<'a>(&'a self, request: &'a Request) -> Option<Cow<'a, str>> {
        match self {
            Self::Header(name) => joined(request.head.all(name.as_bytes()).map(String::from_utf8_lossy)),
            Self::QueryString(name) => {
                let query = std::str::from_utf8(request.query().unwrap_or_default()).unwrap_or_default();
                joined(query_values(query, name, request.protocol()))
            }
            Self::DecodedPath(name) => request.captures()?.get(name).map(Cow::from),
            // REST APIs keep the client's encoding; HTTP APIs decode.
            Self::Path(name) => match request.protocol() {
                ProtocolType::Rest => request.captures()?.raw(name).map(Cow::from),
                ProtocolType::Http | ProtocolType::Websocket => request.captures()?.get(name).map(Cow::from),
            },
        }
    }
}

/// The pairs of a query string, as sent. REST APIs split at `;` too.
pub fn pairs(query: &str, protocol: ProtocolType) -> impl Iterator<Item = &str> {
    let splits_at_semicolon = protocol == ProtocolType::Rest;
    query.split(move |c: char| c == '&' || (c == ';' && splits_at_semicolon))
}

/// The decoded values of one name in a query string.
fn query_values<'a>(
    query: &'a str,
    name: &str,
    protocol: ProtocolType,
) -> impl Iterator<Item = Cow<'a, str>> {
    pairs(query, protocol).filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        is_named(key, name).then(|| decode_component(value.as_bytes()))
    })
}

/// Whether an encoded key is this name. Each mapping asks it of every pair of the client's, and few are encoded.
pub fn is_named(key: &str, name: &str) -> bool {
    if key.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        decode_component(key.as_bytes()) == name
    } else {
        key == name
    }
}

/// Decodes a form-encoded component; what is not UTF-8 becomes U+FFFD.
pub fn decode_component(component: &[u8]) -> Cow<'_, str> {
    if component.contains(&b'+') {
        let spaced: Vec<u8> = component.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return percent_decode(&spaced).decode_utf8_lossy().into_owned().into();
    }
    percent_decode(component).decode_utf8_lossy()
}

fn joined<'a>(mut values: impl Iterator<Item = Cow<'a, str>>) -> Option<Cow<'a, str>> {
    let mut all = values.next()?;
    for value in values {
        let text = all.to_mut();
        text.push(',');
        text.push_str(&value);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::{ProtocolType, RequestValue, joined, query_values};

    #[test]
    fn sources_are_named_by_kind_and_name() {
        assert_eq!(RequestValue::parse("header.X-A"), Some(RequestValue::Header("x-a".into())));
        assert_eq!(RequestValue::parse("querystring.A"), Some(RequestValue::QueryString("A".into())));
        assert_eq!(RequestValue::parse("path.id"), Some(RequestValue::Path("id".into())));
        for wrong in ["header", "header.", "header.a b", "body.x", ""] {
            assert_eq!(RequestValue::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn query_values_are_decoded_and_repeats_are_joined() {
        let value =
            |query| joined(query_values(query, "a b", ProtocolType::Http)).map(|value| value.into_owned());
        assert_eq!(value("a+b=1&a%20b=2%2C&c=3").as_deref(), Some("1,2,"));
        assert_eq!(value("a+b").as_deref(), Some(""));
        assert_eq!(value("x=1"), None);
        assert_eq!(value("a+b=%ff").as_deref(), Some("\u{fffd}"));
        assert_eq!(value("a+b=1;a+b=2").as_deref(), Some("1;a b=2"));
        let rest = joined(query_values("a+b=1;a+b=2", "a b", ProtocolType::Rest));
        assert_eq!(rest.as_deref(), Some("1,2"));
    }
}
