//! The keys of the issuer, and signatures by them.

use super::KID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use p521::pkcs8::DecodePrivateKey;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pss::SigningKey as PssKey;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The environment variable of the HS256 secret, which Envoy is started with.
pub const SECRET_ENV: &str = "SEKISHO_TEST_SECRET";
/// The HS256 secret: what a document that is compiled outside the filter finds in every variable.
pub const SECRET: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

static RSA: LazyLock<RsaPrivateKey> =
    LazyLock::new(|| RsaPrivateKey::from_pkcs8_pem(include_str!("../../keys/rsa.pem")).unwrap());
static EC256: LazyLock<p256::ecdsa::SigningKey> =
    LazyLock::new(|| p256::ecdsa::SigningKey::from_pkcs8_pem(include_str!("../../keys/ec256.pem")).unwrap());
static EC384: LazyLock<p384::ecdsa::SigningKey> =
    LazyLock::new(|| p384::ecdsa::SigningKey::from_pkcs8_pem(include_str!("../../keys/ec384.pem")).unwrap());
static EC521: LazyLock<p521::SecretKey> =
    LazyLock::new(|| p521::SecretKey::from_pkcs8_pem(include_str!("../../keys/ec521.pem")).unwrap());
static ED25519: LazyLock<ed25519_compact::KeyPair> =
    LazyLock::new(|| ed25519_compact::KeyPair::from_pem(include_str!("../../keys/ed25519.pem")).unwrap());

/// The key id of the key that an algorithm takes.
pub(super) fn kid(algorithm: &str) -> &'static str {
    match algorithm {
        "ES256" => "ec256",
        "ES384" => "ec384",
        "ES512" => "ec521",
        "EdDSA" => "ed25519",
        _ => KID,
    }
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The public RSA key as a member of a key set.
#[must_use]
pub fn jwk() -> Value {
    let (n, e) = (base64(&RSA.n().to_bytes_be()), base64(&RSA.e().to_bytes_be()));
    json!({ "kty": "RSA", "use": "sig", "kid": KID, "n": n, "e": e })
}

/// All public keys as a key set.
#[must_use]
pub fn jwks() -> Value {
    let ec = |kid: &str, curve: &str, point: &[u8]| {
        let (x, y) = point[1..].split_at(point.len() / 2);
        json!({ "kty": "EC", "use": "sig", "kid": kid, "crv": curve, "x": base64(x), "y": base64(y) })
    };
    let p256 = EC256.verifying_key().to_encoded_point(false);
    let p384 = EC384.verifying_key().to_encoded_point(false);
    let p521 = p521::EncodedPoint::from(EC521.public_key());
    json!({ "keys": [
        jwk(),
        ec("ec256", "P-256", p256.as_bytes()),
        ec("ec384", "P-384", p384.as_bytes()),
        ec("ec521", "P-521", p521.as_bytes()),
        { "kty": "OKP", "use": "sig", "kid": "ed25519", "crv": "Ed25519", "x": base64(ED25519.pk.as_ref()) },
    ] })
}

/// A signature by the key that an algorithm takes; an unknown one signs nothing. `HS256:…` signs by what an attacker may
/// know instead of the secret.
pub(super) fn sign(algorithm: &str, text: &[u8]) -> Vec<u8> {
    let rng = &mut rsa::rand_core::OsRng;
    match algorithm {
        "RS256" => SigningKey::<Sha256>::new(RSA.clone()).sign(text).to_vec(),
        "RS384" => SigningKey::<Sha384>::new(RSA.clone()).sign(text).to_vec(),
        "RS512" => SigningKey::<Sha512>::new(RSA.clone()).sign(text).to_vec(),
        "PS256" => pss::<Sha256>(text, rng),
        "PS384" => pss::<Sha384>(text, rng),
        "PS512" => pss::<Sha512>(text, rng),
        "ES256" => Signer::<p256::ecdsa::Signature>::sign(&*EC256, text).to_vec(),
        "ES384" => Signer::<p384::ecdsa::Signature>::sign(&*EC384, text).to_vec(),
        "ES512" => {
            let key = p521::ecdsa::SigningKey::from_slice(&EC521.to_bytes()).unwrap();
            Signer::<p521::ecdsa::Signature>::sign(&key, text).to_vec()
        }
        "EdDSA" => ED25519.sk.sign(text, None).to_vec(),
        "HS256" => hmac(SECRET.as_bytes(), text),
        "HS256:modulus" => hmac(&RSA.n().to_bytes_be(), text),
        "HS256:n" => hmac(base64(&RSA.n().to_bytes_be()).as_bytes(), text),
        "HS256:jwk" => hmac(jwk().to_string().as_bytes(), text),
        "HS256:empty" => hmac(b"", text),
        "HS256:variable" => hmac(super::SECRET_ENV.as_bytes(), text),
        _ => Vec::new(),
    }
}

fn pss<D>(text: &[u8], rng: &mut rsa::rand_core::OsRng) -> Vec<u8>
where
    D: rsa::sha2::Digest + rsa::sha2::digest::FixedOutputReset,
{
    use rsa::signature::RandomizedSigner;
    PssKey::<D>::new(RSA.clone()).sign_with_rng(rng, text).to_vec()
}

fn hmac(secret: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The order of P-256: a signature's `r` and `s` are below it.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Bends a signature; of ES256 for those that speak of `r` and `s`.
pub(super) fn bend(how: &str, signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let changed = |at: usize| {
        let mut changed = signature.to_vec();
        changed[at] ^= 1;
        changed
    };
    match how {
        "zeros" => vec![0; signature.len()],
        "ones" => vec![0xff; signature.len()],
        "one" => [&vec![0; signature.len() - 1][..], &[1]].concat(),
        "first" => changed(0),
        "last" => changed(signature.len() - 1),
        "short" => signature[..signature.len() - 1].to_vec(),
        "long" => [signature, &[0]].concat(),
        "double" => [signature, signature].concat(),
        "zero-first" => [&[0], signature].concat(),
        "r=0" => [&[0; 32][..], s].concat(),
        "s=0" => [r, &[0; 32][..]].concat(),
        "r=n" => [&ORDER[..], s].concat(),
        "s=n" => [r, &ORDER[..]].concat(),
        "r=1,s=1" => [&[0; 31][..], &[1], &[0; 31], &[1]].concat(),
        "swapped" => [s, r].concat(),
        "der" => p256::ecdsa::Signature::from_slice(signature).unwrap().to_der().as_bytes().to_vec(),
        _ => panic!("a signature cannot be bent by `{how}`"),
    }
}
