//! Wycheproof's vectors, through what judges a client's token: [`Envelope::parse`], [`KeySet`] and the verifier.
//!
//! What is invalid must be refused, but for what stands in [`ACCEPTED`]. What is valid may be refused only for a reason of ours,
//! and how often is pinned.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho::gateway::authorizers::der::ecdsa_signature;
use sekisho::gateway::authorizers::jwt::jwks::KeySet;
use sekisho::gateway::authorizers::jwt::token::{Envelope, Token};
use sekisho::gateway::authorizers::signature::{Algorithm, Key, KeyKind, Signatures, Signed};
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::surroundings::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

/// Invalid vectors that are accepted.
const ACCEPTED: [(&str, &str); 4] = [
    ("invalidBase64Padding", "a slip of the vectors: byte for byte the valid `ValidMac`"),
    ("invalidBase64PaddingInPayload", "the same slip"),
    (
        "rejectsKeyWithRocaVulnerability",
        "whether an issuer made its RSA key with a broken generator is not looked into",
    ),
    ("rejectsKeyWithRocaVulnerability", "the same key in another file"),
];

/// Valid vectors that are refused, and why.
const REFUSED: [(&str, &str); 12] = [
    ("HS384 long_key", "not one of our algorithms"),
    ("HS512 long_key", "not one of our algorithms"),
    ("base64 InvalidCharacterInsertedInHeader", "a slip of the vectors: `?` is no base64url"),
    ("base64 InvalidCharacterInsertedInPayload", "the same slip"),
    ("jwe_aes acceptsValid", "encrypted"),
    ("jwe_ec acceptsValid", "encrypted"),
    ("jws_keyset acceptsValid", "a set of secrets: an authorizer has one"),
    ("jws_keyset acceptsValid", "the same in another file"),
    ("rfc7520 Figure20", "the key is for PS256, the token by PS384"),
    ("rfc7520 Figure27", "the key is for ES521, which does not exist"),
    ("rfc7520WithKeyOps Figure20", "as Figure20"),
    ("rfc7520WithKeyOps Figure27", "as Figure27"),
];

/// How one vector was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judged {
    Accepted,
    Refused(&'static str),
}

fn verify(algorithm: Algorithm, key: Key<'_>, text: &[u8], signature: &[u8]) -> bool {
    Software.verify(&Signed { algorithm, key, text, signature }).unwrap()
}

/// The secret of a key set that is one secret: what `secretEnv` would hold.
fn secret(keys: &[Value]) -> Option<Secret> {
    let [key] = keys else { return None };
    let secret = URL_SAFE_NO_PAD.decode(key["k"].as_str().filter(|_| key["kty"] == "oct")?).ok()?;
    let signs = key["alg"].as_str().is_none_or(|name| name == "HS256");
    (signs && secret.len() >= 32).then_some(Secret(secret))
}

fn judge(keys: &[Value], token: &str) -> Judged {
    use Judged::{Accepted, Refused};
    let secret = secret(keys);
    // An authorizer has a secret or public keys, never both.
    let is_for_secret = |algorithm: &Algorithm| (algorithm.key_kind() == KeyKind::Secret) == secret.is_some();
    let allowed: Vec<_> = Algorithm::ALL.into_iter().filter(is_for_secret).collect();
    let Ok(envelope) = Envelope::parse(token, &allowed) else { return Refused("no token, or its algorithm") };
    if envelope.payload().is_err() {
        return Refused("no payload");
    }
    let (text, signature) = (envelope.signed.as_bytes(), envelope.signature.as_slice());
    if let Some(secret) = &secret {
        let good = verify(envelope.algorithm, Key::Secret(secret), text, signature);
        return if good { Accepted } else { Refused("signature") };
    }
    let Ok(keys) = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()) else {
        return Refused("no key set");
    };
    let mut keys = keys.find(&envelope.kid, envelope.algorithm).peekable();
    if keys.peek().is_none() {
        return Refused("no key");
    }
    let good = keys.any(|key| verify(envelope.algorithm, Key::Public(&key.der), text, signature));
    if good { Accepted } else { Refused("signature") }
}

