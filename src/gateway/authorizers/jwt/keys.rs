//! Where an issuer's keys come from: the document, or the issuer, asked ahead by one of Envoy's VMs for all of them.
//!
//! What is learned is kept in shared data, so that every worker and a new configuration have it without asking, and a copy in
//! each worker. A request asks only when there are no keys, or none with its key id; [`ledger`] says when that is allowed.

pub mod learned;
pub mod ledger;
mod question;

use super::jwks::KeySet;
use super::refusal::Refusal;
use crate::gateway::Env;
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::clusters::Endpoint;
use crate::gateway::flow::{Callout, CalloutReply, Flight};
use crate::gateway::metrics::state::KeysTold;
use crate::gateway::shared::{LAYOUT, SharedStore};
use learned::{Flying, Learned, Said};
use ledger::{Ledger, Names, Reason};
use question::ask;
use sha2::{Digest, Sha256};
use std::rc::Rc;

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
        /// Clusters that may be asked for keys. Others are not, even if they exist: a discovery document shall not choose
        /// among the gateway's backends.
        clusters: Rc<[String]>,
    },
}

/// A key source, and what it is called where something is kept of it.
#[derive(Debug)]
pub struct Keyring {
    pub(super) source: KeySource,
    id: [u8; 32],
    names: Names,
}

/// Where an issuer's discovery document is.
#[must_use]
pub fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The discovery document.
    Discovery,
    /// The key set.
    Keys,
}

/// A question on its way, as the one who waits for it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    stage: Stage,
    /// Answers that the worker had taken in before: if there are more now, another one who waits has taken in this one.
    heard: u64,
    began: Began,
}

/// Whether a question is younger than the one who waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Began {
    /// It was on its way already: its answer may be older than the token.
    Before,
    /// It was asked for it.
    Now,
}

/// Keys, or the question that must be asked for them.
#[derive(Debug)]
pub enum Found {
    /// The keys.
    Keys(Rc<KeySet>),
    /// The question.
    Ask(Callout, Step),
}

// === impl KeySource ===

impl KeySource {
    /// What tells a source from every other one. The issuer belongs to it: `https://idp` and `https://idp/` have one
    /// discovery document, and only one of them is its issuer.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Inline(_) => String::new(),
            Self::Uri(at) => at.url(),
            Self::Discovery { document, issuer, clusters } => {
                format!("{} {issuer} {}", document.url(), clusters.join(" "))
            }
        }
    }

    /// What is asked first.
    fn first(&self) -> Option<(&Endpoint, Stage)> {
        match self {
            Self::Inline(_) => None,
            Self::Uri(at) => Some((at, Stage::Keys)),
            Self::Discovery { document, .. } => Some((document, Stage::Discovery)),
        }
    }
}

// === impl Keyring ===

impl Keyring {
    /// A key source.
    #[must_use]
    pub fn new(source: KeySource) -> Self {
        let id: [u8; 32] = Sha256::digest(source.id()).into();
        let short: String = id.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let name = |what: &str| format!("sekisho/{LAYOUT}/keys/{short}/{what}");
        Self { source, id, names: Names { ledger: name("ledger"), set: name("set") } }
    }

    /// What tells it from every other one.
    #[must_use]
    pub fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// What is told of it to statistics; none of keys that the document has.
    pub fn told(&self, env: &Env<'_>) -> Option<KeysTold> {
        let source = match &self.source {
            KeySource::Inline(_) => return None,
            KeySource::Uri(at) => at.url(),
            KeySource::Discovery { issuer, .. } => issuer.clone(),
        };
        let mut worker = env.worker.borrow_mut();
        let learned = worker.learned(&self.id);
        let keys = learned.usable(env.wall).map_or(0, |set| set.count() as u64);
        let ledger = &learned.ledger;
        let learned = ledger.edition.map_or(0, |edition| edition.at.0 / 1000);
        Some(KeysTold { source, keys, learned, failures: ledger.failures().into() })
    }

    /// The keys for a token, or the question for them.
    ///
    /// # Errors
    /// If there are none and none can be asked for now.
    pub fn find(&self, kid: &str, algorithm: Algorithm, env: &Env<'_>) -> Result<Found, Refusal> {
        let Some((at, stage)) = self.source.first() else { return self.inline() };
        let now = env.wall;
        let mut worker = env.worker.borrow_mut();
        let learned = worker.learned(&self.id);
        if let Some(keys) = learned.fresh(now)
            && keys.has(kid, algorithm)
        {
            return Ok(Found::Keys(keys));
        }
        // Another VM may have learned meanwhile.
        learned.catch_up(&self.names, env);
        let keys = learned.usable(now);
        let reason = match &keys {
            Some(keys) if keys.has(kid, algorithm) => {
                if !learned.ledger.is_neglected(now) {
                    return Ok(Found::Keys(Rc::clone(keys)));
                }
                Reason::Due
            }
            Some(_) => Reason::UnknownKey,
            None => Reason::Due,
        };
        if let Some(flying) = learned.flying(now) {
            let step = Step { stage: flying.stage, heard: learned.heard, began: Began::Before };
            return Ok(Found::Ask(ask(&flying.at), step));
        }
        if learned.update(&self.names, env, |ledger| ledger.begin(reason, now)) {
            return Ok(begin(learned, at, stage, env));
        }
        keys.map(Found::Keys).ok_or(learned.ledger.refusal())
    }

