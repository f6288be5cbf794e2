//! `AWS_IAM`: Signature Version 4 by the callers that the document's `credentials` name.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
//!
//! Everything that can be judged without the body is judged before a byte of it is held: who is said to have signed, for
//! which region, day and service, when, and which headers. A body is always covered: by the signature, or by a signed
//! `x-amz-content-sha256` that it must then match. What is not decided here: what the caller may do, beyond asking the
//! caller's own policy.

mod canonical;
mod claim;
mod moment;
mod proof;
mod query;
pub mod refusal;
mod told;

pub use claim::authorization;
pub use proof::Key;

use super::principal::Principal;
use super::resource_policy::INVOKE;
use super::{Opinion, Pending as Waiting};
use crate::gateway::config::ProtocolType;
use crate::gateway::head::Head;
use crate::gateway::notes::Note;
use crate::gateway::policy::{Asked, Policy, Verdict};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::{Env, arn};
use canonical::SignedHeaders;
use claim::{Claim, Credential, TERMINATOR, unhex};
use moment::Moment;
use proof::{OF_NOTHING, Proof};
use refusal::{Refusal, SKEW, Window};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::rc::Rc;

/// The service that requests to an API are signed for.
pub const SERVICE: &str = "execute-api";

/// The callers that are known, and how their signatures are judged.
#[derive(Debug)]
pub struct IamAuthorizer {
    /// The region that requests must be signed for.
    pub region: String,
    /// The service that requests must be signed for: [`SERVICE`].
    pub service: &'static str,
    /// By access key id.
    pub callers: HashMap<String, Rc<KnownCaller>>,
}

/// A caller, and what is known of him.
#[derive(Debug)]
pub struct KnownCaller {
    /// Who it is.
    pub caller: Rc<Caller>,
    /// What he signs with.
    pub key: Key,
    /// The tag of the session token that must come with each request.
    pub token: Option<[u8; 32]>,
    /// What he may do; without one, what a resource policy allows.
    pub policy: Option<Policy>,
}

/// The owner of AWS credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The access key's id: `$context.identity.accessKey`.
    pub access_key_id: String,
    /// The caller's account: `$context.identity.accountId`.
    pub account_id: String,
    /// `$context.identity.userArn`.
    pub user_arn: String,
}

/// A request whose body is not seen yet.
#[derive(Debug)]
pub struct Pending {
    caller: Rc<KnownCaller>,
    wanted: Wanted,
}

/// What the body must be.
#[derive(Debug)]
enum Wanted {
    /// Of this digest, which is signed.
    Digest([u8; 32]),
    /// What the signature covers.
    Signed(Box<Proof>),
}

// === impl IamAuthorizer ===

impl IamAuthorizer {
    /// Decides what can be decided without the body.
    ///
    /// # Errors
    /// If the request is not signed, or not well.
    pub fn begin(&self, request: &Request, env: &Env<'_>) -> Result<Opinion, Rejection> {
        if request.asks_upgrade() && !request.head.end_of_stream {
            // What follows such a head is another protocol: there is no body that a signature could cover.
            return Err(Rejection::Upgrade);
        }
        let claim = Claim::read(&request.head).map_err(Rejection::InvalidSignature)?;
        let claim = claim.ok_or(Rejection::MissingAuthenticationToken)?;
        let pending = self.judge(&claim, request, env).map_err(Rejection::InvalidSignature)?;
        if request.head.end_of_stream {
            return pending.finish(&OF_NOTHING, request, env);
        }
        Ok(Opinion::Body(Waiting::Signature(pending)))
    }

    /// Goes on with the body in hand.
    ///
    /// # Errors
    /// If the signature does not cover it.
    pub fn finish_body(
        &self,
        pending: Pending,
        body: &[u8],
        request: &Request,
        env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        pending.finish(&Sha256::digest(body).into(), request, env)
    }

    /// All but the body.
    fn judge(&self, claim: &Claim<'_>, request: &Request, env: &Env<'_>) -> Result<Pending, Refusal> {
        let credential = claim.credential().ok_or(Refusal::Credential)?;
        let scope = self.check_scope(claim, &credential);
        told::check(env, "scope", scope, || told::scope(&credential, &self.region, self.service))?;
        let now = Moment { seconds: i64::try_from(env.wall.0 / 1000).unwrap_or(i64::MAX) };
        told::check(env, "time", check_time(claim, now), || told::time(claim, env))?;
        let caller = self.caller(&credential);
        env.note(|| told::caller(&caller));
        let caller = caller?;
        told::check(env, "session token", caller.check_token(claim), || {
            "as the document wants it".to_owned()
        })?;
        let signed = claim.signed_headers().ok_or(Refusal::Mismatch)?;
        let covered = check_signed(signed, claim, request);
        told::check(env, "signed headers", covered, || told::headers(signed))?;
        let canonical = canonical::without_payload(&request.head, signed).ok_or(Refusal::Mismatch)?;
        let proof = Proof::new(claim, &credential, canonical);
        let wanted = match payload_digest(&request.head)? {
            None => Wanted::Signed(Box::new(proof)),
            Some(digest) if proof.holds(&caller.key, &digest) => Wanted::Digest(digest),
            Some(_) => return Err(Refusal::Mismatch),
        };
        Ok(Pending { caller, wanted })
    }

