//! A token of 800 bytes, and the key that it names. Its signature is none: whoever verifies signatures here says what the
//! measurement needs, so that no library of cryptography is built and none is measured.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The issuer of the token.
pub const ISSUER: &str = "https://idp.test";
/// Its audience.
pub const AUDIENCE: &str = "shop";
/// Bytes of the token.
pub const LENGTH: usize = 800;
/// Bytes of a signature by an RSA key of 2,048 bits, and of the key.
const RSA: usize = 256;

/// The token of a number: those of two numbers differ, and are of one length.
#[must_use]
pub fn token(number: u32) -> String {
    let header = json!({ "alg": "RS256", "kid": "k1", "typ": "JWT" }).to_string();
    let signature = URL_SAFE_NO_PAD.encode([0x5a; RSA]);
    let claims = |filler: usize| {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "exp": 4_102_444_800_u64, "iat": 1_600_000_000, "scope": "read write",
            "sub": format!("user-{number:08}"), "email": "ann@example.com", "groups": ["customers", "editors"],
            "session": "s".repeat(filler),
        })
        .to_string()
    };
    let made = |filler: usize| {
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(claims(filler)))
    };
    // Four characters hold three bytes, so one of four fillers fits or is two off.
    let filler = (LENGTH - made(0).len()) * 3 / 4;
    let token = made(filler);
    assert!(token.len().abs_diff(LENGTH) <= 2, "{} bytes", token.len());
    token
}

/// The key set that has the token's key.
#[must_use]
pub fn key_set() -> Value {
    let modulus = URL_SAFE_NO_PAD.encode([0xb5; RSA]);
    json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": modulus, "e": "AQAB" }] })
}
