//! HTTP's own words: parameters are parts of the path, of the query string, headers and the body.

use super::subtype::Place;
use super::{Asked, Given};
use crate::gateway::flow::Bytes;
use crate::gateway::integrations::backend_uri::encode_component;
use crate::gateway::integrations::headers::is_header_value;
use crate::gateway::rejection::Rejection;
use crate::gateway::routes::is_dot_segment;

/// Longest value in a head, in bytes. A key of S3 has at most 1,024; a continuation token is longer.
const LONGEST_IN_HEAD: usize = 8 * 1024;

/// The request of an operation. `{NAME}` in `template` is a parameter's segment, `{NAME+}` one or more.
///
/// # Errors
/// If a value is missing in the path or would lead elsewhere, or may not stand in a header.
pub(super) fn ask(method: &'static str, template: &str, given: Given<'_>) -> Result<Asked, Rejection> {
    let long = given.values.iter().any(|(_, value)| value.len() > LONGEST_IN_HEAD);
    if long {
        return Err(Rejection::BadMappedValue);
    }
    let mut path = path(template, &given)?;
    let mut headers: Vec<(Bytes, Bytes)> = Vec::new();
    for (parameter, value) in &given.values {
        match parameter.place {
            Place::Query(name) => {
                path.push(if path.contains('?') { '&' } else { '?' });
                path.push_str(name);
                path.push('=');
                path.push_str(&encode_component(value));
            }
            Place::Header(_) if !is_header_value(value) => return Err(Rejection::BadMappedValue),
            Place::Header(name) => {
                headers.push((name.as_bytes().into(), value.as_bytes().to_vec().into()));
            }
            Place::Path | Place::Member(_) | Place::Body => {}
        }
    }
    Ok(Asked { method, path, headers, body: given.body.into_owned() })
}

fn path(template: &str, given: &Given<'_>) -> Result<String, Rejection> {
    let mut path = String::with_capacity(64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(Rejection::Internal)?;
        path.push_str(before);
        let value = given.value(name.trim_end_matches('+')).ok_or(Rejection::BadMappedValue)?;
        let several = name.ends_with('+');
        for (i, segment) in value.split(|c| several && c == '/').enumerate() {
            // S3 itself would take it for a name; who stands between, and other stores, may not.
            if is_dot_segment(segment) {
                return Err(Rejection::BadMappedValue);
            }
            if i > 0 {
                path.push('/');
            }
            // Everything that is not unreserved: as signatures write it.
            path.push_str(&encode_component(segment));
        }
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

/// The path of a queue's URL, `/ACCOUNT/NAME`, if it is one. Its host is not asked: the credentials are for the service alone.
#[must_use]
pub fn queue_path(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (_, path) = rest.split_once('/')?;
    let (account, name) = path.split_once('/')?;
    let bare = name.strip_suffix(".fifo").unwrap_or(name);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_queue = account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !bare.is_empty()
        && name.len() <= 80
        && bare.bytes().all(word);
    is_queue.then(|| format!("/{path}"))
}

/// Whether a text can be a bucket's name: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
#[must_use]
pub fn is_bucket(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let at_end = |byte: Option<u8>| byte.is_some_and(word);
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| word(byte) || matches!(byte, b'-' | b'.'))
        && at_end(name.bytes().next())
        && at_end(name.bytes().next_back())
        && !name.contains("..")
}
