//! Signatures verified by Envoy's `verify_signature` foreign function.
//!
//! Its messages are `envoy.source.extensions.common.wasm.VerifySignatureArguments` and `…Result`: four fields and two, so
//! they are written and read here without a protobuf library.

use super::host;
use crate::gateway::authorizers::der::ecdsa_signature;
use crate::gateway::authorizers::signature::{Algorithm, CannotVerify, KeyKind, Signatures, Signed};

/// Asks Envoy.
#[derive(Debug)]
pub(super) struct HostSignatures;

/// Field numbers of the question.
const HASH_FUNCTION: u8 = 1;
const PUBLIC_KEY: u8 = 2;
const SIGNATURE: u8 = 3;
const TEXT: u8 = 4;

/// `result: true` as protobuf writes it; false is not written at all.
const VALID: [u8; 2] = [0x08, 0x01];

impl HostSignatures {
    /// Whether this host verifies an algorithm.
    pub(super) fn verifies(_: Algorithm) -> bool {
        true
    }
}

impl Signatures for HostSignatures {
    fn verify(&self, signed: &Signed<'_>) -> Result<bool, CannotVerify> {
        let ecdsa = match signed.algorithm.key_kind() {
            KeyKind::Rsa => None,
            KeyKind::Ec { bytes } if signed.signature.len() == 2 * bytes => {
                match ecdsa_signature(signed.signature) {
                    Some(signature) => Some(signature),
                    None => return Ok(false),
                }
            }
            KeyKind::Ec { .. } => return Ok(false),
        };
        let signature = ecdsa.as_deref().unwrap_or(signed.signature);
        let mut question = Vec::with_capacity(64 + signed.key.len() + signature.len() + signed.text.len());
        field(HASH_FUNCTION, signed.algorithm.hash().as_bytes(), &mut question);
        field(PUBLIC_KEY, signed.key, &mut question);
        field(SIGNATURE, signature, &mut question);
        field(TEXT, signed.text, &mut question);
        let answer = host::verify_signature(&question).ok_or(CannotVerify)?;
        Ok(answer == VALID)
    }
}

/// A length-delimited field (wire type 2).
fn field(number: u8, bytes: &[u8], message: &mut Vec<u8>) {
    message.push(number << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(bytes);
}
