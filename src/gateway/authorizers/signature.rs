//! Signatures of tokens: which algorithms there are, and the port by which one is checked.
//!
//! Checking is arithmetic that the host does in a twentieth of the time that Wasm takes, so the core asks for it.

use crate::gateway::surroundings::Secret;
use std::fmt;

/// A JWS algorithm (RFC 7518, 3.1; RFC 8037, 3.1) that can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
    Ps256,
    Ps384,
    Ps512,
    EdDsa,
    Hs256,
}

/// What kind of key an algorithm takes: a token may not choose another (algorithm confusion).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// An RSA key.
    Rsa,
    /// A key on an elliptic curve whose coordinates have this many bytes.
    Ec {
        /// 32 for P-256, 48 for P-384, 66 for P-521.
        bytes: usize,
    },
    /// A key on Edwards25519.
    Ed25519,
    /// A secret that issuer and gateway share. No key set has one.
    Secret,
}

/// What a signature is checked with. A public key and a secret are different things to the compiler, so that what everybody
/// may know is never a secret.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// DER of a SubjectPublicKeyInfo (RFC 5280, 4.1).
    Public(&'a [u8]),
    /// A shared secret.
    Secret(&'a Secret),
}

/// A question to the verifier.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key.
    pub key: Key<'a>,
    /// What is signed: header and payload with the full stop between them.
    pub text: &'a [u8],
    /// The signature as JWS has it: for ES algorithms `r` and `s` side by side.
    pub signature: &'a [u8],
}

/// Nothing here can verify this algorithm: the request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CannotVerify;

/// Verifies signatures. The shell asks Envoy; tests and `explain` ask libraries.
pub trait Signatures: fmt::Debug {
    /// Whether the signature is the key's over the text.
    ///
    /// # Errors
    /// If it cannot be found out.
    fn verify(&self, signed: &Signed<'_>) -> Result<bool, CannotVerify>;
}

// === impl Algorithm ===

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::EdDsa,
        Self::Hs256,
    ];

    /// What AWS's HTTP APIs accept.
    pub const OF_HTTP_APIS: [Self; 3] = [Self::Rs256, Self::Rs384, Self::Rs512];

    /// What AWS's REST APIs accept.
    pub const OF_REST_APIS: [Self; 6] =
        [Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256, Self::Es384, Self::Es512];

    /// The algorithm of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its name in a token's header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    /// The keys it takes.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => KeyKind::Rsa,
            Self::Es256 => KeyKind::Ec { bytes: 32 },
            Self::Es384 => KeyKind::Ec { bytes: 48 },
            Self::Es512 => KeyKind::Ec { bytes: 66 },
            Self::EdDsa => KeyKind::Ed25519,
            Self::Hs256 => KeyKind::Secret,
        }
    }
}
