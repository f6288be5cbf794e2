//! Names and values, without what proves who somebody is.

use percent_encoding::percent_decode;
use std::borrow::Cow;

const MASKED: &str = "****";
/// A name that has one of these in it has a secret for its value.
const SECRETS: [&str; 10] =
    ["auth", "cookie", "credential", "jwt", "key", "passw", "secret", "session", "signature", "token"];

/// Headers, or path variables, as AWS writes them: `{name=value, name=value}`.
pub(super) fn map<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let mut text = String::from("{");
    for (name, value) in pairs {
        if text.len() > 1 {
            text.push_str(", ");
        }
        push(&mut text, &String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
        // A line has no room for more.
        if text.len() > super::line::MOST {
            break;
        }
    }
    text.push('}');
    text
}

/// A query string as pairs.
pub(super) fn query(query: &[u8]) -> String {
    pairs(&String::from_utf8_lossy(query), ", ")
}

/// A URI.
pub(super) fn url(uri: &str) -> String {
    match uri.split_once('?') {
        Some((path, query)) => format!("{path}?{}", pairs(query, "&")),
        None => uri.to_owned(),
    }
}

fn pairs(query: &str, between: &str) -> String {
    let mut text = String::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if !text.is_empty() {
            text.push_str(between);
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        push(&mut text, name, value);
        if text.len() > super::line::MOST {
            break;
        }
    }
    text
}

fn push(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push('=');
    text.push_str(if is_secret(name) { MASKED } else { value });
}

fn is_secret(name: &str) -> bool {
    let decoded: Cow<'_, [u8]> = percent_decode(name.as_bytes()).into();
    let name = String::from_utf8_lossy(&decoded).to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret))
}
