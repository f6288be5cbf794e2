//! What a worker remembers between requests. Every map is bounded in count and bytes.

use super::authorizers::jwt::claims::Bearer;
use super::authorizers::jwt::keys::Learned;
use lru::LruCache;
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes of claims that are remembered.
const TOKEN_BYTES: usize = 4 * 1024 * 1024;

/// A worker's memory.
#[derive(Debug)]
pub struct Worker {
    /// By the key source's URL: as many as the documents name.
    learned: HashMap<String, Learned>,
    tokens: LruCache<[u8; 32], Verified>,
    bytes: usize,
}

/// A token that was verified.
#[derive(Debug)]
pub struct Verified {
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
        Self { learned: HashMap::new(), tokens: LruCache::unbounded(), bytes: 0 }
    }
}

impl Worker {
    /// What is known of a key source.
    pub fn learned(&mut self, source: &str) -> &mut Learned {
        self.learned.entry(source.to_owned()).or_default()
    }

    /// A token that was verified before, by the digest of its authorizer and itself.
    pub fn verified(&mut self, digest: &[u8; 32]) -> Option<&Verified> {
        self.tokens.get(digest)
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
        let key = match &self.signer {
            Signer::Key(der) => der.len(),
            Signer::Secret => 0,
        };
        256 + key + claims + scopes
    }
}

#[cfg(test)]
mod tests {
    use super::{Bearer, Signer, TOKEN_BYTES, Verified, Worker};
    use std::rc::Rc;

    fn verified(bytes: usize) -> Verified {
        let claims = vec![("sub".to_owned(), "x".repeat(bytes))];
        let principal = Rc::new(Bearer { claims, scopes: Vec::new() });
        Verified { expires: 0.0, signer: Signer::Key(Rc::from([0; 294])), issuer: 0, principal }
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
