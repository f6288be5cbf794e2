//! What an explanation does not print: it is pasted into tickets. Of a JSON web token the signature is hidden, of any other
//! secret all but its beginning.

use percent_encoding::percent_decode_str;
use regex_lite::Regex;
use sekisho::gateway::config::Config;
use std::collections::BTreeSet;

/// Headers that hold secrets whatever a document says.
const HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-amz-security-token"];
/// Shorter ones are not looked for: they would be found in every other word.
const SHORTEST: usize = 8;
/// From this length on, a beginning is shown: it tells two apart and helps nobody to guess the rest.
const LONG: usize = 20;

/// Secrets of one request.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Longest first: one may be a part of another.
    values: Vec<String>,
}

// === impl Secrets ===

impl Secrets {
    /// The secrets of a request: in headers that hold some, and where a document's authorizers look.
    pub(super) fn of(head: &[(String, String)], config: &Config) -> Self {
        let deployed = config.apis.iter().flat_map(|api| &api.deployments);
        let authorizers = config.apis.iter().flat_map(|api| &api.authorizers);
        let authorizers = authorizers.chain(deployed.flat_map(|deployment| &deployment.authorizers));
        let sources: Vec<&str> =
            authorizers.flat_map(|authorizer| &authorizer.identity_source).map(String::as_str).collect();
        let named =
            |prefix: &'static str| sources.iter().filter_map(move |source| source.strip_prefix(prefix));
        let mut values = BTreeSet::new();
        for (name, value) in head {
            let secret = HEADERS.contains(&name.as_str())
                || named("$request.header.").any(|header| header.eq_ignore_ascii_case(name));
            if secret {
                values.extend(parts(name, value));
            }
            if name == ":path" {
                let query = value.split_once('?').map_or("", |(_, query)| query);
                for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                    if named("$request.querystring.").any(|parameter| parameter == name) {
                        let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
                        values.extend([value.to_owned(), decoded]);
                    }
                }
            }
        }
        let mut values: Vec<_> = values.into_iter().filter(|value| value.len() >= SHORTEST).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { values }
    }

    /// A text without them.
    pub(super) fn hidden(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            text = text.replace(value, &shown(value));
        }
        // Tokens elsewhere, and signatures of AWS credentials.
        let patterns = [
            (r"\b(ey[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,})\.[A-Za-z0-9_-]{4,}", "$1.…"),
            (r"(?i)\b((?:X-Amz-)?Signature=)[0-9a-f]{16,}", "$1…"),
            (r"(?i)\b(X-Amz-Security-Token=)[^&\s]+", "$1…"),
        ];
        for (pattern, shown) in patterns {
            if let Ok(pattern) = Regex::new(pattern) {
                text = pattern.replace_all(&text, shown).into_owned();
            }
        }
        text
    }
}

/// The parts of a header's value that may be secret: what follows a scheme, and values of cookies.
fn parts(name: &str, value: &str) -> Vec<String> {
    let words: Vec<&str> = value.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let parts = match (name, words.as_slice()) {
        ("cookie", _) => {
            value.split(';').filter_map(|cookie| Some(cookie.split_once('=')?.1.trim())).collect()
        }
        // Its signature is found by its name; the rest tells what was signed.
        (_, [scheme, ..]) if scheme.starts_with("AWS4-") => Vec::new(),
        (_, [_scheme, secrets @ ..]) if !secrets.is_empty() => secrets.to_vec(),
        _ => words,
    };
    parts.into_iter().map(str::to_owned).collect()
}

fn shown(secret: &str) -> String {
    if let [header, payload, _] = secret.split('.').collect::<Vec<_>>().as_slice()
        && header.len() >= SHORTEST
    {
        return format!("{header}.{payload}.…");
    }
    if secret.len() < LONG {
        return "…".to_owned();
    }
    secret.chars().take(4).chain(['…']).collect()
}
