//! Lambda authorizers, and HTTP services of the same contract.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>
//!
//! What identifies the caller must be there; then the answer that is remembered for it counts, else the function is asked. A
//! policy in an answer is evaluated for each request, so that one that allows a route allows no other.

pub mod answer;
pub mod cache;
pub mod event;
pub mod source;
mod told;

use super::Opinion;
use super::principal::Principal;
use crate::gateway::clusters::Endpoint;
use crate::gateway::config::ProtocolType;
use crate::gateway::flow::{Callout, CalloutReply, Flight};
use crate::gateway::lambda::invoke::{Invoked, Unreached, invocation, invoked, post};
use crate::gateway::policy::Verdict;
use crate::gateway::regex::Regex;
use crate::gateway::rejection::{Denial, Rejection};
use crate::gateway::request::Request;
use crate::gateway::{Env, Millis, trace_context};
use answer::{Answer, Says};
use event::Identity;
use serde_json::Value;
use sha2::{Digest, Sha256};
use source::Source;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// Milliseconds that the function may take: AWS's limit.
const TIMEOUT: u32 = 10_000;
/// Questions of one authorizer that a worker has on their way.
const MOST_QUESTIONS: usize = 256;

/// A compiled Lambda authorizer.
#[derive(Debug)]
pub struct LambdaAuthorizer {
    /// What the function is told, and what it may answer.
    pub kind: Kind,
    /// What identifies the caller.
    pub sources: Vec<Source>,
    /// How the document spells the headers among them.
    pub spellings: Vec<String>,
    /// Who is asked, by side of a stage: its variables may name the function.
    pub places: BTreeMap<String, Place>,
    /// Seconds that an answer is remembered; 0 asks each time.
    pub ttl: u32,
    /// Tells this authorizer from every other one, in caches.
    pub digest: [u8; 32],
}

/// The kinds of authorizers, by API type and payload format.
#[derive(Debug)]
pub enum Kind {
    /// REST: the function sees one token.
    Token {
        /// What all of the token must match.
        pattern: Option<Regex>,
    },
    /// REST: the function sees the request.
    Rest,
    /// HTTP, payload format 1.0.
    HttpV1,
    /// HTTP, payload format 2.0.
    HttpV2 {
        /// Whether `isAuthorized` is understood.
        simple: bool,
    },
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A function, by Lambda's Invoke operation.
    Function(Endpoint),
    /// An HTTP service, which gets the same event.
    Service(Endpoint),
}

/// A question on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// What the answer is remembered under; none asks each time.
    key: Option<[u8; 32]>,
    asked: Millis,
}

/// Whom an authorizer let in.
#[derive(Clone, Default, PartialEq)]
pub struct Allowed {
    /// `principalId` of an answer with a policy.
    pub principal_id: Option<String>,
    /// `context` of the answer: on REST APIs texts only.
    pub context: Vec<(String, Value)>,
    /// The API key that the request is counted under, where the API's key source is `AUTHORIZER`.
    pub usage_identifier_key: Option<String>,
    /// Milliseconds that the function took; 0 for an answer that was remembered.
    pub integration_latency: u64,
}

// === impl Allowed ===

impl Allowed {
    /// `$context.authorizer.NAME`, as text. What the gateway says itself is not the function's to say.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        match (name, &self.principal_id) {
            ("principalId", Some(id)) => return Some(id.into()),
            ("integrationLatency", _) => return Some(self.integration_latency.to_string().into()),
            _ => {}
        }
        match &self.context.iter().find(|(known, _)| known == name)?.1 {
            Value::Null => None,
            Value::String(text) => Some(text.into()),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Some(other.to_string().into())
            }
        }
    }
}

/// Without the API key, which is a secret.
impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowed")
            .field("principal_id", &self.principal_id)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

// === impl Kind ===

impl Kind {
    /// The API type that has it.
    #[must_use]
    pub fn protocol(&self) -> ProtocolType {
        match self {
            Self::Token { .. } | Self::Rest => ProtocolType::Rest,
            Self::HttpV1 | Self::HttpV2 { .. } => ProtocolType::Http,
        }
    }

    /// Whether `isAuthorized` is an answer.
    #[must_use]
    pub fn understands_simple_answers(&self) -> bool {
        match self {
            Self::HttpV2 { simple } => *simple,
            Self::Token { .. } | Self::Rest | Self::HttpV1 => false,
        }
    }
}

// === impl LambdaAuthorizer ===

impl LambdaAuthorizer {
    /// Decides what can be decided with the answers that are remembered.
    ///
    /// # Errors
    /// If the request is refused.
    pub fn begin(&self, request: &Request, env: &Env<'_>) -> Result<Opinion, Rejection> {
        let identity = self.identity(request);
        env.notes(|| told::identity(self, request, &identity));
        let identity = identity?;
        let key = (self.ttl > 0).then(|| self.cache_key(&identity, request));
        if let Some(answer) = remembered(key, env) {
            return opinion(&answer, &answer.allowed, request);
        }
        let callout = self.ask(&identity, key, request, env)?;
        Ok(Opinion::Ask(callout, super::Pending::Lambda(Pending { key, asked: env.wall })))
    }

