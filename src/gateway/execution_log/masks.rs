//! Names and values, without what proves who somebody is.

use crate::gateway::head::text;
use percent_encoding::percent_decode;
use std::borrow::Cow;

const MASKED: &str = "****";
/// A name that has one of these in it has a secret for its value.
const SECRETS: [&str; 10] =
    ["auth", "cookie", "credential", "jwt", "key", "passw", "secret", "session", "signature", "token"];

/// The bytes that secrets begin with: most of a name begins none.
#[expect(
    clippy::indexing_slicing,
    reason = "a byte is less than 256, no secret is empty, and only compilers run it"
)]
const FIRSTS: [bool; 256] = {
    let mut firsts = [false; 256];
    let mut i = 0;
    while i < SECRETS.len() {
        firsts[SECRETS[i].as_bytes()[0] as usize] = true;
        i += 1;
    }
    firsts
};

/// Headers, or path variables, as AWS writes them: `{name=value, name=value}`.
pub(super) fn map<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let mut shown = String::from("{");
    for (name, value) in pairs {
        if shown.len() > 1 {
            shown.push_str(", ");
        }
        push(&mut shown, &text(name), &text(value));
        // A line has no room for more.
        if shown.len() > super::line::MOST {
            break;
        }
    }
    shown.push('}');
    shown
}

/// A query string as pairs.
pub(super) fn query(query: &[u8]) -> String {
    pairs(&text(query), ", ")
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
    let begins = |rest: &[u8], secret: &str| {
        rest.get(..secret.len()).is_some_and(|start| start.eq_ignore_ascii_case(secret.as_bytes()))
    };
    decoded.iter().enumerate().any(|(at, first)| {
        let first = first.to_ascii_lowercase();
        let rest = decoded.get(at..).unwrap_or_default();
        FIRSTS.get(usize::from(first)).copied().unwrap_or_default()
            && SECRETS.iter().any(|secret| secret.as_bytes().first() == Some(&first) && begins(rest, secret))
    })
}
