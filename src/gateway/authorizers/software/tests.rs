use super::Software;
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::token::Token;
use crate::gateway::authorizers::signature::{Algorithm, Key, Signatures, Signed};
use crate::gateway::surroundings::Secret;
use sekisho_cases::tokens::{SECRET, jwks, token};
use serde_json::json;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

/// A token by an algorithm, taken apart, with the key that verifies it.
struct Sample {
    algorithm: Algorithm,
    text: Vec<u8>,
    signature: Vec<u8>,
    der: Option<Rc<[u8]>>,
    secret: Secret,
}

impl Sample {
    fn new(algorithm: Algorithm) -> Self {
        let token = token(&json!({ "alg": algorithm.name() }), &json!({}));
        let token = Token::parse(&token, &[algorithm]).unwrap();
        let keys = KeySet::parse(jwks().to_string().as_bytes()).unwrap();
        let der = keys.find(&token.kid, algorithm).next().map(|key| Rc::clone(&key.der));
        let secret = Secret(SECRET.as_bytes().to_vec());
        Self { algorithm, text: token.signed.into(), signature: token.signature, der, secret }
    }

    fn key(&self) -> Key<'_> {
        self.der.as_deref().map_or(Key::Secret(&self.secret), Key::Public)
    }

    fn verify(&self, algorithm: Algorithm, key: Key<'_>) -> bool {
        let (text, signature) = (self.text.as_slice(), self.signature.as_slice());
        Software.verify(&Signed { algorithm, key, text, signature }).unwrap()
    }
}

#[test]
fn a_signature_is_its_algorithms_and_its_keys_alone() {
    let samples = Algorithm::ALL.map(Sample::new);
    let mut judged = 0;
    for signed in &samples {
        for algorithm in Algorithm::ALL {
            let good = algorithm == signed.algorithm;
            assert_eq!(
                signed.verify(algorithm, signed.key()),
                good,
                "{:?} as {algorithm:?}",
                signed.algorithm
            );
            judged += 1;
        }
        for key in &samples {
            let (good, other) = (signed.der == key.der, key.algorithm);
            assert_eq!(
                signed.verify(signed.algorithm, key.key()),
                good,
                "{:?} by {other:?}",
                signed.algorithm
            );
            judged += 1;
        }
    }
    println!("{judged} signatures judged");
    assert_eq!(judged, 11 * 22);
}

#[test]
fn a_changed_text_or_signature_is_none() {
    for algorithm in Algorithm::ALL {
        let mut sample = Sample::new(algorithm);
        sample.text[10] ^= 1;
        assert!(!sample.verify(algorithm, sample.key()), "{algorithm:?}");
        sample.text[10] ^= 1;
        for at in [0, sample.signature.len() / 2, sample.signature.len() - 1] {
            sample.signature[at] ^= 1;
            assert!(!sample.verify(algorithm, sample.key()), "{algorithm:?} {at}");
            sample.signature[at] ^= 1;
        }
        assert!(sample.verify(algorithm, sample.key()), "{algorithm:?}");
        sample.signature.clear();
        assert!(!sample.verify(algorithm, sample.key()), "{algorithm:?}");
    }
}

#[test]
fn what_everybody_may_know_is_no_secret() {
    let rsa = Sample::new(Algorithm::Rs256);
    let key = Secret(rsa.der.clone().unwrap().to_vec());
    let mut forged = Sample::new(Algorithm::Hs256);
    {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key.0).unwrap();
        mac.update(&forged.text);
        forged.signature = mac.finalize().into_bytes().to_vec();
    }
    assert!(forged.verify(Algorithm::Hs256, Key::Secret(&key)), "the forgery is right but for its key");
    assert!(!forged.verify(Algorithm::Hs256, Key::Public(&key.0)));
    assert!(!rsa.verify(Algorithm::Rs256, Key::Secret(&key)));
}

/// `cargo test --release -p sekisho --lib what_a_verification_costs -- --ignored --nocapture`: the table in
/// `docs/performance.md`.
#[test]
#[ignore = "a measurement"]
fn what_a_verification_costs() {
    for algorithm in Algorithm::ALL {
        let sample = Sample::new(algorithm);
        let mut rounds: Vec<_> = (0..100)
            .map(|_| {
                let start = Instant::now();
                assert!(black_box(&sample).verify(algorithm, sample.key()));
                start.elapsed()
            })
            .collect();
        rounds.sort();
        println!("| {} | {:.1} |", algorithm.name(), rounds[50].as_secs_f64() * 1e6);
    }
}
