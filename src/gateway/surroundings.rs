//! What a document is compiled for, beyond what it says: the secrets it names, and what can be verified here.

use super::authorizers::signature::Algorithm;
use std::fmt;

/// A secret. It has no `Display`, and `Debug` does not show it, so that it is not written anywhere by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a document is compiled.
pub trait Surroundings: fmt::Debug {
    /// The secret in an environment variable; none is a problem of the document.
    fn secret(&self, variable: &str) -> Option<Secret>;

    /// Whether a verifier for this algorithm is installed.
    fn verifies(&self, algorithm: Algorithm) -> bool;
}

/// Somewhere that is not the gateway itself: a document is judged by its text. Every secret is there, and nothing can be
/// signed with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Elsewhere;

impl Surroundings for Elsewhere {
    fn secret(&self, _: &str) -> Option<Secret> {
        Some(Secret(vec![b'x'; 64]))
    }

    fn verifies(&self, _: Algorithm) -> bool {
        true
    }
}
