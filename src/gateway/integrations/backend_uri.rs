//! `integrationUri` of a backend: where it is, and the path with the route's variables.

use crate::gateway::routes::{Captures, encode_segments};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A compiled URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendUri {
    /// Whether it is `https`.
    pub tls: bool,
    /// Host name or IP address; IPv6 without brackets.
    pub host: String,
    /// Port; the scheme's when the URI names none.
    pub port: u16,
    /// `host` and, where it is not the scheme's, `:port`: what the backend reads as its host.
    pub authority: String,
    path: Vec<Part>,
    query: Option<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

/// Query components: everything that could end or split one is encoded.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

// === impl BackendUri ===

impl BackendUri {
    /// Compiles a URI whose stage variables are already in place.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(uri: &str) -> Result<Self, String> {
        let (scheme, rest) = uri.split_once("://").ok_or("it has no scheme: `http://` or `https://`")?;
        let tls = match scheme {
            "http" => false,
            "https" => true,
            other => return Err(format!("the scheme `{other}` is neither `http` nor `https`")),
        };
        if uri.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err("it has a character that must be percent-encoded".to_owned());
        }
        if uri.contains('#') {
            return Err("a fragment (`#`) has no meaning to a backend".to_owned());
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (host, port) = split_authority(authority)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(parts(query)?)),
            None => (rest, None),
        };
        let default = if tls { 443 } else { 80 };
        let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let port = port.unwrap_or(default);
        let authority = if port == default { shown } else { format!("{shown}:{port}") };
        Ok(Self { tls, host, port, authority, path: parts(path)?, query })
    }

    /// The path variables that it names.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.path.iter().chain(self.query.iter().flatten()).filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The path with its variables replaced: each segment of a value is encoded again, so that what the backend decodes
    /// has the segments that were matched.
    #[must_use]
    pub fn path(&self, captures: Option<&Captures<'_>>) -> String {
        let room = String::with_capacity(64);
        let path = self.path.iter().fold(room, |mut path, part| {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Variable(name) => encode_segments(value(captures, name), &mut path),
            }
            path
        });
        if path.starts_with('/') { path } else { format!("/{path}") }
    }

    /// The query string with its variables replaced.
    #[must_use]
    pub fn query(&self, captures: Option<&Captures<'_>>) -> Option<String> {
        let query = self.query.as_ref()?.iter().fold(String::new(), |mut query, part| {
            match part {
                Part::Text(text) => query.push_str(text),
                Part::Variable(name) => {
                    query.extend(utf8_percent_encode(value(captures, name), COMPONENT));
                }
            }
            query
        });
        Some(query)
    }
}

/// Encodes a query component.
#[must_use]
pub fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A variable's decoded value; compiling checked that the route has it.
fn value<'a>(captures: Option<&Captures<'a>>, name: &str) -> &'a str {
    captures.and_then(|captures| captures.get(name)).unwrap_or_default()
}

fn split_authority(authority: &str) -> Result<(String, Option<u16>), String> {
    if authority.contains('@') {
        return Err("credentials in a URI are sent to nobody: use `credential`".to_owned());
    }
    if authority.contains('{') {
        return Err("a path variable may not stand in the host".to_owned());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']').ok_or("`]` is missing")?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| format!("`{host}` is not an IPv6 address"))?;
            let port = if rest.is_empty() {
                None
            } else {
                Some(rest.strip_prefix(':').ok_or_else(|| format!("`{authority}` is not a host"))?)
            };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_v6 = authority.starts_with('[');
    if host.is_empty() || !(is_v6 || host.bytes().all(allowed)) {
        return Err(format!("`{authority}` is not a host"));
    }
    Ok((host.to_ascii_lowercase(), port.map(parse_port).transpose()?))
}

fn parse_port(text: &str) -> Result<u16, String> {
    // `u16::from_str` takes a plus sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or_else(|| format!("`{text}` is not a port"))
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(format!("`{{` is not closed in `{text}`"))?;
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        // AWS's consoles write greedy variables here with their plus sign.
        parts.push(Part::Variable(name.trim_end_matches('+').to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
