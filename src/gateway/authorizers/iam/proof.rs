//! Whether a signature is that of a caller's secret.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature>

use super::claim::{Claim, Credential, TERMINATOR};
use crate::gateway::surroundings::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

/// The digest of nothing: the payload of a request without a body.
pub const OF_NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// A caller's secret, ready to derive keys from. It is not kept as text, and never shown.
#[derive(Clone)]
pub struct Key {
    root: Hmac<Sha256>,
}

/// A signature and what it should be of, but for the body.
pub struct Proof {
    /// The canonical request so far.
    canonical: Sha256,
    /// The string to sign, up to the digest of the canonical request.
    prefix: String,
    /// Day, region and service.
    scope: [Vec<u8>; 3],
    signature: [u8; 32],
}

// === impl Key ===

impl Key {
    /// Of a secret access key.
    #[must_use]
    pub fn new(secret: &Secret) -> Option<Self> {
        Some(Self { root: keyed(&[b"AWS4", secret.0.as_slice()].concat())? })
    }

    /// A tag by which a session token is recognised.
    #[must_use]
    pub fn tag(&self, token: &[u8]) -> [u8; 32] {
        sign(self.root.clone(), token)
    }

    /// Whether a token is that of a tag, in a time that does not tell how much of it is.
    #[must_use]
    pub fn knows(&self, token: &[u8], tag: &[u8; 32]) -> bool {
        self.root.clone().chain_update(token).verify_slice(tag).is_ok()
    }

    fn signing(&self, [day, region, service]: &[Vec<u8>; 3]) -> Option<Hmac<Sha256>> {
        let key = keyed(&sign(self.root.clone(), day))?;
        let key = keyed(&sign(key, region))?;
        let key = keyed(&sign(key, service))?;
        keyed(&sign(key, TERMINATOR))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

// === impl Proof ===

impl Proof {
    /// What must be proved of a claim.
    pub fn new(claim: &Claim<'_>, credential: &Credential<'_>, canonical: Sha256) -> Self {
        let Credential { day, region, service, .. } = *credential;
        let scope = [day.to_vec(), region.to_vec(), service.to_vec()];
        let [d, r, s] = [day, region, service].map(String::from_utf8_lossy);
        let prefix = format!("AWS4-HMAC-SHA256\n{}\n{d}/{r}/{s}/aws4_request\n", claim.signed);
        Self { canonical, prefix, scope, signature: claim.signature }
    }

    /// Whether the signature is that of the key, if this is the digest of the body. The comparison takes the same time for
    /// every wrong signature.
    #[must_use]
    pub fn holds(self, key: &Key, payload: &[u8; 32]) -> bool {
        let canonical = self.canonical.chain_update(hex(payload)).finalize();
        let Some(key) = key.signing(&self.scope) else { return false };
        key.chain_update(&self.prefix).chain_update(hex(&canonical)).verify_slice(&self.signature).is_ok()
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({:?})", self.prefix)
    }
}

/// HMAC takes keys of any length, so there always is one.
fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

fn sign(key: Hmac<Sha256>, text: &[u8]) -> [u8; 32] {
    key.chain_update(text).finalize().into_bytes().into()
}

/// Hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
