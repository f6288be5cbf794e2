//! What a document is compiled for, beyond what it says: the secrets it names, and what can be verified here.

use super::authorizers::signature::Algorithm;
use super::authorizers::software;
use std::fmt;

/// A secret. It has no `Display`, and `Debug` does not show it, so that it is not written anywhere by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether an algorithm can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It can.
    Possible,
    /// It can in the filter that is built with `software-signatures`.
    Software,
    /// It cannot.
    Impossible,
}

/// Where a document is compiled.
pub trait Surroundings: fmt::Debug {
    /// The secret in an environment variable; none is a problem of the document.
    fn secret(&self, variable: &str) -> Option<Secret>;

    /// Whether a verifier for this algorithm is installed.
    fn verifies(&self, algorithm: Algorithm) -> Verification;
}

/// Somewhere that is not the gateway itself: a document is judged by its text. Every secret is there, and nothing can be
/// signed with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Elsewhere;

impl Surroundings for Elsewhere {
    fn secret(&self, _: &str) -> Option<Secret> {
        Some(Secret(vec![b'x'; 64]))
    }

    /// Envoy is asked for what it has had since 1.36.
    fn verifies(&self, algorithm: Algorithm) -> Verification {
        if Algorithm::OF_REST_APIS.contains(&algorithm) || software::ALWAYS.contains(&algorithm) {
            Verification::Possible
        } else {
            Verification::Software
        }
    }
}
