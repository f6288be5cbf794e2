//! What a worker remembers between requests. Every map is bounded in count and bytes.

use super::Nanos;
use super::authorizers::jwt::claims::Bearer;
use super::authorizers::jwt::keys::learned::Learned;
use super::authorizers::lambda::cache::Answers;
use super::canary::counts::SideCounts;
use super::counts::Counts;
use super::fleet::{REMEMBERED, UsedUp};
use super::metrics::counts::ApiCounts;
use super::metrics::state::Refusals;
use super::throttle::LeaseKey;
use super::throttle::lease::Lease;
use super::usage::Usage;
use super::waf::counts::WafCounts;
use super::waf::rate::tally::Tallies;
use lru::LruCache;
use nohash_hasher::IntMap;
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes of claims that are remembered.
const TOKEN_BYTES: usize = 4 * 1024 * 1024;

/// Key sources of former documents that are remembered.
const MOST_OTHER_SOURCES: usize = 16;

/// Leases that are remembered. They are as many as buckets were asked of, all named by documents; to forget one costs tokens
/// and gives none.
const MOST_LEASES: usize = 65_536;

/// Quotas of a fleet that are known to be used up. To forget one costs a question.
const MOST_USED_UP: usize = 4096;

/// A worker's memory.
#[derive(Debug)]
pub struct Worker {
    /// What happened.
    pub counts: Counts,
    /// What happened to APIs.
    pub apis: ApiCounts,
    /// Why requests were refused.
    pub refused: Refusals,
    /// What happened on the sides of canaries.
    pub sides: SideCounts,
    /// What web ACLs' rules did.
    pub waf: WafCounts,
    /// Which keys were counted, to be told.
    pub usage: Usage,
    /// Requests that rate-based rules counted, to be handed on.
    pub tallies: Tallies,
    /// By key source: those that documents name.
    learned: HashMap<[u8; 32], Learned>,
    tokens: LruCache<TokenKey, Verified>,
    bytes: usize,
    answers: Answers,
    leases: IntMap<LeaseKey, Lease>,
    /// Quotas of a fleet that were found used up, and when.
    used_up: LruCache<UsedUp, Nanos>,
}

/// Where a verified token is looked for: its authorizer and the end of its signature, which only the issuer's key can
/// choose. Finding it is cheap, and it proves nothing: the whole token is compared then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenKey {
    authorizer: [u8; 32],
    end: [u8; 32],
}

/// A token that was verified.
#[derive(Debug)]
pub struct Verified {
    /// The whole of it.
    pub token: Box<str>,
    /// `exp`, in seconds.
    pub expires: f64,
    /// What verified it: with it the token dies.
    pub signer: Signer,
    /// Which of its authorizer's issuers it is of.
    pub issuer: usize,
    /// Who it is of.
    pub principal: Rc<Bearer>,
}

/// What verified a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// A public key: DER of its SubjectPublicKeyInfo.
    Key(Rc<[u8]>),
    /// The authorizer's secret.
    Secret,
}

// === impl Worker ===

impl Default for Worker {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            apis: ApiCounts::default(),
            refused: Refusals::default(),
            sides: SideCounts::default(),
            waf: WafCounts::default(),
            usage: Usage::default(),
            tallies: Tallies::default(),
            learned: HashMap::new(),
            tokens: LruCache::unbounded(),
            bytes: 0,
            answers: Answers::default(),
            leases: IntMap::default(),
            used_up: LruCache::unbounded(),
        }
    }
}

impl Worker {
    /// What happened since this was last asked, of what documents name.
    pub fn drain_named(&mut self) -> Vec<(Rc<str>, u64)> {
        let mut named = self.sides.drain();
        named.extend(self.waf.drain());
        named.extend(self.refused.drain());
        named
    }