    fn check_scope(&self, claim: &Claim<'_>, credential: &Credential<'_>) -> Result<(), Refusal> {
        let checks = [
            (credential.region == self.region.as_bytes(), Refusal::Region),
            (credential.service == self.service.as_bytes(), Refusal::Service),
            (credential.terminator == TERMINATOR, Refusal::Terminator),
            (credential.day == claim.signed.day().as_bytes(), Refusal::Day),
        ];
        checks.into_iter().find(|(right, _)| !right).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    fn caller(&self, credential: &Credential<'_>) -> Result<Rc<KnownCaller>, Refusal> {
        let id = std::str::from_utf8(credential.access_key_id).map_err(|_| Refusal::UnknownKey)?;
        self.callers.get(id).map(Rc::clone).ok_or(Refusal::UnknownKey)
    }
}

// === impl KnownCaller ===

impl KnownCaller {
    fn check_token(&self, claim: &Claim<'_>) -> Result<(), Refusal> {
        match (&self.token, &claim.token) {
            (None, None) => Ok(()),
            (Some(tag), Some(token)) if self.key.knows(token, tag) => Ok(()),
            (Some(_), _) | (None, Some(_)) => Err(Refusal::Token),
        }
    }

    /// What his policy says of the request.
    fn verdict(&self, request: &Request) -> Verdict {
        let Some(policy) = &self.policy else { return Verdict::Silent };
        let arn = arn::of_request(request);
        let caller = Some(self.caller.user_arn.as_str());
        policy.evaluate(&Asked { action: INVOKE, arn: &arn, caller, request })
    }
}

// === impl Pending ===

impl Pending {
    /// The caller, if the body of this digest is the one that he signed.
    fn finish(self, payload: &[u8; 32], request: &Request, env: &Env<'_>) -> Result<Opinion, Rejection> {
        let right = match self.wanted {
            Wanted::Digest(digest) => digest == *payload,
            Wanted::Signed(proof) => proof.holds(&self.caller.key, payload),
        };
        env.note(|| Note::judged("signature", right, "over this method, path, query, headers and body"));
        if !right {
            return Err(Rejection::InvalidSignature(Refusal::Mismatch));
        }
        let verdict = self.caller.verdict(request);
        Ok(Opinion::Known(Principal::Caller(Rc::clone(&self.caller.caller)), verdict))
    }
}

/// A signature in the header is good for five minutes around its date; a presigned request as long as it says.
fn check_time(claim: &Claim<'_>, now: Moment) -> Result<(), Refusal> {
    let signed = claim.signed;
    let life = claim.expires.unwrap_or(SKEW);
    if signed > now.plus(SKEW) {
        return Err(Refusal::NotYetCurrent(Window { signed, now, allowed: SKEW }));
    }
    if now > signed.plus(life) {
        return Err(Refusal::Expired(Window { signed, now, allowed: life }));
    }
    Ok(())
}

/// What must be signed is: the host, whatever the judgement itself reads, every `x-amz-…`, and on a REST API the header that
/// changes the method.
fn check_signed(signed: SignedHeaders<'_>, claim: &Claim<'_>, request: &Request) -> Result<(), Refusal> {
    if !signed.contains(b"host") && !signed.contains(b":authority") {
        return Err(Refusal::HostNotSigned);
    }
    let must = |name: &[u8]| {
        // CloudFront adds its own on the way, and nobody reads it.
        (name.starts_with(b"x-amz-") && name != b"x-amz-cf-id")
            || Some(name) == claim.date_header
            || (name == b"x-http-method-override" && request.protocol() == ProtocolType::Rest)
    };
    if request.head.iter().any(|(name, _)| must(name) && !signed.contains(name)) {
        return Err(Refusal::HeaderNotSigned);
    }
    Ok(())
}

/// The digest of the body that the client tells, if it does. API Gateway takes no body that is not covered:
/// `UNSIGNED-PAYLOAD` and the forms of streams are S3's.
fn payload_digest(head: &Head) -> Result<Option<[u8; 32]>, Refusal> {
    let mut values = head.all(b"x-amz-content-sha256");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => unhex(value).map(Some).ok_or(Refusal::Mismatch),
        (Some(_), Some(_)) => Err(Refusal::Mismatch),
    }
}

#[cfg(test)]
mod tests;
