//! What is checked of a signature, for somebody who watches. Neither signature nor secret is told.

use super::canonical::SignedHeaders;
use super::claim::{Claim, Credential};
use super::refusal::Refusal;
use super::{Caller, KnownCaller};
use crate::gateway::Env;
use crate::gateway::notes::Note;
use std::rc::Rc;

/// Tells what came of a check, and hands it on.
pub(super) fn check<T>(
    env: &Env<'_>,
    name: &'static str,
    found: Result<T, Refusal>,
    detail: impl FnOnce() -> String,
) -> Result<T, Refusal> {
    env.note(|| match &found {
        Ok(_) => Note::passed(name, detail()),
        Err(refusal) => Note::failed(name, format!("{}: {}", refusal.details(), detail())),
    });
    found
}

/// Whom the request says it is of, and for what.
pub(super) fn scope(credential: &Credential<'_>, region: &str, service: &str) -> String {
    let text = String::from_utf8_lossy;
    format!(
        "signed by `{}` on {} for `{}` in `{}`; wanted: `{service}` in `{region}`",
        text(credential.access_key_id),
        text(credential.day),
        text(credential.service),
        text(credential.region),
    )
}

/// When it was signed.
pub(super) fn time(claim: &Claim<'_>, env: &Env<'_>) -> String {
    let life = claim.expires.map_or_else(|| "five minutes".to_owned(), |seconds| format!("{seconds} s"));
    let age = i64::try_from(env.wall.0 / 1000).unwrap_or(i64::MAX).saturating_sub(claim.signed.seconds);
    format!("signed {age} s ago, and good for {life}")
}

/// Who is known by the key.
pub(super) fn caller(known: &Result<Rc<KnownCaller>, Refusal>) -> Note {
    match known {
        Ok(known) => {
            let Caller { user_arn, account_id, .. } = known.caller.as_ref();
            Note::passed("caller", format!("`{user_arn}` of account {account_id}"))
        }
        Err(_) => Note::failed("caller", "`credentials` has no such access key"),
    }
}

/// What the signature covers.
pub(super) fn headers(signed: SignedHeaders<'_>) -> String {
    let names: Vec<_> = signed.names().map(String::from_utf8_lossy).collect();
    format!("signed are `{}`", names.join(";"))
}
