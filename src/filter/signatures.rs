//! Signatures verified by Envoy's `verify_signature` foreign function, and by libraries where it cannot.
//!
//! Its messages are `envoy.source.extensions.common.wasm.VerifySignatureArguments` and `…Result`: four fields and two, so
//! they are written and read here without a protobuf library. A host without the function, or without a kind of key, is
//! found out when the plugin is configured, and not by a request.

use super::host;
use crate::gateway::authorizers::der::ecdsa_signature;
use crate::gateway::authorizers::signature::{Algorithm, CannotVerify, Key, Signatures, Signed};
use crate::gateway::authorizers::software::Software;
use crate::gateway::protobuf::field;
use crate::gateway::surroundings::Verification;

/// Who verifies what in this VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verifiers {
    /// Whether the host verifies RS256 and its like.
    rsa: bool,
    /// Whether the host verifies ES256 and its like.
    ec: bool,
}

/// What the host is tried with: a key, and its signature over [`TRIED`].
const RS256: (&[u8], &[u8]) =
    (include_bytes!("signatures/rs256.key.der"), include_bytes!("signatures/rs256.signature"));
const ES256: (&[u8], &[u8]) =
    (include_bytes!("signatures/es256.key.der"), include_bytes!("signatures/es256.signature"));
const TRIED: &[u8] = b"sekisho";

/// Gauges: algorithms verified by the host, and by libraries because the host cannot. `wasmcustom.` in Envoy's statistics,
/// nothing before the name in Prometheus; names are for ever.
const BY_HOST: &str = "sekisho_verifier_host_algorithms";
const BY_SOFTWARE: &str = "sekisho_verifier_software_algorithms";

/// Field numbers of the question.
const HASH_FUNCTION: u8 = 1;
const PUBLIC_KEY: u8 = 2;
const SIGNATURE: u8 = 3;
const TEXT: u8 = 4;

/// `result: true` as protobuf writes it; false is not written at all.
const VALID: [u8; 2] = [0x08, 0x01];

/// How the host does an algorithm.
struct Hosted {
    hash: &'static str,
    /// Bytes of a coordinate, of a curve.
    coordinate: Option<usize>,
}

// === impl Verifiers ===

impl Verifiers {
    /// Asks the host. It must find a good signature good and another one bad: who says yes to everything is no verifier.
    pub(super) fn find_out() -> Self {
        let knows = |algorithm, (key, signature): (&[u8], &[u8])| {
            let says = |text| ask(&Signed { algorithm, key: Key::Public(key), text, signature });
            says(TRIED) == Ok(true) && says(b"Sekisho") == Ok(false)
        };
        Self { rsa: knows(Algorithm::Rs256, RS256), ec: knows(Algorithm::Es256, ES256) }
    }

    /// Tells Envoy's statistics.
    pub(super) fn record(self) {
        let count = |who: &dyn Fn(Algorithm) -> bool| {
            Algorithm::ALL.into_iter().filter(|algorithm| who(*algorithm)).count() as u64
        };
        let software = |algorithm| !self.by_host(algorithm) && Software::verifies(algorithm);
        for (name, value) in
            [(BY_HOST, count(&|algorithm| self.by_host(algorithm))), (BY_SOFTWARE, count(&software))]
        {
            if let Err(error) = host::gauge(name).and_then(|gauge| gauge.set(value)) {
                log::warn!("sekisho: the statistic `{name}` cannot be written: {error}");
            }
        }
    }

    /// Whether an algorithm can be verified here.
    pub(super) fn verifies(self, algorithm: Algorithm) -> Verification {
        if self.by_host(algorithm) || Software::verifies(algorithm) {
            Verification::Possible
        } else {
            Verification::Impossible
        }
    }

    fn by_host(self, algorithm: Algorithm) -> bool {
        hosted(algorithm).is_some_and(|hosted| if hosted.coordinate.is_some() { self.ec } else { self.rsa })
    }
}

impl Signatures for Verifiers {
    fn verify(&self, signed: &Signed<'_>) -> Result<bool, CannotVerify> {
        if self.by_host(signed.algorithm) { ask(signed) } else { Software.verify(signed) }
    }
}

fn hosted(algorithm: Algorithm) -> Option<Hosted> {
    let (hash, coordinate) = match algorithm {
        Algorithm::Rs256 => ("sha256", None),
        Algorithm::Rs384 => ("sha384", None),
        Algorithm::Rs512 => ("sha512", None),
        Algorithm::Es256 => ("sha256", Some(32)),
        Algorithm::Es384 => ("sha384", Some(48)),
        Algorithm::Es512 => ("sha512", Some(66)),
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 | Algorithm::EdDsa | Algorithm::Hs256 => {
            return None;
        }
    };
    Some(Hosted { hash, coordinate })
}

fn ask(signed: &Signed<'_>) -> Result<bool, CannotVerify> {
    let hosted = hosted(signed.algorithm).ok_or(CannotVerify)?;
    let Key::Public(key) = signed.key else { return Ok(false) };
    let ecdsa = match hosted.coordinate {
        None => None,
        Some(bytes) if signed.signature.len() == 2 * bytes => match ecdsa_signature(signed.signature) {
            Some(signature) => Some(signature),
            None => return Ok(false),
        },
        Some(_) => return Ok(false),
    };
    let signature = ecdsa.as_deref().unwrap_or(signed.signature);
    let mut question = Vec::with_capacity(64 + key.len() + signature.len() + signed.text.len());
    field(&mut question, HASH_FUNCTION, hosted.hash.as_bytes());
    field(&mut question, PUBLIC_KEY, key);
    field(&mut question, SIGNATURE, signature);
    field(&mut question, TEXT, signed.text);
    let answer = host::verify_signature(&question).ok_or(CannotVerify)?;
    Ok(answer == VALID)
}