    /// The keys that are known now.
    #[must_use]
    pub fn at_hand(&self, env: &Env<'_>) -> Option<Rc<KeySet>> {
        match &self.source {
            KeySource::Inline(keys) => Some(Rc::clone(keys)),
            KeySource::Uri(_) | KeySource::Discovery { .. } => {
                env.worker.borrow_mut().learned(&self.id).usable(env.wall)
            }
        }
    }

    /// Goes on with the answer that a token waited for.
    ///
    /// # Errors
    /// If it teaches nothing, and no keys are left that may serve on.
    pub fn finish(
        &self,
        step: Step,
        kid: &str,
        algorithm: Algorithm,
        reply: &CalloutReply,
        env: &Env<'_>,
    ) -> Result<Found, Refusal> {
        let found = self.learn(step, reply, env)?;
        match (&found, step.began) {
            // The question was asked before the token was there, and the key may be younger: once more, for this token.
            (Found::Keys(keys), Began::Before) if !keys.has(kid, algorithm) => {
                Ok(match self.find(kid, algorithm, env)? {
                    Found::Ask(callout, step) => Found::Ask(callout, Step { began: Began::Now, ..step }),
                    keys @ Found::Keys(_) => keys,
                })
            }
            (Found::Keys(_) | Found::Ask(..), _) => Ok(found),
        }
    }

    /// Learns from an answer, unless another one who waited for it has done so.
    ///
    /// # Errors
    /// If it teaches nothing, and no keys are left that may serve on.
    pub fn learn(&self, step: Step, reply: &CalloutReply, env: &Env<'_>) -> Result<Found, Refusal> {
        if self.source.first().is_none() {
            return self.inline();
        }
        let mut worker = env.worker.borrow_mut();
        let learned = worker.learned(&self.id);
        if learned.heard == step.heard {
            let read = question::read(&self.source, step.stage, reply, learned.held());
            learned.take_in(read, &self.names, env);
        }
        if let (Stage::Discovery, Some(Flying { stage: Stage::Keys, at, .. })) = (step.stage, &learned.flying)
        {
            let step = Step { stage: Stage::Keys, heard: learned.heard, ..step };
            return Ok(Found::Ask(ask(at), step));
        }
        let refusal = match learned.said {
            Said::Nothing | Said::Keys => Refusal::Keys,
            Said::Failed(refusal) => refusal,
        };
        learned.usable(env.wall).map(Found::Keys).ok_or(refusal)
    }

    /// The question that is due, if this VM is the one that asks it.
    #[must_use]
    pub fn tend(&self, env: &Env<'_>) -> Option<(Callout, Step)> {
        let (at, stage) = self.source.first()?;
        let now = env.wall;
        let mut worker = env.worker.borrow_mut();
        let learned = worker.learned(&self.id);
        learned.catch_up(&self.names, env);
        if learned.flying(now).is_some() || !learned.ledger.is_due(now) {
            return None;
        }
        if !learned.elect(&self.names, env) {
            return None;
        }
        match begin(learned, at, stage, env) {
            Found::Ask(callout, step) => Some((callout, step)),
            Found::Keys(_) => None,
        }
    }

    /// Learns from an answer that nobody waits for any more; gives the question that follows from it.
    pub fn overhear(&self, flight: &Flight, reply: &CalloutReply, env: &Env<'_>) -> Option<(Callout, Step)> {
        let step = {
            let mut worker = env.worker.borrow_mut();
            let learned = worker.learned(&self.id);
            let flying = learned.flying.as_ref().filter(|flying| ask(&flying.at).flight.key == flight.key)?;
            Step { stage: flying.stage, heard: learned.heard, began: Began::Now }
        };
        match self.learn(step, reply, env) {
            Ok(Found::Ask(callout, step)) => Some((callout, step)),
            Ok(Found::Keys(_)) | Err(_) => None,
        }
    }

    /// Writes a ledger where there is none: creating one is not protected against others who do the same, changing it is.
    pub fn prepare(&self, shared: &dyn SharedStore) {
        if self.source.first().is_some() && shared.get(&self.names.ledger).is_none() {
            // Refused, everybody asks for himself.
            let _ = shared.set(&self.names.ledger, &Ledger::default().encode(), None);
        }
    }

    fn inline(&self) -> Result<Found, Refusal> {
        match &self.source {
            KeySource::Inline(keys) => Ok(Found::Keys(Rc::clone(keys))),
            KeySource::Uri(_) | KeySource::Discovery { .. } => Err(Refusal::Keys),
        }
    }
}

/// Puts the first question on its way.
fn begin(learned: &mut Learned, at: &Endpoint, stage: Stage, env: &Env<'_>) -> Found {
    learned.flying = Some(Flying { stage, at: at.clone(), begun: env.wall });
    Found::Ask(ask(at), Step { stage, heard: learned.heard, began: Began::Now })
}

#[cfg(test)]
pub(in crate::gateway) mod tests;
