//! Public keys: jwt-simple reads them and knows hashes and paddings; what it rests on checks the signatures.
//!
//! Its `verify_token` is not asked, because it judges header and claims too, by other rules than AWS's: there, a time with a
//! fraction is no time. It has no ES512.

use crate::gateway::authorizers::signature::Algorithm;
use jwt_simple::prelude::{
    ECDSAP256PublicKeyLike, ECDSAP384PublicKeyLike, ES256PublicKey, ES384PublicKey, Ed25519PublicKey,
    EdDSAPublicKeyLike, PS256PublicKey, PS384PublicKey, PS512PublicKey, RS256PublicKey, RS384PublicKey,
    RS512PublicKey, RSAPublicKeyLike,
};
use p256::ecdsa::signature::Verifier;
use p521::pkcs8::DecodePublicKey;
use superboring::pkey::PKey;

/// Whether the signature is the key's; none if the key or the signature is broken.
pub(super) fn verify(algorithm: Algorithm, der: &[u8], text: &[u8], signature: &[u8]) -> Option<bool> {
    match algorithm {
        Algorithm::Rs256 => rsa(&RS256PublicKey::from_der(der).ok()?, text, signature),
        Algorithm::Rs384 => rsa(&RS384PublicKey::from_der(der).ok()?, text, signature),
        Algorithm::Rs512 => rsa(&RS512PublicKey::from_der(der).ok()?, text, signature),
        Algorithm::Ps256 => rsa(&PS256PublicKey::from_der(der).ok()?, text, signature),
        Algorithm::Ps384 => rsa(&PS384PublicKey::from_der(der).ok()?, text, signature),
        Algorithm::Ps512 => rsa(&PS512PublicKey::from_der(der).ok()?, text, signature),
        Algorithm::Es256 => {
            let key = ES256PublicKey::from_der(der).ok()?;
            let signature = p256::ecdsa::Signature::from_slice(signature).ok()?;
            Some(key.public_key().as_ref().verify(text, &signature).is_ok())
        }
        Algorithm::Es384 => {
            let key = ES384PublicKey::from_der(der).ok()?;
            let signature = p384::ecdsa::Signature::from_slice(signature).ok()?;
            Some(key.public_key().as_ref().verify(text, &signature).is_ok())
        }
        Algorithm::Es512 => {
            let key = p521::PublicKey::from_public_key_der(der).ok()?;
            let key = p521::ecdsa::VerifyingKey::from_affine(*key.as_affine()).ok()?;
            let signature = p521::ecdsa::Signature::from_slice(signature).ok()?;
            Some(key.verify(text, &signature).is_ok())
        }
        Algorithm::EdDsa => {
            let key = Ed25519PublicKey::from_der(der).ok()?;
            let signature = ed25519_compact::Signature::from_slice(signature).ok()?;
            Some(key.public_key().as_ref().verify(text, &signature).is_ok())
        }
        // What everybody may know is no secret.
        Algorithm::Hs256 => Some(false),
    }
}

fn rsa<K: RSAPublicKeyLike>(key: &K, text: &[u8], signature: &[u8]) -> Option<bool> {
    let rsa = PKey::from_rsa(key.public_key().as_ref().clone()).ok()?;
    let mut verifier = superboring::sign::Verifier::new(K::hash(), &rsa).ok()?;
    verifier.set_rsa_padding(key.padding_scheme()).ok()?;
    verifier.update(text).ok()?;
    verifier.verify(signature).ok()
}
