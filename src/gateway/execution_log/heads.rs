//! Heads, as far as lines show them.

use crate::gateway::flow::{Bytes, Edit, Edits};
use crate::gateway::head::Head;

/// Whether a header is one, and nobody's but the client's or the backend's.
pub(super) fn is_shown(name: &[u8]) -> bool {
    !name.starts_with(b":") && !name.starts_with(b"x-sekisho-") && !name.starts_with(b"x-envoy-")
}

/// The headers of a head that are shown.
pub(super) fn visible(head: &Head) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.iter().filter(|(name, _)| is_shown(name))
}

/// Those of a question, or of an answer.
pub(super) fn shown(headers: &[(Bytes, Bytes)]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let headers = headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    headers.filter(|(name, _)| is_shown(name))
}

/// A head with its changes.
pub(super) fn edited<'h>(head: &'h Head, edits: &'h Edits) -> Vec<(&'h [u8], &'h [u8])> {
    let mut pairs: Vec<(&[u8], &[u8])> = head.iter().collect();
    for edit in &edits.0 {
        match edit {
            Edit::Remove(name) => pairs.retain(|(known, _)| *known != name.as_ref()),
            Edit::Set(name, value) => {
                pairs.retain(|(known, _)| *known != name.as_ref());
                pairs.push((name, value));
            }
            Edit::Add(name, value) => pairs.push((name, value)),
        }
    }
    pairs
}
