//! Tokens and key sets changed at random: what the fuzz targets `token` and `jwks` look for, without a fuzzer.
//!
//! The changes are the same in every run; `SEKISHO_MUTATIONS=1000000` tries more of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho::gateway::authorizers::jwt::claims::Bearer;
use sekisho::gateway::authorizers::jwt::jwks::KeySet;
use sekisho::gateway::authorizers::jwt::token::{Envelope, Token};
use sekisho::gateway::authorizers::signature::{Algorithm, Key, Signatures, Signed};
use sekisho::gateway::authorizers::software::Software;
use sekisho_cases::tokens::{jwks, token};
use serde_json::json;

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % below.max(1) as u64).unwrap()
    }

    /// One to eight changes: bytes turned, taken away, put in, repeated, or swapped for what parsers stumble over.
    fn change(&mut self, bytes: &[u8]) -> Vec<u8> {
        const WORDS: [&str; 16] = [
            "\"",
            "\\u0000",
            "\\ud800",
            "{",
            "[",
            "}",
            "null",
            "1e400",
            "-0",
            ",",
            "\"alg\":\"none\"",
            "\u{feff}",
            "=",
            ".",
            "\"kid\":",
            "99999999999999999999",
        ];
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.roll(8) {
            let at = self.roll(bytes.len());
            match self.roll(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.roll(8),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at, u8::try_from(self.roll(256)).unwrap()),
                3 => {
                    let end = (at + self.roll(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                4 => drop(bytes.splice(at..at, WORDS[self.roll(WORDS.len())].bytes())),
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}

fn rounds() -> usize {
    std::env::var("SEKISHO_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(30_000)
}

#[test]
fn tokens() {
    let mut dice = Dice(1);
    let good: Vec<_> = Algorithm::ALL
        .iter()
        .map(|algorithm| {
            token(&json!({ "alg": algorithm.name() }), &json!({ "scope": "a b", "n": [1, { "x": null }] }))
        })
        .collect();
    let (mut read, mut printed) = (0, 0);
    for round in 0..rounds() {
        let text = &good[round % good.len()];
        // Half of the changes are behind the encoding, where base64 would refuse nearly all.
        let changed = if dice.roll(2) == 0 {
            String::from_utf8_lossy(&dice.change(text.as_bytes())).into_owned()
        } else {
            let part = dice.roll(3);
            let parts = text.split('.').enumerate().map(|(i, encoded)| {
                let bytes = URL_SAFE_NO_PAD.decode(encoded).unwrap();
                URL_SAFE_NO_PAD.encode(if i == part { dice.change(&bytes) } else { bytes })
            });
            parts.collect::<Vec<_>>().join(".")
        };
        if let Ok(envelope) = Envelope::parse(&changed, &Algorithm::ALL) {
            read += 1;
            let (header, _) = envelope.signed.split_once('.').unwrap();
            let spelt = URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.decode(header).unwrap());
            assert_eq!(spelt, header, "one spelling");
        }
        if let Ok(token) = Token::parse(&changed, &Algorithm::ALL) {
            let bearer = Bearer::new(&token.claims);
            assert_eq!(bearer.claims.len(), token.claims.0.len());
            printed += 1;
        }
    }
    println!("{} tokens tried, {read} read, the claims of {printed} printed", rounds());
    assert!(read > rounds() / 20 && printed > rounds() / 50, "the changes reach behind the encoding");
}

#[test]
fn key_sets() {
    let mut dice = Dice(2);
    let good = jwks().to_string();
    let (mut read, mut keys) = (0, 0);
    for _ in 0..rounds() {
        let changed = dice.change(good.as_bytes());
        let Ok(set) = KeySet::parse(&changed) else { continue };
        read += 1;
        if read % 50 != 0 {
            continue;
        }
        for (kid, algorithm) in [
            ("k1", Algorithm::Rs256),
            ("k1", Algorithm::Ps256),
            ("ec256", Algorithm::Es256),
            ("ec384", Algorithm::Es384),
            ("ec521", Algorithm::Es512),
            ("ed25519", Algorithm::EdDsa),
        ] {
            for key in set.find(kid, algorithm) {
                let signed =
                    Signed { algorithm, key: Key::Public(&key.der), text: b"x", signature: &[1; 64] };
                assert_eq!(Software.verify(&signed), Ok(false));
                keys += 1;
            }
        }
    }
    println!("{} key sets tried, {read} read, {keys} keys of them used", rounds());
    assert!(read > rounds() / 20 && keys > 0, "the changes leave keys");
}
