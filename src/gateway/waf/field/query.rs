//! Arguments of the query string: between `&` stands one, its name before the first `=`, its value behind.
//!
//! `;` separates nothing unless a pre-parse transformation makes it `&`. Values are looked at as sent. A name is asked for in any
//! case, and is found as sent and without its percent-encoding, because that is how backends find it. An argument without
//! `=` is a value to some and a name to others: when all are asked for, its text is looked at.

use crate::gateway::waf::transform::{PreParse, pre_parse};
use percent_encoding::percent_decode;

/// Calls with the value of every argument, or of those of a name, which is in lower case.
pub fn each(query: &[u8], steps: &[PreParse], name: Option<&str>, with: &mut dyn FnMut(&[u8])) {
    let query = pre_parse(steps, query);
    for argument in query.split(|byte| *byte == b'&').filter(|argument| !argument.is_empty()) {
        let at = argument.iter().position(|byte| *byte == b'=');
        let (key, behind) = argument.split_at_checked(at.unwrap_or(argument.len())).unwrap_or_default();
        let value = behind.get(1..);
        match name {
            None => with(value.unwrap_or(key)),
            Some(name) if is_named(key, name) => with(value.unwrap_or_default()),
            Some(_) => {}
        }
    }
}

/// Whether a backend may read it as this name.
fn is_named(key: &[u8], name: &str) -> bool {
    // Decoding makes nothing longer.
    if key.len() < name.len() {
        return false;
    }
    let same = |(sent, wanted): (u8, u8)| sent == wanted || (sent == b'+' && wanted == b' ');
    let mut decoded = percent_decode(key).map(|byte| byte.to_ascii_lowercase());
    key.eq_ignore_ascii_case(name.as_bytes())
        || (name.bytes().all(|wanted| decoded.next().is_some_and(|sent| same((sent, wanted))))
            && decoded.next().is_none())
}
