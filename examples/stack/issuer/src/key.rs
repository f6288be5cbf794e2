//! The key that tokens are signed with: P-256, as ES256 wants it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::rand_core::OsRng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A key, made at a start and gone with it.
pub struct Key {
    secret: SigningKey,
    /// The thumbprint of RFC 7638: another key has another name, so that who remembers the last one asks again.
    id: String,
}

// === impl Key ===

impl Key {
    /// A new one, by the system's random numbers.
    #[must_use]
    pub fn new() -> Self {
        let secret = SigningKey::random(&mut OsRng);
        let (x, y) = coordinates(&secret);
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()));
        Self { secret, id }
    }

    /// What everybody may know of it, as a JWK.
    #[must_use]
    pub fn public(&self) -> Value {
        let (x, y) = coordinates(&self.secret);
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.id, "x": x, "y": y })
    }

    /// A token with these claims.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.id }));
        let signed = format!("{header}.{}", part(claims));
        let signature: Signature = self.secret.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

/// Its name alone: the key itself is shown nowhere.
impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The point of its public half.
fn coordinates(secret: &SigningKey) -> (String, String) {
    let point = secret.verifying_key().to_encoded_point(false);
    // A public key is never the point at infinity, which has none.
    let encoded = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    (encoded(point.x()).unwrap_or_default(), encoded(point.y()).unwrap_or_default())
}
