//! The questions to an issuer, and how its answers are read.

use super::learned::Held;
use super::{KeySource, Stage};
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::refusal::Refusal;
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::flow::{Callout, CalloutReply, Flight};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// Milliseconds that an issuer may take: AWS's limit.
const TIMEOUT: u32 = 1_500;
/// Bytes of a key set or a discovery document: AWS's limit.
const LARGEST: usize = 150_000;

/// What an answer says.
pub(super) enum Read<'r> {
    /// Where the keys are.
    At(Endpoint),
    /// The keys, as they came.
    Keys(Rc<KeySet>, [u8; 32], &'r [u8]),
    /// Nothing that can be used.
    Nothing(Refusal),
}

#[derive(Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    jwks_uri: String,
}

/// Reads an answer. A key set that is held already is not read again.
pub(super) fn read<'r>(
    source: &KeySource,
    stage: Stage,
    reply: &'r CalloutReply,
    held: Option<&Held>,
) -> Read<'r> {
    let body = match reply {
        CalloutReply::Answered { status: 200..=299, body, .. } if body.len() <= LARGEST => {
            Some(body.as_slice())
        }
        CalloutReply::Answered { .. }
        | CalloutReply::Failed
        | CalloutReply::TooLarge
        | CalloutReply::TooMany => None,
    };
    match stage {
        Stage::Discovery => {
            let found = body.and_then(|body| keys_of(source, body));
            found.map_or(Read::Nothing(Refusal::Discovery), Read::At)
        }
        Stage::Keys => {
            let found = body.and_then(|body| {
                let (set, digest) = key_set(body, held)?;
                Some(Read::Keys(set, digest, body))
            });
            found.unwrap_or(Read::Nothing(Refusal::Keys))
        }
    }
}

/// A key set and its digest.
pub(super) fn key_set(body: &[u8], held: Option<&Held>) -> Option<(Rc<KeySet>, [u8; 32])> {
    let digest: [u8; 32] = Sha256::digest(body).into();
    if let Some(held) = held.filter(|held| held.digest == digest) {
        return Some((Rc::clone(&held.set), digest));
    }
    KeySet::parse(body).ok().map(|set| (Rc::new(set), digest))
}

/// Where a discovery document says that the keys are, if it is the issuer's and may say so.
fn keys_of(source: &KeySource, body: &[u8]) -> Option<Endpoint> {
    match source {
        KeySource::Discovery { issuer, clusters, .. } => {
            let document: DiscoveryDocument = serde_json::from_slice(body).ok()?;
            let at = endpoint(&document.jwks_uri).ok()?;
            let allowed = document.issuer == *issuer && clusters.contains(&at.cluster);
            allowed.then_some(at)
        }
        KeySource::Inline(_) | KeySource::Uri(_) => None,
    }
}

/// The question for what is at a place.
pub(super) fn ask(at: &Endpoint) -> Callout {
    let digest = Sha256::new().chain_update("keys ").chain_update(at.url()).finalize().into();
    let mut headers = Callout::head("GET", at.tls, &at.authority, at.path.clone().into_bytes());
    headers.push((b"accept".into(), b"application/json".into()));
    Callout {
        cluster: at.cluster.clone(),
        headers,
        body: Vec::new(),
        timeout_millis: TIMEOUT,
        then_body: false,
        flight: Flight { key: digest, group: digest, most: 1 },
    }
}
