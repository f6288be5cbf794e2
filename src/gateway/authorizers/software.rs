//! Signatures verified by a library: for tests, and for `sekisho explain`.

use super::signature::{Algorithm, CannotVerify, Signatures, Signed};
use jwt_simple::prelude::{
    Duration, ECDSAP256PublicKeyLike, ECDSAP384PublicKeyLike, ES256PublicKey, ES384PublicKey, NoCustomClaims,
    RS256PublicKey, RS384PublicKey, RS512PublicKey, RSAPublicKeyLike, VerificationOptions,
};

/// Verifies by jwt-simple. ES512 is not among its algorithms.
#[derive(Debug, Clone, Copy, Default)]
pub struct Software;

impl Signatures for Software {
    fn verify(&self, signed: &Signed<'_>) -> Result<bool, CannotVerify> {
        let (key, token) = (signed.key, signed.token);
        // The signature alone is asked for: times are the gateway's to judge.
        let options = || {
            Some(VerificationOptions {
                accept_future: true,
                artificial_time: Some(Duration::from_days(1)),
                time_tolerance: Some(Duration::from_days(1)),
                ..VerificationOptions::default()
            })
        };
        macro_rules! verify {
            ($key:ident) => {
                $key::from_der(key)
                    .is_ok_and(|key| key.verify_token::<NoCustomClaims>(token, options()).is_ok())
            };
        }
        match signed.algorithm {
            Algorithm::Rs256 => Ok(verify!(RS256PublicKey)),
            Algorithm::Rs384 => Ok(verify!(RS384PublicKey)),
            Algorithm::Rs512 => Ok(verify!(RS512PublicKey)),
            Algorithm::Es256 => Ok(verify!(ES256PublicKey)),
            Algorithm::Es384 => Ok(verify!(ES384PublicKey)),
            Algorithm::Es512 => Err(CannotVerify),
        }
    }
}