#[test]
fn tokens_and_keys() {
    let mut counts: BTreeMap<(bool, Judged), usize> = BTreeMap::new();
    let mut tokens = 0;
    let mut valid_refused = Vec::new();
    let mut invalid_accepted = Vec::new();
    for file in ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wycheproof").join(file);
        let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut in_file = 0;
        for group in vectors["testGroups"].as_array().unwrap() {
            let key = if group["public"].is_null() { &group["private"] } else { &group["public"] };
            let keys = key["keys"].as_array().cloned().unwrap_or_else(|| vec![key.clone()]);
            for test in group["tests"].as_array().unwrap() {
                let token = if test["jws"].is_null() { &test["jwe"] } else { &test["jws"] };
                let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
                let (valid, name) = (test["result"] == "valid", test["comment"].as_str().unwrap());
                let judged = judge(&keys, &token);
                *counts.entry((valid, judged)).or_default() += 1;
                match (valid, judged) {
                    (true, Judged::Accepted) | (false, Judged::Refused(_)) => {}
                    (false, Judged::Accepted) => invalid_accepted.push(name.to_owned()),
                    (true, Judged::Refused(_)) => {
                        valid_refused.push(format!("{} {name}", group["comment"].as_str().unwrap()));
                    }
                }
                // The payloads are no claims, or a few: whatever they are, nothing panics.
                let _ = Token::parse(&token, &Algorithm::ALL);
                in_file += 1;
            }
        }
        assert_eq!(in_file, vectors["numberOfTests"], "{file}");
        tokens += in_file;
    }
    for ((valid, judged), count) in &counts {
        println!("{count:>4} {} {judged:?}", if *valid { "valid  " } else { "invalid" });
    }
    println!("{tokens} tokens judged");
    valid_refused.sort();
    invalid_accepted.sort();
    assert_eq!(valid_refused, REFUSED.map(|(name, _)| name));
    assert_eq!(invalid_accepted, ACCEPTED.map(|(name, _)| name));
    assert_eq!((tokens, counts[&(true, Judged::Accepted)]), (510, 45));
}

/// Valid vectors that were accepted and refused, and invalid ones that were refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    accepted: usize,
    refused: usize,
    valid_refused: usize,
}

impl Count {
    fn add(&mut self, what: &str, result: TestResult, good: bool) {
        match (result, good) {
            (TestResult::Valid | TestResult::Acceptable, true) => self.accepted += 1,
            (TestResult::Invalid, false) => self.refused += 1,
            // RFC 7518 leaves nothing to taste.
            (TestResult::Acceptable, false) => self.refused += 1,
            (TestResult::Valid, false) => self.valid_refused += 1,
            (TestResult::Invalid, true) => panic!("{what}: an invalid signature is accepted"),
        }
    }
}

/// The key of a set of one, which must be the key that the vectors have as DER.
fn der(jwk: Value, algorithm: Algorithm, expected: &[u8]) -> Vec<u8> {
    let keys = KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
    let der = keys.find("k", algorithm).next().unwrap().der.to_vec();
    assert_eq!(der, expected, "SubjectPublicKeyInfo");
    der
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn ecdsa_signatures() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256P1363, EcdsaSecp384r1Sha384P1363, EcdsaSecp521r1Sha512P1363};
    let mut count = Count::default();
    for (name, algorithm, curve) in [
        (EcdsaSecp256r1Sha256P1363, Algorithm::Es256, "P-256"),
        (EcdsaSecp384r1Sha384P1363, Algorithm::Es384, "P-384"),
        (EcdsaSecp521r1Sha512P1363, Algorithm::Es512, "P-521"),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let point = &group.key.key[1..];
            let (x, y) = point.split_at(point.len() / 2);
            let jwk = json!({ "kty": "EC", "kid": "k", "crv": curve, "x": base64(x), "y": base64(y) });
            let der = der(jwk, algorithm, &group.der);
            for test in group.tests {
                let good = verify(algorithm, Key::Public(&der), &test.msg, &test.sig);
                count.add(&format!("{curve} {}", test.tc_id), test.result, good);
                // What Envoy is asked with: for every good signature it is the encoding that a library writes.
                if good && algorithm == Algorithm::Es256 {
                    let library = p256::ecdsa::Signature::from_slice(&test.sig).unwrap().to_der();
                    assert_eq!(ecdsa_signature(&test.sig).unwrap(), library.as_bytes());
                } else if good && algorithm == Algorithm::Es512 {
                    let library = p521::ecdsa::Signature::from_slice(&test.sig).unwrap().to_der();
                    assert_eq!(ecdsa_signature(&test.sig).unwrap(), library.as_bytes());
                }
            }
        }
    }
    println!("ECDSA: {count:?}");
    assert_eq!(count, Count { accepted: 597, refused: 263, valid_refused: 0 });
}

