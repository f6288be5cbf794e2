use super::{KeySet, MOST_KEYS, MOST_TRIES};
use crate::gateway::authorizers::signature::Algorithm;
use proptest::prelude::*;
use sekisho_cases::tokens::{jwk, jwks};
use serde_json::{Value, json};

fn parse(keys: Value) -> Result<KeySet, &'static str> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

/// How many algorithms find a key of this id.
fn found(keys: &KeySet, kid: &str) -> Vec<&'static str> {
    let finds = |algorithm: &Algorithm| keys.find(kid, *algorithm).next().is_some();
    Algorithm::ALL.into_iter().filter(finds).map(Algorithm::name).collect()
}

fn key(of: usize, members: &Value) -> Value {
    let mut key = jwks()["keys"][of].clone();
    for (name, value) in members.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

#[test]
fn a_key_serves_the_algorithms_of_its_kind() {
    let keys = KeySet::parse(jwks().to_string().as_bytes()).unwrap();
    assert_eq!(found(&keys, "k1"), ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    assert_eq!(found(&keys, "ec256"), ["ES256"]);
    assert_eq!(found(&keys, "ec384"), ["ES384"]);
    assert_eq!(found(&keys, "ec521"), ["ES512"]);
    assert_eq!(found(&keys, "ed25519"), ["EdDSA"]);
    assert_eq!(found(&keys, "k"), Vec::<&str>::new());
}

#[test]
fn a_key_that_names_its_algorithm_serves_no_other() {
    let keys = parse(json!([key(0, &json!({ "alg": "PS256" }))])).unwrap();
    assert_eq!(found(&keys, "k1"), ["PS256"]);
    // A key for another kind than its own serves nothing.
    let keys = parse(json!([key(0, &json!({ "alg": "ES256" }))])).unwrap();
    assert_eq!(found(&keys, "k1"), Vec::<&str>::new());
}

#[test]
fn keys_that_cannot_verify_are_left_out_and_the_others_stay() {
    let left_out = [
        key(0, &json!({ "use": "enc" })),
        key(0, &json!({ "key_ops": ["encrypt"] })),
        key(0, &json!({ "key_ops": [] })),
        key(0, &json!({ "alg": "RSA-OAEP" })),
        key(0, &json!({ "alg": "RS1" })),
        key(0, &json!({ "kid": 1 })),
        key(0, &json!({ "kid": null })),
        key(0, &json!({ "kty": "EC" })),
        key(0, &json!({ "kty": "oct", "k": "AAAA" })),
        key(0, &json!({ "kty": "rsa" })),
        key(0, &json!({ "e": "AQ" })),
        key(0, &json!({ "e": "AA" })),
        key(0, &json!({ "e": "Ag" })),
        key(0, &json!({ "e": "AQAAAAE" })),
        key(0, &json!({ "e": "" })),
        key(0, &json!({ "n": "" })),
        key(0, &json!({ "n": "AAAA" })),
        key(0, &json!({ "n": "_".repeat(171) })),
        key(0, &json!({ "n": "_".repeat(1_400) })),
        key(0, &json!({ "n": format!("{}=", jwk()["n"].as_str().unwrap()) })),
        key(1, &json!({ "crv": "P-384" })),
        key(1, &json!({ "crv": "secp256k1" })),
        key(1, &json!({ "x": "AA" })),
        key(1, &json!({ "y": null })),
        key(4, &json!({ "crv": "X25519" })),
        key(4, &json!({ "crv": "Ed448" })),
        key(4, &json!({ "x": "AAAA" })),
        json!({}),
        json!(null),
        json!("k1"),
        json!([]),
    ];
    for broken in &left_out {
        assert_eq!(parse(json!([broken])), Err("it has no key that can verify a token"), "{broken}");
        let keys = parse(json!([broken, key(1, &json!({ "kid": "good" }))])).unwrap();
        assert_eq!(found(&keys, "good"), ["ES256"], "{broken}");
    }
    println!("{} keys left out", left_out.len());
}

#[test]
fn leading_zeros_of_a_modulus_are_no_part_of_it() {
    use base64::Engine;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let n = engine.decode(jwk()["n"].as_str().unwrap()).unwrap();
    let padded = engine.encode([&[0, 0], &n[..]].concat());
    assert_eq!(parse(json!([key(0, &json!({ "n": padded }))])), parse(json!([jwk()])));
}

#[test]
fn sets_are_bounded_in_keys_and_ids_in_tries() {
    let keys = |count| parse(vec![jwk(); count].into());
    assert_eq!(keys(MOST_KEYS).unwrap().find("k1", Algorithm::Rs256).count(), MOST_TRIES);
    assert_eq!(keys(MOST_KEYS + 1), Err("it has more than 256 keys"));
    assert_eq!(parse(json!([])), Err("it has no key that can verify a token"));
    for no_set in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, "\u{feff}{\"keys\":[]}"] {
        assert_eq!(KeySet::parse(no_set.as_bytes()), Err("it is not a JSON web key set"), "{no_set}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>(), n in "[A-Za-z0-9_-]{0,400}", x in "[A-Za-z0-9_-]{0,90}", e in "[A-Za-z0-9_-]{0,8}") {
        let _ = KeySet::parse(&bytes);
        for kind in ["RSA", "EC", "OKP"] {
            let key = json!({ "kty": kind, "kid": "k", "crv": "P-256", "n": n, "e": e, "x": x, "y": x });
            let _ = parse(json!([key]));
        }
    }
}
