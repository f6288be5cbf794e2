//! API keys: who may call a route that requires one, and under which usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html>
//!
//! Only hashes are kept. A key is found by the hash of what the client sent, so how long finding takes says nothing of the
//! keys that there are.

use super::config::ApiKeySource;
use super::request::Request;
use super::throttle::{Holder, digest};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::{Deref, Range};
use std::rc::Rc;

/// A longer key is nobody's and is not even hashed; AWS's longest has 128 characters.
const LONGEST: usize = 1024;

/// The keys of a gateway; those that are not enabled are not found. There may be a hundred thousand, and each worker has them: what they have in common
/// stands once, and none has memory of its own.
#[derive(Debug, Default)]
pub struct ApiKeys {
    /// The places of the keys, by the hashes of their values.
    places: HashTable<u32>,
    kept: Vec<Kept>,
    /// Their ids, one behind the other.
    ids: Rc<str>,
}

/// A key as it is kept.
#[derive(Debug)]
struct Kept {
    hash: [u8; 32],
    /// None where it is not enabled.
    plans: Option<Rc<[usize]>>,
    /// Where its id ends, and the next one begins.
    end: u32,
}

/// Makes [`ApiKeys`].
#[derive(Debug)]
pub struct Builder {
    places: HashTable<u32>,
    kept: Vec<Kept>,
    ids: String,
}

/// A key as run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// The usage plans that it belongs to, by their place: most keys have the same as many others.
    pub plans: Rc<[usize]>,
    /// A part of its hash: tells it from every other key, in a worker's memory.
    digest: u128,
}

/// The id of a key: a part of what holds all of them.
#[derive(Clone)]
pub struct KeyId {
    ids: Rc<str>,
    at: Range<u32>,
}

// === impl Builder ===

impl Builder {
    /// Room for keys; no id is longer than `bytes` in all.
    #[must_use]
    pub fn with_capacity(keys: usize, bytes: usize) -> Self {
        Self {
            places: HashTable::with_capacity(keys),
            kept: Vec::with_capacity(keys),
            ids: String::with_capacity(bytes),
        }
    }

    /// Adds a key; one without plans is not enabled. Two keys cannot have the same value: then this is the number of the one
    /// before, as keys were added.
    ///
    /// # Errors
    /// The other key.
    pub fn add(&mut self, id: &str, plans: Option<Rc<[usize]>>, hash: [u8; 32]) -> Result<(), usize> {
        let kept = &self.kept;
        let same = |place: &u32| kept.get(*place as usize).is_some_and(|kept| kept.hash == hash);
        let of = |place: &u32| kept.get(*place as usize).map_or(0, |kept| bits(&kept.hash));
        let twice = match self.places.entry(bits(&hash), same, of) {
            Entry::Occupied(mut entry) => Err(std::mem::replace(entry.get_mut(), count(kept.len())) as usize),
            Entry::Vacant(entry) => {
                entry.insert(count(kept.len()));
                Ok(())
            }
        };
        self.ids.push_str(id);
        self.kept.push(Kept { hash, plans, end: count(self.ids.len()) });
        twice
    }

    /// The keys.
    #[must_use]
    pub fn build(self) -> ApiKeys {
        ApiKeys { places: self.places, kept: self.kept, ids: self.ids.into() }
    }
}

/// The hash of a hash in a table: of all of it, because what documents say need not be one, and a table of values that look alike
/// would be searched from end to end.
fn bits(hash: &[u8; 32]) -> u64 {
    // Digits of the golden ratio, as hash functions use them.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, _) = hash.as_chunks();
    words.iter().fold(ODD, |bits, word| {
        let product = u128::from(bits ^ u64::from_le_bytes(*word)) * u128::from(ODD);
        (product >> 64) as u64 ^ product as u64
    })
}

/// A document of four gigabytes does not fit in a worker.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

// === impl ApiKeys ===

