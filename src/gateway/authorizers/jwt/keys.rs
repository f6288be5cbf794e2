//! Where an issuer's keys come from: the document, or the issuer, asked when a token needs them.
//!
//! What is learned is kept for each worker. Keys are asked for again after [`FRESH`]; while the issuer does not answer, the
//! last good ones serve on to [`STALE`]. A token with an unknown key id may make the gateway ask early, but not more often
//! than [`COOL_DOWN`] allows, and a failing issuer is left alone for [`BACK_OFF`]: junk tokens buy no storm of questions.

use super::jwks::KeySet;
use super::refusal::Refusal;
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::flow::{Callout, CalloutReply, Flight};
use crate::gateway::{Env, Millis};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// Milliseconds that keys are believed without asking again: AWS's two hours.
pub const FRESH: u64 = 2 * 60 * 60 * 1000;
/// Milliseconds after which keys are not believed at all.
pub const STALE: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds between two questions about unknown key ids.
pub const COOL_DOWN: u64 = 30_000;
/// Milliseconds that an issuer which failed is left alone.
pub const BACK_OFF: u64 = 1_000;
/// Questions about one issuer within [`TIMEOUT`]: those who come at the same time as the first.
const MOST_QUESTIONS: u32 = 16;
/// Milliseconds that an issuer may take: AWS's limit.
const TIMEOUT: u32 = 1_500;
/// Bytes of a key set or a discovery document: AWS's limit.
const LARGEST: usize = 150_000;

/// Where an issuer's keys are.
#[derive(Debug)]
pub enum KeySource {
    /// In the document.
    Inline(Rc<KeySet>),
    /// At a URL that the document names.
    Uri(Endpoint),
    /// Where the issuer's discovery document says; that host must be one of these clusters.
    Discovery {
        /// The discovery document.
        document: Endpoint,
        /// `iss`, which the document must repeat.
        issuer: String,
        /// Clusters that there are.
        clusters: Rc<[String]>,
    },
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The discovery document.
    Discovery,
    /// The key set.
    Keys,
}

/// Keys, or the question that must be asked for them.
#[derive(Debug)]
pub enum Found {
    /// The keys.
    Keys(Rc<KeySet>),
    /// The question.
    Ask(Callout, Step),
}

/// What a worker knows of a key source.
#[derive(Debug, Default)]
pub struct Learned {
    keys: Option<(Rc<KeySet>, Millis)>,
    failed: Option<(Millis, Refusal)>,
    asked: Option<(Millis, u32)>,
}

#[derive(Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    jwks_uri: String,
}

// === impl KeySource ===

impl KeySource {
    /// The keys for a token, or the question for them.
    ///
    /// # Errors
    /// If there are none and none can be asked for now.
    pub fn find(&self, kid: &str, algorithm: Algorithm, env: &Env<'_>) -> Result<Found, Refusal> {
        let (at, step) = match self {
            Self::Inline(keys) => return Ok(Found::Keys(Rc::clone(keys))),
            Self::Uri(at) => (at, Step::Keys),
            Self::Discovery { document, .. } => (document, Step::Discovery),
        };
        let mut worker = env.worker.borrow_mut();
        let learned = worker.learned(&self.id());
        if let Some(keys) = learned.enough(kid, algorithm, env.wall) {
            return Ok(Found::Keys(keys));
        }
        learned.may_ask(env.wall)?;
        Ok(Found::Ask(ask(at), step))
    }

    /// The keys that are known now.
    #[must_use]
    pub fn at_hand(&self, env: &Env<'_>) -> Option<Rc<KeySet>> {
        if let Self::Inline(keys) = self {
            return Some(Rc::clone(keys));
        }
        env.worker.borrow_mut().learned(&self.id()).usable(env.wall)
    }