    /// What is remembered, by the names of statistics.
    #[must_use]
    pub fn sizes(&self) -> [(&'static str, u64); 4] {
        [
            ("sekisho_cached_tokens", self.tokens.len() as u64),
            ("sekisho_cached_token_bytes", self.bytes as u64),
            ("sekisho_cached_authorizer_answers", self.answers.count() as u64),
            ("sekisho_throttle_leases", self.leases.len() as u64),
        ]
    }

    /// What is known of a key source.
    pub fn learned(&mut self, source: &[u8; 32]) -> &mut Learned {
        self.learned.entry(*source).or_default()
    }

    /// Forgets key sources that no document names any more, if there are many. During an update two documents are served:
    /// what the other one needs is in shared data.
    pub fn forget_other_sources(&mut self, named: impl Fn(&[u8; 32]) -> bool, count: usize) {
        if self.learned.len() > count.saturating_add(MOST_OTHER_SOURCES) {
            self.learned.retain(|source, _| named(source));
        }
    }

    /// A token that was verified before: this one, to the last byte.
    pub fn verified(&mut self, key: &TokenKey, token: &str) -> Option<&Verified> {
        self.tokens.get(key).filter(|verified| equal(verified.token.as_bytes(), token.as_bytes()))
    }

    /// What Lambda authorizers have answered.
    pub fn answers(&mut self) -> &mut Answers {
        &mut self.answers
    }

    /// What this worker holds of a bucket.
    pub fn lease(&mut self, key: LeaseKey) -> &mut Lease {
        if self.leases.len() >= MOST_LEASES && !self.leases.contains_key(&key) {
            self.leases.clear();
        }
        self.leases.entry(key).or_default()
    }

    /// Whether a quota of a fleet was found used up a moment ago.
    pub fn used_up(&mut self, quota: &UsedUp, now: Nanos) -> bool {
        self.used_up.get(quota).is_some_and(|found| now.0.saturating_sub(found.0) < REMEMBERED.0)
    }

    /// Remembers that a quota of a fleet is used up; what was not asked for longest goes.
    pub fn remember_used_up(&mut self, quota: UsedUp, now: Nanos) {
        self.used_up.put(quota, now);
        if self.used_up.len() > MOST_USED_UP {
            self.used_up.pop_lru();
        }
    }

    /// Remembers a verified token; those that were not asked for longest go.
    pub fn remember(&mut self, key: TokenKey, verified: Verified) {
        self.bytes += verified.size();
        if let Some((_, old)) = self.tokens.push(key, verified) {
            self.bytes -= old.size();
        }
        while self.bytes > TOKEN_BYTES
            && let Some((_, old)) = self.tokens.pop_lru()
        {
            self.bytes -= old.size();
        }
    }
}

// === impl TokenKey ===

impl TokenKey {
    /// The key of a token, for an authorizer of this digest.
    #[must_use]
    pub fn new(authorizer: [u8; 32], token: &str) -> Self {
        let mut end = [0; 32];
        for (to, from) in end.iter_mut().zip(token.bytes().rev()) {
            *to = from;
        }
        Self { authorizer, end }
    }
}

/// Compares in a time that depends on the length alone: a token is a secret.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut different = 0;
    for (word, other) in words.iter().zip(other_words) {
        different |= u64::from_ne_bytes(*word) ^ u64::from_ne_bytes(*other);
    }
    for (byte, other) in rest.iter().zip(other_rest) {
        different |= u64::from(byte ^ other);
    }
    a.len() == b.len() && std::hint::black_box(different) == 0
}

// === impl Verified ===

impl Verified {
    fn size(&self) -> usize {
        let claims: usize =
            self.principal.claims.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        let scopes: usize = self.principal.scopes.iter().map(|scope| scope.len() + 32).sum();
        let key = match &self.signer {
            Signer::Key(der) => der.len(),
            Signer::Secret => 0,
        };
        288 + self.token.len() + key + claims + scopes
    }
}

#[cfg(test)]
mod tests {
    use super::{Bearer, Signer, TOKEN_BYTES, TokenKey, Verified, Worker, equal};
    use std::rc::Rc;

    fn key(n: u8) -> TokenKey {
        TokenKey::new([n; 32], "t")
    }

    fn verified(bytes: usize) -> Verified {
        let claims = vec![("sub".to_owned(), "x".repeat(bytes))];
        let principal = Rc::new(Bearer { claims, scopes: Vec::new() });
        let signer = Signer::Key(Rc::from([0; 294]));
        Verified { token: "t".into(), expires: 0.0, signer, issuer: 0, principal }
    }

    #[test]
    fn tokens_are_forgotten_by_bytes_and_the_oldest_first() {
        let mut worker = Worker::default();
        for i in 0..=255_u8 {
            worker.remember(key(i), verified(100_000));
            assert!(worker.bytes <= TOKEN_BYTES, "{i}");
        }
        assert!(worker.verified(&key(255), "t").is_some());
        assert!(worker.verified(&key(0), "t").is_none());
        worker.remember(key(255), verified(10));
        let counted: usize = worker.tokens.iter().map(|(_, token)| token.size()).sum();
        assert_eq!(worker.bytes, counted);
    }

    #[test]
    fn a_token_that_ends_as_a_verified_one_is_another_token() {
        let mut worker = Worker::default();
        let end = "0123456789abcdef0123456789abcdef";
        let good = format!("header.payload.{end}");
        let key = TokenKey::new([1; 32], &good);
        worker.remember(key, Verified { token: good.as_str().into(), ..verified(10) });
        assert!(worker.verified(&key, &good).is_some());
        assert!(worker.verified(&TokenKey::new([2; 32], &good), &good).is_none(), "another authorizer");
        for other in [
            format!("header.PAYLOAD.{end}"),
            format!("x{good}"),
            format!("ader.payload.{end}"),
            end.to_owned(),
        ] {
            assert_eq!(TokenKey::new([1; 32], &other), key, "it is found");
            assert!(worker.verified(&key, &other).is_none(), "{other}");
        }
    }

    #[test]
    fn every_byte_is_compared() {
        for length in 0..40_usize {
            let text = vec![7; length];
            assert!(equal(&text, &text));
            for at in 0..length {
                let mut other = text.clone();
                other[at] ^= 1;
                assert!(!equal(&text, &other), "{length} {at}");
            }
            assert!(!equal(&text, &vec![7; length + 1]));
        }
    }
}
