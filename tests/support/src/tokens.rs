//! Tokens of an issuer whose key everybody may have: made for tests, in whatever way a test wants them broken.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex_lite::Regex;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The key's id.
pub const KID: &str = "k1";
/// The issuer of a token that does not say otherwise.
pub const ISSUER: &str = "https://idp.test";
/// The year 2100: both engines' clocks are before it.
pub const FAR: u64 = 4_102_444_800;

fn key() -> &'static rsa::RsaPrivateKey {
    static KEY: OnceLock<rsa::RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa::RsaPrivateKey::from_pkcs8_pem(include_str!("../keys/rsa.pem")).unwrap())
}

/// The public key as a member of a key set.
#[must_use]
pub fn jwk() -> Value {
    let number = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    let (n, e) = (number(key().n().to_bytes_be()), number(key().e().to_bytes_be()));
    json!({ "kty": "RSA", "use": "sig", "kid": KID, "n": n, "e": e })
}

/// A token of these parts, signed as `alg` says; an unknown `alg` signs nothing.
#[must_use]
pub fn sign(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let algorithm = serde_json::from_str::<Value>(header)
        .ok()
        .and_then(|header| Some(header["alg"].as_str()?.to_owned()));
    let text = signed.as_bytes();
    let signature = match algorithm.as_deref() {
        Some("RS256") => SigningKey::<Sha256>::new(key().clone()).sign(text).to_vec(),
        Some("RS384") => SigningKey::<Sha384>::new(key().clone()).sign(text).to_vec(),
        Some("RS512") => SigningKey::<Sha512>::new(key().clone()).sign(text).to_vec(),
        _ => Vec::new(),
    };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token that is good but for these members of its header and claims; null takes one away.
#[must_use]
pub fn token(header: &Value, claims: &Value) -> String {
    let mut whole = json!({ "alg": "RS256", "kid": KID });
    merge(&mut whole, header);
    let mut claimed = json!({ "iss": ISSUER, "aud": "shop", "exp": FAR, "sub": "ann" });
    merge(&mut claimed, claims);
    sign(&whole.to_string(), &claimed.to_string())
}

fn merge(into: &mut Value, members: &Value) {
    for (name, value) in members.as_object().into_iter().flatten() {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(name);
        } else {
            into[name] = value.clone();
        }
    }
}

/// Puts tokens in the place of `<jwt {"header": {…}, "claims": {…}}>`, and the public key in the place of `<jwk>`.
#[must_use]
pub fn expand(text: &str) -> String {
    if !text.contains("<jw") {
        return text.to_owned();
    }
    let text = &text.replace("<jwk>", &jwk().to_string());
    let Ok(tokens) = Regex::new(r"<jwt (\{.*\})>") else { return text.to_owned() };
    tokens
        .replace_all(text, |found: &regex_lite::Captures<'_>| {
            let parts: Value = serde_json::from_str(&found[1]).expect("the parts of a token are JSON");
            token(&parts["header"], &parts["claims"])
        })
        .into_owned()
}