    /// Learns from an answer.
    ///
    /// # Errors
    /// If it teaches nothing, and no keys are left that may serve on.
    pub fn learn(&self, step: Step, reply: &CalloutReply, env: &Env<'_>) -> Result<Found, Refusal> {
        if let Self::Inline(keys) = self {
            return Ok(Found::Keys(Rc::clone(keys)));
        }
        let refusal = match step {
            Step::Discovery => Refusal::Discovery,
            Step::Keys => Refusal::Keys,
        };
        let body = match reply {
            CalloutReply::Answered { status: 200..=299, body, .. } if body.len() <= LARGEST => Some(body),
            CalloutReply::Answered { .. } | CalloutReply::Failed | CalloutReply::TooMany => None,
        };
        let learned = body.and_then(|body| self.read(step, body));
        let mut worker = env.worker.borrow_mut();
        let known = worker.learned(&self.id());
        match learned {
            Some(Found::Keys(keys)) => {
                *known = Learned { keys: Some((Rc::clone(&keys), env.wall)), failed: None, asked: None };
                Ok(Found::Keys(keys))
            }
            Some(ask @ Found::Ask(..)) => Ok(ask),
            None => {
                known.failed = Some((env.wall, refusal));
                known.usable(env.wall).map(Found::Keys).ok_or(refusal)
            }
        }
    }

    /// What a worker's knowledge is kept under. The issuer belongs to it: `https://idp` and `https://idp/` have one discovery
    /// document, and only one of them is its issuer.
    fn id(&self) -> String {
        match self {
            Self::Inline(_) => String::new(),
            Self::Uri(at) => at.url(),
            Self::Discovery { document, issuer, .. } => format!("{} {issuer}", document.url()),
        }
    }

    fn read(&self, step: Step, body: &[u8]) -> Option<Found> {
        match (step, self) {
            (Step::Keys, _) => KeySet::parse(body).ok().map(|keys| Found::Keys(Rc::new(keys))),
            (Step::Discovery, Self::Discovery { issuer, clusters, .. }) => {
                let document: DiscoveryDocument = serde_json::from_slice(body).ok()?;
                let at = endpoint(&document.jwks_uri).ok()?;
                let reachable = document.issuer == *issuer && clusters.contains(&at.cluster);
                reachable.then(|| Found::Ask(ask(&at), Step::Keys))
            }
            (Step::Discovery, Self::Inline(_) | Self::Uri(_)) => None,
        }
    }
}

// === impl Learned ===

impl Learned {
    /// The keys, if they need not be asked for first: they are fresh and have the key, or asking would be too early.
    fn enough(&self, kid: &str, algorithm: Algorithm, now: Millis) -> Option<Rc<KeySet>> {
        let (keys, at) = self.keys.as_ref()?;
        let age = now.0.saturating_sub(at.0);
        let asked = self.asked.is_some_and(|(at, _)| now.0.saturating_sub(at.0) < u64::from(TIMEOUT));
        let failed = self.failed.is_some_and(|(at, _)| now.0.saturating_sub(at.0) < BACK_OFF);
        let has_key = keys.find(kid, algorithm).next().is_some();
        let good = if has_key { age < FRESH } else { age < COOL_DOWN };
        (good || ((asked || failed) && age < STALE)).then(|| Rc::clone(keys))
    }

    fn usable(&self, now: Millis) -> Option<Rc<KeySet>> {
        let (keys, at) = self.keys.as_ref()?;
        (now.0.saturating_sub(at.0) < STALE).then(|| Rc::clone(keys))
    }

    /// Counts a question, or refuses it.
    fn may_ask(&mut self, now: Millis) -> Result<(), Refusal> {
        if let Some((at, refusal)) = self.failed
            && now.0.saturating_sub(at.0) < BACK_OFF
        {
            return Err(refusal);
        }
        match &mut self.asked {
            Some((at, questions)) if now.0.saturating_sub(at.0) < u64::from(TIMEOUT) => {
                if *questions >= MOST_QUESTIONS {
                    return Err(Refusal::Keys);
                }
                *questions += 1;
            }
            asked => *asked = Some((now, 1)),
        }
        Ok(())
    }
}

fn ask(at: &Endpoint) -> Callout {
    let digest = Sha256::digest(at.url()).into();
    Callout {
        cluster: at.cluster.clone(),
        headers: vec![
            (b":method".into(), b"GET".into()),
            (b":scheme".into(), if at.tls { b"https".as_slice().into() } else { b"http".as_slice().into() }),
            (b":authority".into(), at.authority.clone().into_bytes().into()),
            (b":path".into(), at.path.clone().into_bytes().into()),
            (b"accept".into(), b"application/json".into()),
        ],
        body: Vec::new(),
        timeout_millis: TIMEOUT,
        then_body: false,
        flight: Flight { key: digest, group: digest, most: 1 },
    }
}

#[cfg(test)]
mod tests;
