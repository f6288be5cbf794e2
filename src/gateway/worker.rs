//! What a worker remembers between requests. Every map is bounded in count and bytes.

use super::authorizers::jwt::claims::Bearer;
use super::authorizers::jwt::keys::learned::Learned;
use super::authorizers::lambda::cache::Answers;
use lru::LruCache;
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes of claims that are remembered.
const TOKEN_BYTES: usize = 4 * 1024 * 1024;

/// Key sources of former documents that are remembered.
const MOST_OTHER_SOURCES: usize = 16;

/// A worker's memory.
#[derive(Debug)]
pub struct Worker {
    /// By key source: those that documents name.
    learned: HashMap<[u8; 32], Learned>,
    tokens: LruCache<[u8; 32], Verified>,
    bytes: usize,
    answers: Answers,
}

/// A token that was verified.
#[derive(Debug)]
pub struct Verified {
    /// `exp`, in seconds.
    pub expires: f64,
    /// The key that verified it: with it the token dies.
    pub key: Vec<u8>,
    /// Whose key it is.
    pub issuer: String,
    /// Who it is of.
    pub principal: Rc<Bearer>,
}

// === impl Worker ===

impl Default for Worker {
    fn default() -> Self {
        Self { learned: HashMap::new(), tokens: LruCache::unbounded(), bytes: 0, answers: Answers::default() }
    }
}

impl Worker {
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

    /// A token that was verified before, by the digest of its authorizer and itself.
    pub fn verified(&mut self, digest: &[u8; 32]) -> Option<&Verified> {
        self.tokens.get(digest)
    }

    /// What Lambda authorizers have answered.
    pub fn answers(&mut self) -> &mut Answers {
        &mut self.answers
    }

    /// Remembers a verified token; those that were not asked for longest go.
    pub fn remember(&mut self, digest: [u8; 32], verified: Verified) {
        self.bytes += verified.size();
        if let Some((_, old)) = self.tokens.push(digest, verified) {
            self.bytes -= old.size();
        }
        while self.bytes > TOKEN_BYTES
            && let Some((_, old)) = self.tokens.pop_lru()
        {
            self.bytes -= old.size();
        }
    }
}

// === impl Verified ===

impl Verified {
    fn size(&self) -> usize {
        let claims: usize =
            self.principal.claims.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        let scopes: usize = self.principal.scopes.iter().map(|scope| scope.len() + 32).sum();
        256 + self.key.len() + claims + scopes
    }
}

#[cfg(test)]
mod tests {
    use super::{Bearer, TOKEN_BYTES, Verified, Worker};
    use std::rc::Rc;

    fn verified(bytes: usize) -> Verified {
        let claims = vec![("sub".to_owned(), "x".repeat(bytes))];
        let principal = Rc::new(Bearer { claims, scopes: Vec::new() });
        Verified { expires: 0.0, key: vec![0; 294], issuer: "i".to_owned(), principal }
    }

    #[test]
    fn tokens_are_forgotten_by_bytes_and_the_oldest_first() {
        let mut worker = Worker::default();
        for i in 0..=255_u8 {
            worker.remember([i; 32], verified(100_000));
            assert!(worker.bytes <= TOKEN_BYTES, "{i}");
        }
        assert!(worker.verified(&[255; 32]).is_some());
        assert!(worker.verified(&[0; 32]).is_none());
        worker.remember([255; 32], verified(10));
        let counted: usize = worker.tokens.iter().map(|(_, token)| token.size()).sum();
        assert_eq!(worker.bytes, counted);
    }
}
