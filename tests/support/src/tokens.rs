//! Tokens of an issuer whose keys everybody may have: made for tests, in whatever way a test wants them broken.

mod keys;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use keys::{SECRET, SECRET_ENV, jwk, jwks};
use regex_lite::Regex;
use serde_json::{Value, json};

/// The RSA key's id.
pub const KID: &str = "k1";
/// The issuer of a token that does not say otherwise.
pub const ISSUER: &str = "https://idp.test";
/// The year 2100: both engines' clocks are before it.
pub const FAR: u64 = 4_102_444_800;

/// A token of these parts, signed as `alg` says; an unknown `alg` signs nothing.
#[must_use]
pub fn sign(header: &str, claims: &str) -> String {
    let algorithm = serde_json::from_str::<Value>(header)
        .ok()
        .and_then(|header| Some(header["alg"].as_str()?.to_owned()));
    signed(header, claims, algorithm.as_deref().unwrap_or_default(), None)
}

/// A token of these parts, signed by another algorithm than its header says, or with a signature that is bent.
fn signed(header: &str, claims: &str, algorithm: &str, bend: Option<&str>) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = keys::sign(algorithm, text.as_bytes());
    let signature = bend.map_or(signature.clone(), |how| keys::bend(how, &signature));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token that is good but for these members of its header and claims; null takes one away.
#[must_use]
pub fn token(header: &Value, claims: &Value) -> String {
    made(&json!({ "header": header, "claims": claims }))
}

/// A token made as `parts` say: `header` and `claims` are merged into good ones, `rawHeader` and `rawClaims` replace them,
/// `sign` is the algorithm that really signs, `signature` a way to bend the signature, `spelling` one to write the token.
fn made(parts: &Value) -> String {
    let text = |name: &str| parts[name].as_str().map(crate::placeholders::repeat);
    let algorithm = parts["header"]["alg"].as_str().unwrap_or("RS256");
    let mut header = json!({ "alg": algorithm, "kid": keys::kid(algorithm) });
    merge(&mut header, &parts["header"]);
    let mut claims = json!({ "iss": ISSUER, "aud": "shop", "exp": FAR, "sub": "ann" });
    merge(&mut claims, &parts["claims"]);
    let header = text("rawHeader").unwrap_or_else(|| header.to_string());
    let claims = text("rawClaims").unwrap_or_else(|| claims.to_string());
    let signer = parts["sign"].as_str().unwrap_or(algorithm);
    let token = signed(&header, &claims, signer, parts["signature"].as_str());
    parts["spelling"].as_str().map_or(token.clone(), |how| spell(how, &token))
}

/// Writes a token in another way.
fn spell(how: &str, token: &str) -> String {
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts: {token}")
    };
    let plain = |part: &str| part.replace('-', "+").replace('_', "/");
    match how {
        "two" => format!("{header}.{payload}"),
        "four" => format!("{token}.{signature}"),
        "five" => format!("{token}.{payload}.{signature}"),
        "no header" => format!(".{payload}.{signature}"),
        "no payload" => format!("{header}..{signature}"),
        "no signature" => format!("{header}.{payload}."),
        "dot before" => format!(".{token}"),
        "dot behind" => format!("{token}."),
        "padding" => format!("{token}=="),
        "header padding" => format!("{header}=.{payload}.{signature}"),
        "payload padding" => format!("{header}.{payload}=.{signature}"),
        "alphabet" => format!("{header}.{}.{signature}", plain(payload)),
        "bits" => {
            // The last character of 256 bytes holds two bits of the signature, and four that stand for nothing.
            let (rest, last) = signature.split_at(signature.len() - 1);
            let last = if last == "A" { "B" } else { &char::from(last.as_bytes()[0] + 1).to_string() };
            format!("{header}.{payload}.{rest}{last}")
        }
        "other claims" => {
            let other = self::token(&json!({}), &json!({}));
            let (signed, stolen) = other.rsplit_once('.').unwrap();
            assert_ne!(signed, format!("{header}.{payload}"), "the claims are others");
            format!("{header}.{payload}.{stolen}")
        }
        _ => panic!("a token cannot be spelt by `{how}`"),
    }
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
    let Ok(tokens) = Regex::new(r"<jwt (\{.*?\})>") else { return text.to_owned() };
    tokens
        .replace_all(text, |found: &regex_lite::Captures<'_>| {
            made(&serde_json::from_str(&found[1]).expect("the parts of a token are JSON"))
        })
        .into_owned()
}
