//! Signatures verified by libraries.
//!
//! HS256 always: no host function does it, and it costs the module 3 KB. The rest by the feature `software-signatures`, for
//! tests, `sekisho explain` and the filter's second artefact: all of it is some 400 KB, which Envoy compiles at every start.

#[cfg(feature = "software-signatures")]
mod public;

use super::signature::{Algorithm, CannotVerify, Key, Signatures, Signed};
use crate::gateway::surroundings::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What is verified here in every build.
pub const ALWAYS: [Algorithm; 1] = [Algorithm::Hs256];

/// Verifies by libraries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Software;

// === impl Software ===

impl Software {
    /// Whether an algorithm is verified here in this build.
    #[must_use]
    pub fn verifies(algorithm: Algorithm) -> bool {
        cfg!(feature = "software-signatures") || ALWAYS.contains(&algorithm)
    }
}

impl Signatures for Software {
    fn verify(&self, signed: &Signed<'_>) -> Result<bool, CannotVerify> {
        let Signed { algorithm, key, text, signature } = *signed;
        match (algorithm, key) {
            (Algorithm::Hs256, Key::Secret(secret)) => Ok(is_tag(signature, secret, text)),
            (_, Key::Public(der)) => public(algorithm, der, text, signature),
            (_, Key::Secret(_)) => Ok(false),
        }
    }
}

/// Compared in constant time.
fn is_tag(tag: &[u8], secret: &Secret, text: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&secret.0) else { return false };
    mac.update(text);
    mac.verify_slice(tag).is_ok()
}

#[cfg(feature = "software-signatures")]
fn public(algorithm: Algorithm, der: &[u8], text: &[u8], signature: &[u8]) -> Result<bool, CannotVerify> {
    Ok(public::verify(algorithm, der, text, signature).unwrap_or(false))
}

#[cfg(not(feature = "software-signatures"))]
fn public(algorithm: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, CannotVerify> {
    // A public key is no secret, in any build.
    if algorithm == Algorithm::Hs256 { Ok(false) } else { Err(CannotVerify) }
}

#[cfg(test)]
mod tests;
