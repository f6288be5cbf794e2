//! JWT authorizers. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
//!
//! A token is taken apart, its issuer's key is found, its signature verified, its claims checked, and then the route's
//! scopes. Whatever is missing or odd refuses the request.

pub mod additional;
pub mod claims;
pub mod jwks;
pub mod keys;
pub mod refusal;
pub mod rules;
pub mod token;
mod told;

use super::Opinion;
use super::identity::IdentitySource;
use super::principal::Principal;
use super::signature::{Algorithm, Key, KeyKind, Signed};
use crate::gateway::Env;
use crate::gateway::flow::CalloutReply;
use crate::gateway::policy::Verdict;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::surroundings::Secret;
use crate::gateway::worker::{Signer, TokenKey, Verified};
use additional::AdditionalClaim;
use claims::Bearer;
use jwks::KeySet;
use keys::{Found, Keyring, Step};
use refusal::Refusal;
use rules::Rules;
use std::rc::Rc;
use token::{Claims, Token};

/// A compiled JWT authorizer.
#[derive(Debug)]
pub struct JwtAuthorizer {
    /// Where the token stands.
    pub source: IdentitySource,
    /// Whose tokens are accepted.
    pub issuers: Vec<Issuer>,
    /// How they may be signed.
    pub algorithms: Vec<Algorithm>,
    /// What they must claim.
    pub rules: Rules,
    /// The secret that verifies HS256. Who has one takes no public keys.
    pub secret: Option<Secret>,
    /// Tells this authorizer from every other one, in caches.
    pub digest: [u8; 32],
}

/// An issuer whose tokens are accepted.
#[derive(Debug)]
pub struct Issuer {
    /// `iss`, exactly.
    pub name: String,
    /// `aud`: one of these.
    pub audience: Vec<String>,
    /// Whether `client_id` stands in for an absent `aud`: HTTP APIs.
    pub client_id: bool,
    /// What else its tokens must claim: REST APIs.
    pub additional: Vec<AdditionalClaim>,
    /// Where its keys are.
    pub keys: Rc<Keyring>,
}

/// A question on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    issuer: usize,
    step: Step,
}

// === impl JwtAuthorizer ===

impl JwtAuthorizer {
    /// Decides what can be decided with the keys at hand.
    ///
    /// # Errors
    /// If the token is refused.
    pub fn begin(&self, request: &Request, env: &Env<'_>) -> Result<Opinion, Rejection> {
        env.note(|| self.source.told(request));
        let text = self.source.token(request).ok_or(Rejection::InvalidToken(Refusal::Missing))?;
        env.notes(|| told::token(&text, self, request, env));
        let key = TokenKey::new(self.digest, &text);
        if let Some(principal) = self.verified(&key, &text, env) {
            return Ok(known(principal));
        }
        let token = Token::parse(&text, &self.algorithms).map_err(Rejection::InvalidToken)?;
        let (at, issuer) = self.issuer(&token.claims).map_err(Rejection::InvalidToken)?;
        let found = issuer.keys.find(&token.kid, token.algorithm, env);
        env.note(|| told::keys(&issuer.keys.source, &found));
        match found.map_err(Rejection::InvalidToken)? {
            Found::Keys(keys) => self.verify(&text, &token, at, &keys, env).map(known),
            Found::Ask(callout, step) => {
                Ok(Opinion::Ask(callout, super::Pending::Keys(Pending { issuer: at, step })))
            }
        }
    }

    /// Goes on with the answer in hand.
    ///
    /// # Errors
    /// If the token is refused, or no key was had.
    pub fn finish(
        &self,
        pending: Pending,
        reply: &CalloutReply,
        request: &Request,
        env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        let issuer = self.issuers.get(pending.issuer).ok_or(Rejection::Internal)?;
        let text = self.source.token(request).ok_or(Rejection::Internal)?;
        let token = Token::parse(&text, &self.algorithms).map_err(Rejection::InvalidToken)?;
        let found = issuer.keys.finish(pending.step, &token.kid, token.algorithm, reply, env);
        env.note(|| told::learned(reply, &found));
        match found.map_err(Rejection::InvalidToken)? {
            Found::Keys(keys) => self.verify(&text, &token, pending.issuer, &keys, env).map(known),
            Found::Ask(callout, step) => {
                Ok(Opinion::Ask(callout, super::Pending::Keys(Pending { step, ..pending })))
            }
        }
    }

    /// The issuer that a token says it is of. Its signature decides later whether that is true.
    fn issuer(&self, claims: &Claims) -> Result<(usize, &Issuer), Refusal> {
        let name = claims.text("iss").ok_or(Refusal::Issuer)?;
        self.issuers.iter().enumerate().find(|(_, issuer)| issuer.name == name).ok_or(Refusal::Issuer)
    }