    /// Goes on with the answer in hand.
    ///
    /// # Errors
    /// If the answer refuses the request, or there is none that can be read.
    pub fn finish(
        &self,
        pending: Pending,
        reply: &CalloutReply,
        request: &Request,
        env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        // Requests that shared the question find what the first of them has read.
        if let Some(answer) = remembered(pending.key, env) {
            return opinion(&answer, &answer.allowed, request);
        }
        let answer = self.read(reply, request);
        env.note(|| told::answer(&answer, request));
        let answer = Rc::new(answer?);
        let latency = env.wall.0.saturating_sub(pending.asked.0);
        let allowed = Rc::new(Allowed { integration_latency: latency, ..Allowed::clone(&answer.allowed) });
        if let Some(key) = pending.key {
            let allows = answer.verdict(request) == Verdict::Allow;
            env.worker.borrow_mut().answers().remember(key, &answer, allows, env.wall, self.ttl);
        }
        opinion(&answer, &allowed, request)
    }

    /// What identifies the caller. All of it must be there, except where a REST API asks each time.
    fn identity<'r>(&'r self, request: &'r Request) -> Result<Identity<'r>, Rejection> {
        if let Kind::Token { pattern } = &self.kind {
            let source = self.sources.first().ok_or(Rejection::Internal)?;
            let token = source.token(request).ok_or(Rejection::Unauthorized)?;
            if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&token)) {
                return Err(Rejection::Unauthorized);
            }
            return Ok(vec![vec![token]]);
        }
        let identity: Identity<'r> = self.sources.iter().map(|source| source.values(request)).collect();
        let optional = self.kind.protocol() == ProtocolType::Rest && self.ttl == 0;
        if !optional && identity.iter().any(Vec::is_empty) {
            return Err(Rejection::Unauthorized);
        }
        Ok(identity)
    }

    /// What an answer is remembered under. Each part has its length in front of it, so that no two callers, authorizers or stages
    /// have the same key, whatever stands in a token.
    fn cache_key(&self, identity: &Identity<'_>, request: &Request) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(self.digest);
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(request.api.as_ref().map_or("", |api| &api.id).as_bytes());
        let stage = request.stage.as_ref();
        part(stage.map_or("", |stage| &stage.side).as_bytes());
        let deployment = stage.and_then(|stage| stage.deployment_id.as_deref());
        part(&[u8::from(deployment.is_some())]);
        part(deployment.unwrap_or_default().as_bytes());
        for values in identity {
            part(&(values.len() as u64).to_be_bytes());
            values.iter().for_each(|value| part(value.as_bytes()));
        }
        hash.finalize().into()
    }

    fn ask(
        &self,
        identity: &Identity<'_>,
        key: Option<[u8; 32]>,
        request: &Request,
        env: &Env<'_>,
    ) -> Result<Callout, Rejection> {
        let stage = request.stage.as_ref().ok_or(Rejection::Internal)?;
        let place = self.places.get(&stage.side).ok_or(Rejection::AuthorizerConfiguration)?;
        let flight = match key {
            Some(key) => Flight { key, group: self.digest, most: MOST_QUESTIONS },
            None => Flight::alone(env.dice, self.digest, MOST_QUESTIONS),
        };
        let event = event::event(self, identity, request);
        let trace = &request.ids.trace;
        Ok(match place {
            Place::Function(at) => invocation(at, event, trace, TIMEOUT, flight),
            Place::Service(at) => {
                let mut callout = post(at, event, trace, TIMEOUT, flight);
                callout.headers.extend(trace_context::headers(&request.head));
                callout
            }
        })
    }

    fn read(&self, reply: &CalloutReply, request: &Request) -> Result<Answer, Rejection> {
        let stage = request.stage.as_ref().ok_or(Rejection::Internal)?;
        match self.places.get(&stage.side).ok_or(Rejection::Internal)? {
            Place::Function(_) => match invoked(reply) {
                Invoked::Returned(text) => Answer::read(text, &self.kind),
                Invoked::Raised(failure) if answer::says_unauthorized(failure) => {
                    Err(Rejection::Unauthorized)
                }
                Invoked::Unreached(Unreached::Unsigned) => Err(Rejection::AuthorizerUnsigned),
                Invoked::Raised(_)
                | Invoked::Unreached(
                    Unreached::Denied | Unreached::Throttled | Unreached::TimedOut | Unreached::Failed,
                ) => Err(Rejection::AuthorizerFailure),
                Invoked::TooLarge => Err(Rejection::AuthorizerConfiguration),
                Invoked::TooMany => Err(Rejection::AuthorizerBusy),
            },
            Place::Service(_) => match reply {
                CalloutReply::Answered { status: 200..=299, body, .. } => Answer::read(body, &self.kind),
                CalloutReply::Answered { status: 401, .. } => Err(Rejection::Unauthorized),
                CalloutReply::Answered { status: 403, .. } => Err(Rejection::AccessDenied(Denial::Implicit)),
                CalloutReply::Answered { .. } | CalloutReply::Failed | CalloutReply::TooLarge => {
                    Err(Rejection::AuthorizerFailure)
                }
                CalloutReply::TooMany => Err(Rejection::AuthorizerBusy),
            },
        }
    }
}

fn remembered(key: Option<[u8; 32]>, env: &Env<'_>) -> Option<Rc<Answer>> {
    env.worker.borrow_mut().answers().get(&key?, env.wall)
}

/// What an answer says of this request.
fn opinion(answer: &Answer, allowed: &Rc<Allowed>, request: &Request) -> Result<Opinion, Rejection> {
    match answer.says {
        Says::Simple(false) => Err(Rejection::AccessDenied(Denial::Explicit)),
        Says::Simple(true) | Says::Policy(_) => {
            Ok(Opinion::Known(Principal::Allowed(Rc::clone(allowed)), answer.verdict(request)))
        }
    }
}

#[cfg(test)]
mod tests;
