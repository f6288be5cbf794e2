//! Names and values, without what proves who somebody is.

use crate::gateway::head;
use crate::gateway::request::Request;
use crate::gateway::routes::{Captures, encode_segments};
use percent_encoding::percent_decode;
use std::borrow::Cow;

pub(super) const MASKED: &str = "****";
/// A name that has one of these in it has a secret for its value.
const SECRETS: [&str; 15] = [
    "assertion",
    "auth",
    "cookie",
    "credential",
    "jwt",
    "key",
    "passw",
    "pwd",
    "saml",
    "secret",
    "sessid",
    "session",
    "signature",
    "token",
    "verifier",
];
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

/// Names of secrets that are parts of other words.
const SHORT_SECRETS: [&str; 6] = ["code", "otp", "pass", "pin", "sid", "sig"];
/// What ends a pair in a text that may hold URLs, cookies or forms.
const ENDS: [char; 10] = ['?', '&', '#', ';', ',', ' ', '<', '>', '"', '\''];
/// How often a text may be encoded within a text. What is deeper is taken for a secret.
const DEEPEST: u8 = 3;
/// Bytes of a secret of the path that is looked for outside of paths, where it may be a word like others.
const SHORTEST: usize = 4;
/// Bytes of a secret that is found in the middle of a word, too.
const LONG: usize = 8;

/// Secrets in the request's path: what the author's names say are some. Other headers, and the integration's URI, say them again.
#[derive(Debug, Default)]
pub(super) struct PathSecrets(Vec<String>);

// === impl PathSecrets ===

impl PathSecrets {
    /// Those of a request whose route is known, as the client spelled them and as integrations may.
    pub(super) fn of(request: &Request) -> Self {
        let captures = request.captures();
        let mut all = Vec::new();
        for capture in captures.iter().flat_map(Captures::iter).filter(|capture| is_secret(capture.name)) {
            let mut encoded = String::new();
            encode_segments(capture.decoded, &mut encoded);
            all.extend([capture.raw.to_owned(), capture.decoded.to_owned(), encoded]);
        }
        all.retain(|secret| !secret.is_empty());
        // A secret may be a part of another one.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self(all)
    }

    #[cfg(test)]
    pub(super) fn of_values(secrets: &[&str]) -> Self {
        Self(secrets.iter().map(|secret| (*secret).to_owned()).collect())
    }

    /// A text without them.
    pub(super) fn hide<'t>(&self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.hide_of(SHORTEST, text.into())
    }

    /// A path without them, however short they are.
    pub(super) fn hide_in_path<'t>(&self, path: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.hide_of(1, path.into())
    }

    fn hide_of<'t>(&self, shortest: usize, text: Cow<'t, str>) -> Cow<'t, str> {
        let secrets = self.0.iter().filter(|secret| secret.len() >= shortest);
        secrets.fold(text, |text, secret| match without(&text, secret) {
            Some(hidden) => hidden.into(),
            None => text,
        })
    }

    /// A URI without secrets of the path, of its query and of its user.
    pub(super) fn hide_in_uri(&self, uri: &str) -> String {
        let authority = uri
            .split_once("://")
            .map_or(0, |(scheme, rest)| scheme.len() + 3 + rest.find(['/', '?']).unwrap_or(rest.len()));
        let (place, path) = uri.split_at_checked(authority).unwrap_or(("", uri));
        masked([place, &self.hide_in_path(path)].concat()).into_owned()
    }
}

/// A text without a secret; none if it is not in it.
fn without(text: &str, secret: &str) -> Option<String> {
    let is_of_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    let mut hidden = String::new();
    let mut told = 0;
    for (at, found) in text.match_indices(secret) {
        let end = at + found.len();
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(end..).and_then(|text| text.chars().next());
        if secret.len() >= LONG || !is_of_word(before) && !is_of_word(behind) {
            hidden.push_str(text.get(told..at).unwrap_or_default());
            hidden.push_str(MASKED);
            told = end;
        }
    }
    (told > 0).then(|| hidden + text.get(told..).unwrap_or_default())
}

/// Headers, or path variables, as AWS writes them: `{name=value, name=value}`.
pub(super) fn map<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let mut shown = String::from("{");
    for (name, value) in pairs {
        if shown.len() > 1 {
            shown.push_str(", ");
        }
        push(&mut shown, &head::text(name), &head::text(value));
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
    let mut text = String::new();
    for pair in head::text(query).split('&').filter(|pair| !pair.is_empty()) {
        if !text.is_empty() {
            text.push_str(", ");
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
    text.push_str(&if is_secret(name) { MASKED.into() } else { masked(value) });
}

/// A text that may hold URLs, cookies or forms, without their secrets.
pub(super) fn masked<'t>(text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
    let text = text.into();
    match masked_of(&text, DEEPEST) {
        Some(masked) => masked.into(),
        None => text,
    }
}

/// A text without secrets; none if it has none.
fn masked_of(text: &str, depth: u8) -> Option<String> {
    if !text.contains(['=', '%', '@']) {
        return None;
    }
    let mut shown = String::new();
    let mut has_secret = false;
    for piece in text.split_inclusive(ENDS) {
        let told = piece.strip_suffix(ENDS).unwrap_or(piece);
        let masked = match told.split_once('=') {
            Some((name, value)) if is_secret(name) || hides(value, depth) => {
                Some([name, "=", MASKED].concat())
            }
            Some(_) => without_user(told),
            None => match without_user(told) {
                url if hides(url.as_deref().unwrap_or(told), depth) => Some(MASKED.to_owned()),
                url => url,
            },
        };
        has_secret |= masked.is_some();
        shown.push_str(masked.as_deref().unwrap_or(told));
        shown.push_str(piece.get(told.len()..).unwrap_or_default());
    }
    has_secret.then_some(shown)
}

/// Whether a text holds a secret once it is decoded.
fn hides(text: &str, depth: u8) -> bool {
    match Cow::from(percent_decode(text.as_bytes())) {
        Cow::Borrowed(_) => false,
        Cow::Owned(decoded) => match depth.checked_sub(1) {
            Some(depth) => masked_of(&String::from_utf8_lossy(&decoded), depth).is_some(),
            None => true,
        },
    }
}

/// A URL without who asks for it; none if it does not say.
fn without_user(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or(rest);
    let (user, _) = authority.rsplit_once('@').filter(|(user, _)| *user != MASKED)?;
    Some([scheme, "://", MASKED, rest.get(user.len()..)?].concat())
}

/// Whether the value of what has this name is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let decoded: Cow<'_, [u8]> = percent_decode(name.as_bytes()).into();
    if SHORT_SECRETS.iter().any(|secret| decoded.eq_ignore_ascii_case(secret.as_bytes())) {
        return true;
    }
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