impl ApiKeys {
    /// The key of this value.
    #[must_use]
    pub fn find(&self, value: &[u8]) -> Option<ApiKey> {
        if value.is_empty() || value.len() > LONGEST {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(value).into();
        let same = |place: &u32| self.kept.get(*place as usize).is_some_and(|kept| kept.hash == hash);
        self.key(*self.places.find(bits(&hash), same)? as usize)
    }

    /// Every enabled key, as they stand in the document.
    pub fn iter(&self) -> impl Iterator<Item = ApiKey> {
        (0..self.kept.len()).filter_map(|place| self.key(place))
    }

    /// The key at a place, if it is enabled.
    fn key(&self, place: usize) -> Option<ApiKey> {
        let kept = self.kept.get(place)?;
        let begin = place.checked_sub(1).and_then(|before| self.kept.get(before)).map_or(0, |kept| kept.end);
        let id = KeyId { ids: Rc::clone(&self.ids), at: begin..kept.end };
        Some(ApiKey { id, plans: Rc::clone(kept.plans.as_ref()?), digest: digest(kept.hash) })
    }
}

// === impl ApiKey ===

impl ApiKey {
    /// A key whose value has this hash.
    #[must_use]
    pub fn new(id: Rc<str>, plans: Rc<[usize]>, hash: [u8; 32]) -> Self {
        let at = 0..count(id.len());
        Self { id: KeyId { ids: id, at }, plans, digest: digest(hash) }
    }

    /// Whose buckets are its own.
    #[must_use]
    pub fn holder(&self) -> Holder<'_> {
        Holder { id: &self.id, digest: self.digest }
    }
}

// === impl KeyId ===

impl Deref for KeyId {
    type Target = str;

    fn deref(&self) -> &str {
        self.ids.get(self.at.start as usize..self.at.end as usize).unwrap_or_default()
    }
}

impl PartialEq for KeyId {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for KeyId {}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
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
    let mut all = 0;
    // A byte has a place in the table, whichever it is.
    #[allow(clippy::indexing_slicing)]
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let (high, low) = (DIGITS[*high as usize], DIGITS[*low as usize]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all != NO_DIGIT).then_some(hash)
}

/// What is no digit: it has bits that no digit has.
const NO_DIGIT: u8 = 0xff;

/// What each byte is as a hexadecimal digit.
// Evaluated while compiling: what is not there does not compile.
#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let (mut digit, spelt) = (0, b"0123456789abcdef");
    while digit < spelt.len() {
        digits[spelt[digit] as usize] = digit as u8;
        digits[spelt[digit].to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::{ApiKeys, Builder, parse_hash};
    use sha2::{Digest, Sha256};

    fn keys(count: usize) -> ApiKeys {
        let mut keys = Builder::with_capacity(count, 0);
        for i in 0..count {
            let hash = Sha256::digest(format!("key-number-{i:010}")).into();
            keys.add(&i.to_string(), Some([i].into()), hash).unwrap();
        }
        keys.build()
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
    fn values_that_look_alike_are_told_apart_in_a_table() {
        for place in [0, 7, 8, 15, 16, 24, 31] {
            let mut seen = std::collections::HashSet::new();
            for n in 0..=255 {
                let mut hash = [0; 32];
                hash[place] = n;
                // As a table of that size looks for it.
                seen.insert(super::bits(&hash) & 0xffff);
            }
            assert!(seen.len() > 240, "{place}: {}", seen.len());
        }
    }

    #[test]
    fn a_key_that_is_not_enabled_is_not_found_and_keeps_its_value() {
        let mut keys = Builder::with_capacity(2, 0);
        let hash = |value: &str| Sha256::digest(value).into();
        assert_eq!(keys.add("off", None, hash("a")), Ok(()));
        assert_eq!(keys.add("on", Some([0].into()), hash("b")), Ok(()));
        assert_eq!(keys.add("other", Some([0].into()), hash("a")), Err(0));
        assert_eq!(keys.add("another", None, hash("a")), Err(2));
        let keys = keys.build();
        assert_eq!(keys.find(b"a"), None);
        assert_eq!(&*keys.find(b"b").unwrap().id, "on");
        assert_eq!(keys.iter().map(|key| key.id.to_string()).collect::<Vec<_>>(), ["on", "other"]);
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