#[test]
fn rsa_signatures() {
    use rsa_pkcs1_verify::TestName as Pkcs1;
    use rsa_pss_verify::TestName as Pss;
    let mut count = Count::default();
    for (name, algorithm) in [
        (Pkcs1::Rsa2048Sha256, Algorithm::Rs256),
        (Pkcs1::Rsa2048Sha384, Algorithm::Rs384),
        (Pkcs1::Rsa2048Sha512, Algorithm::Rs512),
        (Pkcs1::Rsa3072Sha256, Algorithm::Rs256),
        (Pkcs1::Rsa3072Sha384, Algorithm::Rs384),
        (Pkcs1::Rsa3072Sha512, Algorithm::Rs512),
        (Pkcs1::Rsa4096Sha256, Algorithm::Rs256),
        (Pkcs1::Rsa4096Sha384, Algorithm::Rs384),
        (Pkcs1::Rsa4096Sha512, Algorithm::Rs512),
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let jwk =
                json!({ "kty": "RSA", "kid": "k", "n": base64(&group.key.n), "e": base64(&group.key.e) });
            let der = der(jwk, algorithm, &group.der);
            for test in group.tests {
                let good = verify(algorithm, Key::Public(&der), &test.msg, &test.sig);
                count.add(&format!("{algorithm:?} {}", test.tc_id), test.result, good);
            }
        }
    }
    println!("RSASSA-PKCS1-v1_5: {count:?}");
    assert_eq!(count, Count { accepted: 68, refused: 2262, valid_refused: 0 });
    let mut count = Count::default();
    for (name, algorithm) in [
        (Pss::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Pss::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (Pss::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Pss::RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Pss::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (Pss::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let jwk =
                json!({ "kty": "RSA", "kid": "k", "n": base64(&group.key.n), "e": base64(&group.key.e) });
            let der = der(jwk, algorithm, &group.der);
            for test in group.tests {
                let good = verify(algorithm, Key::Public(&der), &test.msg, &test.sig);
                count.add(&format!("{algorithm:?} {}", test.tc_id), test.result, good);
            }
        }
    }
    println!("RSASSA-PSS: {count:?}");
    assert_eq!(count, Count { accepted: 511, refused: 274, valid_refused: 0 });
}

/// JWA fixes the length of the salt (RFC 7518, 3.5): what has another one is valid to others, and not to us.
#[test]
fn rsa_signatures_with_another_salt() {
    use rsa_pss_verify::TestName as Pss;
    let mut judged = 0;
    for (name, algorithm) in [
        (Pss::RsaPss2048Sha256Mgf1SaltLen0, Algorithm::Ps256),
        (Pss::RsaPss2048Sha256Mgf1Sha1_20, Algorithm::Ps256),
        (Pss::RsaPss4096Sha512Mgf1SaltLen32, Algorithm::Ps512),
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            // Of the invalid ones there, one is invalid because its salt is as long as ours.
            for test in group.tests.into_iter().filter(|test| test.result == TestResult::Valid) {
                assert!(!verify(algorithm, Key::Public(&group.der), &test.msg, &test.sig), "{}", test.tc_id);
                judged += 1;
            }
        }
    }
    println!("{judged} signatures refused");
    assert_eq!(judged, 256);
}

#[test]
fn eddsa_signatures() {
    let mut count = Count::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let jwk = json!({ "kty": "OKP", "kid": "k", "crv": "Ed25519", "x": base64(&group.key.pk) });
        let der = der(jwk, Algorithm::EdDsa, &group.der);
        for test in group.tests {
            let good = verify(Algorithm::EdDsa, Key::Public(&der), &test.msg, &test.sig);
            count.add(&format!("Ed25519 {}", test.tc_id), test.result, good);
        }
    }
    println!("EdDSA: {count:?}");
    assert_eq!(count, Count { accepted: 88, refused: 63, valid_refused: 0 });
}

#[test]
fn authentication_codes() {
    let mut count = Count::default();
    let mut shortened = 0;
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let secret = Secret(test.key.to_vec());
            let good = verify(Algorithm::Hs256, Key::Secret(&secret), &test.msg, &test.tag);
            if group.tag_size < 256 {
                assert!(!good, "{}: a shortened code is accepted", test.tc_id);
                shortened += 1;
            } else {
                count.add(&format!("HMAC {}", test.tc_id), test.result, good);
            }
        }
    }
    println!("HMAC-SHA-256: {count:?}, {shortened} shortened ones refused");
    assert_eq!((count, shortened), (Count { accepted: 33, refused: 54, valid_refused: 0 }, 87));
}