    fn verify(
        &self,
        text: &str,
        token: &Token<'_>,
        at: usize,
        keys: &KeySet,
        env: &Env<'_>,
    ) -> Result<Rc<Bearer>, Rejection> {
        let issuer = self.issuers.get(at).ok_or(Rejection::Internal)?;
        let signer = self.signer(token, keys, env);
        env.note(|| told::signature(token, &signer));
        let signer = signer?;
        let expires = self.rules.check(&token.claims, issuer, env).map_err(Rejection::InvalidToken)?;
        let principal = Rc::new(self.rules.bearer(&token.claims));
        let verified =
            Verified { token: text.into(), expires, signer, issuer: at, principal: Rc::clone(&principal) };
        env.worker.borrow_mut().remember(TokenKey::new(self.digest, text), verified);
        Ok(principal)
    }

    /// Who signed a token. What cannot be verified is not valid; that nothing can verify it is the gateway's fault.
    fn signer(&self, token: &Token<'_>, keys: &KeySet, env: &Env<'_>) -> Result<Signer, Rejection> {
        let is_of = |key| {
            let (text, signature) = (token.signed.as_bytes(), token.signature.as_slice());
            let signed = Signed { algorithm: token.algorithm, key, text, signature };
            env.signatures.verify(&signed).map_err(|_| Rejection::Internal)
        };
        let mut refusal = Refusal::UnknownKey;
        match (token.algorithm.key_kind(), &self.secret) {
            (KeyKind::Secret, Some(secret)) => {
                refusal = Refusal::Signature;
                if is_of(Key::Secret(secret))? {
                    return Ok(Signer::Secret);
                }
            }
            (KeyKind::Rsa | KeyKind::Ec { .. } | KeyKind::Ed25519, None) => {
                for key in keys.find(&token.kid, token.algorithm) {
                    refusal = Refusal::Signature;
                    if is_of(Key::Public(&key.der))? {
                        return Ok(Signer::Key(Rc::clone(&key.der)));
                    }
                }
            }
            // Compiling makes no authorizer of both kinds.
            (KeyKind::Secret, None) | (KeyKind::Rsa | KeyKind::Ec { .. } | KeyKind::Ed25519, Some(_)) => {}
        }
        Err(Rejection::InvalidToken(refusal))
    }

    /// Who a token is of that this worker verified before: it dies with its time, and with the key that verified it.
    fn verified(&self, key: &TokenKey, token: &str, env: &Env<'_>) -> Option<Rc<Bearer>> {
        let mut worker = env.worker.borrow_mut();
        let Verified { expires, signer, issuer, principal, token: _ } = worker.verified(key, token)?;
        let issuer = self.issuers.get(*issuer).filter(|_| *expires > seconds(env))?;
        // Counted references: a hit allocates nothing.
        let (signer, principal) = (signer.clone(), Rc::clone(principal));
        drop(worker);
        let alive = match &signer {
            Signer::Key(der) => issuer.keys.at_hand(env)?.holds(der),
            // It is the configuration's, and the digest covers it.
            Signer::Secret => true,
        };
        alive.then_some(principal)
    }
}

/// A verified token allows what its scopes allow; it has no policy.
fn known(bearer: Rc<Bearer>) -> Opinion {
    Opinion::Known(Principal::Bearer(bearer), Verdict::Allow)
}

/// Checks what a verified token of [`Rules::Audience`] claims; its time of expiry, in seconds.
fn check(claims: &Claims, issuer: &Issuer, env: &Env<'_>) -> Result<f64, Refusal> {
    audience(claims, issuer)?;
    let expires = lifetime(claims, env)?;
    if !issuer.additional.iter().all(|rule| rule.holds(claims)) {
        return Err(Refusal::AdditionalClaim);
    }
    Ok(expires)
}

/// Checks when a token is valid; its time of expiry, in seconds.
///
/// # Errors
/// If that is not now.
pub fn lifetime(claims: &Claims, env: &Env<'_>) -> Result<f64, Refusal> {
    let expires = expiry(claims, env)?;
    not_before(claims, "nbf", env)?;
    not_before(claims, "iat", env)?;
    Ok(expires)
}

fn audience(claims: &Claims, issuer: &Issuer) -> Result<(), Refusal> {
    // `client_id` counts only where there is no `aud`: Cognito's access tokens have none.
    let audience = match claims.texts("aud")? {
        Some(audience) => audience,
        None if issuer.client_id => claims.texts("client_id")?.unwrap_or_default(),
        None => Vec::new(),
    };
    let accepted = audience.iter().any(|claimed| issuer.audience.iter().any(|accepted| accepted == claimed));
    if accepted { Ok(()) } else { Err(Refusal::Audience) }
}

fn expiry(claims: &Claims, env: &Env<'_>) -> Result<f64, Refusal> {
    let expires = claims.seconds("exp")?.ok_or(Refusal::Expired)?;
    if expires <= seconds(env) { Err(Refusal::Expired) } else { Ok(expires) }
}

fn not_before(claims: &Claims, name: &str, env: &Env<'_>) -> Result<(), Refusal> {
    let early = claims.seconds(name)?.is_some_and(|from| from > seconds(env));
    if early { Err(Refusal::NotYet) } else { Ok(()) }
}

fn seconds(env: &Env<'_>) -> f64 {
    env.wall.0 as f64 / 1000.0
}

#[cfg(test)]
mod tests;
