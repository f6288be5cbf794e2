//! API keys: who may call a route that requires one, and under which usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html>
//!
//! Only hashes are kept. A key is found by the hash of what the client sent, so how long finding takes says nothing of the
//! keys that there are.

use super::config::ApiKeySource;
use super::request::Request;
use super::throttle::{Holder, digest};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::rc::Rc;

/// A longer key is nobody's and is not even hashed; AWS's longest has 128 characters.
const LONGEST: usize = 1024;

/// The keys of a gateway: the enabled ones.
#[derive(Debug, Default)]
pub struct ApiKeys(HashMap<[u8; 32], ApiKey>);

/// A key as run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: Rc<str>,
    /// The usage plans that it belongs to, by their place: most keys have the same as many others.
    pub plans: Rc<[usize]>,
    /// A part of its hash: tells it from every other key, in a worker's memory.
    digest: u128,
}

// === impl ApiKeys ===

impl ApiKeys {
    /// Takes the enabled keys, by the hashes of their values.
    #[must_use]
    pub fn new(keys: HashMap<[u8; 32], ApiKey>) -> Self {
        Self(keys)
    }

    /// The key of this value.
    #[must_use]
    pub fn find(&self, value: &[u8]) -> Option<&ApiKey> {
        if value.is_empty() || value.len() > LONGEST {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(value).into();
        self.0.get(&hash)
    }

    /// Every key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &ApiKey> {
        self.0.values()
    }
}

// === impl ApiKey ===

impl ApiKey {
    /// A key whose value has this hash.
    #[must_use]
    pub fn new(id: Rc<str>, plans: Rc<[usize]>, hash: [u8; 32]) -> Self {
        Self { id, plans, digest: digest(hash) }
    }

    /// Whose buckets are its own.
    #[must_use]
    pub fn holder(&self) -> Holder<'_> {
        Holder { id: &self.id, digest: self.digest }
    }
}

/// What the client, or its authorizer, gives for a key. A header that comes twice is no key: two readers could see two.
#[must_use]
pub fn presented(request: &Request, source: ApiKeySource) -> Option<&[u8]> {
    match source {
        ApiKeySource::Header => request.head.only(b"x-api-key"),
        ApiKeySource::Authorizer => request.principal.as_ref()?.usage_identifier_key().map(str::as_bytes),
    }
}

/// The hash in `sha256:` and 64 hexadecimal digits.
#[must_use]
pub fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256:")?;
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let mut hash = [0; 32];
    if pairs.len() != hash.len() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let (high, low) = (char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, ApiKeys, parse_hash};
    use sha2::{Digest, Sha256};

    fn keys(count: usize) -> ApiKeys {
        let key = |i: usize| {
            let hash = Sha256::digest(format!("key-number-{i:010}")).into();
            (hash, ApiKey::new(i.to_string().into(), [i].into(), hash))
        };
        ApiKeys::new((0..count).map(key).collect())
    }

    #[test]
    fn a_key_is_found_by_its_value_and_nothing_else() {
        let keys = keys(1_000);
        for i in [0, 1, 500, 999] {
            let found = keys.find(format!("key-number-{i:010}").as_bytes()).unwrap();
            assert_eq!((&*found.id, &*found.plans), (i.to_string().as_str(), [i].as_slice()));
        }
        let long = "key-number-0000000000".repeat(1000);
        for other in
            ["", "key-number-0000001000", "KEY-NUMBER-0000000000", " key-number-0000000000", &long, "\0"]
        {
            assert_eq!(keys.find(other.as_bytes()), None, "{other:.40}");
        }
        assert_eq!(ApiKeys::default().find(b"x"), None);
    }

    #[test]
    fn hashes_are_written_in_hexadecimal() {
        let hash = parse_hash(&format!("sha256:{}", "0aF1".repeat(16))).unwrap();
        assert_eq!(hash[..2], [0x0a, 0xf1]);
        for wrong in [
            "",
            "sha256:",
            "sha512:00",
            &"0".repeat(64),
            &format!("sha256:{}", "0".repeat(63)),
            &format!("sha256:{}", "0".repeat(66)),
            &format!("sha256:{}+1", "0".repeat(62)),
            &format!("sha256:{}é", "0".repeat(62)),
        ] {
            assert_eq!(parse_hash(wrong), None, "{wrong}");
        }
    }
}
