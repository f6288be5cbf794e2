//! A JSON web key set (RFC 7517): the public keys by which an issuer's tokens are verified.

use crate::gateway::authorizers::der::{element, integer};
use crate::gateway::authorizers::signature::{Algorithm, KeyKind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// More keys than this no issuer has; AWS bounds the document by its size.
const MOST_KEYS: usize = 256;

/// Smallest RSA modulus, in bits (RFC 7518, 3.3), and the largest that verifiers take.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// More keys of one id and kind are not tried: each costs a verification, and the token is the client's.
const MOST_TRIES: usize = 4;

/// A key set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kid: String,
    kind: KeyKind,
    algorithm: Option<Algorithm>,
    /// DER of its SubjectPublicKeyInfo.
    pub der: Rc<[u8]>,
}

/// A key as it is written. What has another type than it must is no key, and harms no other.
struct Written<'a>(&'a Value);

// === impl KeySet ===

impl KeySet {
    /// Reads a key set. Keys that cannot verify tokens here (other types, encryption keys, weak or broken ones) are left
    /// out, as RFC 7517, 5 asks.
    ///
    /// # Errors
    /// If it is not a key set, or no key remains.
    pub fn parse(json: &[u8]) -> Result<Self, &'static str> {
        let set: Value = serde_json::from_slice(json).unwrap_or_default();
        let written = set.get("keys").and_then(Value::as_array).ok_or("it is not a JSON web key set")?;
        if written.len() > MOST_KEYS {
            return Err("it has more than 256 keys");
        }
        let keys: Vec<_> = written.iter().filter_map(|key| Written(key).key()).collect();
        if keys.is_empty() { Err("it has no key that can verify a token") } else { Ok(Self { keys }) }
    }

    /// How many keys there are: one at least.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// The keys of an id that an algorithm may use.
    pub fn find<'a>(&'a self, kid: &'a str, algorithm: Algorithm) -> impl Iterator<Item = &'a Key> {
        let fits = move |key: &&Key| {
            key.kid == kid
                && key.kind == algorithm.key_kind()
                && key.algorithm.is_none_or(|named| named == algorithm)
        };
        self.keys.iter().filter(fits).take(MOST_TRIES)
    }

    /// Whether there is a key of this id that an algorithm may use.
    #[must_use]
    pub fn has(&self, kid: &str, algorithm: Algorithm) -> bool {
        self.find(kid, algorithm).next().is_some()
    }

    /// Whether a key is still in the set.
    #[must_use]
    pub fn holds(&self, der: &[u8]) -> bool {
        self.keys.iter().any(|key| *key.der == *der)
    }
}

// === impl Written ===

impl<'a> Written<'a> {
    fn key(&self) -> Option<Key> {
        let verifies = match self.0.get("key_ops") {
            None | Some(Value::Null) => true,
            Some(operations) => operations.as_array()?.iter().any(|named| named == "verify"),
        };
        if !verifies || self.optional("use")?.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let algorithm = match self.optional("alg")? {
            None => None,
            Some(name) => Some(Algorithm::parse(name)?),
        };
        let (kind, der) = match self.text("kty")? {
            "RSA" => (KeyKind::Rsa, rsa(&number(self.text("n")?)?, &number(self.text("e")?)?)?),
            "EC" => self.ec()?,
            "OKP" => (KeyKind::Ed25519, self.ed25519()?),
            // `oct` among them: a secret in a document that everybody may read is none.
            _ => return None,
        };
        Some(Key { kid: self.text("kid")?.to_owned(), kind, algorithm, der: der.into() })
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    /// A member that may be absent; none if it is there and no text.
    fn optional(&self, name: &str) -> Option<Option<&'a str>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => value.as_str().map(Some),
        }
    }

    fn ec(&self) -> Option<(KeyKind, Vec<u8>)> {
        // The curves' object identifiers (RFC 5480, 2.1.1.1).
        let (bytes, curve): (usize, &[u8]) = match self.text("crv")? {
            "P-256" => (32, &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
            "P-384" => (48, &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]),
            "P-521" => (66, &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23]),
            _ => return None,
        };
        let (x, y) = (decode(self.text("x")?)?, decode(self.text("y")?)?);
        if x.len() != bytes || y.len() != bytes {
            return None;
        }
        const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        let algorithm = element(0x30, &[EC_PUBLIC_KEY, curve]);
        // No unused bits, then an uncompressed point (SEC 1, 2.3.3).
        let point = element(0x03, &[&[0x00, 0x04], &x, &y]);
        Some((KeyKind::Ec { bytes }, element(0x30, &[&algorithm, &point])))
    }

    /// RFC 8037, 2; RFC 8410, 4.
    fn ed25519(&self) -> Option<Vec<u8>> {
        let x = decode(self.text("x")?).filter(|x| x.len() == 32 && self.text("crv") == Some("Ed25519"))?;
        let algorithm = element(0x30, &[&[0x06, 0x03, 0x2b, 0x65, 0x70]]);
        Some(element(0x30, &[&algorithm, &element(0x03, &[&[0x00], &x])]))
    }
}

fn rsa(n: &[u8], e: &[u8]) -> Option<Vec<u8>> {
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    let odd = e.last().is_some_and(|byte| byte % 2 == 1);
    // An exponent of more than 32 bits is a mistake that costs time.
    if !RSA_BITS.contains(&bits) || !odd || e == [1] || e.len() > 4 {
        return None;
    }
    const RSA_ENCRYPTION: &[u8] =
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let algorithm = element(0x30, &[RSA_ENCRYPTION]);
    let numbers = element(0x30, &[&integer(n), &integer(e)]);
    Some(element(0x30, &[&algorithm, &element(0x03, &[&[0x00], &numbers])]))
}

/// A number without leading zeros.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = decode(text)?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes.get(first..)?.to_vec())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests;
