//! A JSON web token taken apart (RFC 7515, 7519). Nothing in it is believed before its signature is verified.

use super::refusal::Refusal;
use crate::gateway::authorizers::signature::{Algorithm, KeyKind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::Value;

/// A token longer than this is refused unread: AWS's head limit is 10,240 bytes.
const LONGEST: usize = 16_384;

/// Header members by which a token would bring its own key, or change what is signed.
pub(super) const REFUSED_MEMBERS: [&str; 6] = ["jwk", "jku", "x5u", "x5c", "crit", "b64"];

/// A token whose payload has not been read.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// Header and payload, as they are signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// With which key; empty where a shared secret needs no name.
    pub kid: String,
    /// What it holds, encoded.
    payload: &'a str,
}

/// A token taken apart.
#[derive(Debug)]
pub struct Token<'a> {
    /// Header and payload, as they are signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// With which key; empty where a shared secret needs no name.
    pub kid: String,
    /// What it claims.
    pub claims: Claims,
}

/// The members of a JSON object: `strict.rs` says what may not stand there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims(pub Vec<(String, Value)>);

// === impl Envelope ===

impl<'a> Envelope<'a> {
    /// Takes a token apart as far as its signature needs.
    ///
    /// # Errors
    /// If it is not signed by an algorithm that may be used.
    pub fn parse(text: &'a str, allowed: &[Algorithm]) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        let header: Claims = json(header)?;
        if REFUSED_MEMBERS.iter().any(|name| header.get(name).is_some()) {
            return Err(Refusal::Malformed);
        }
        let name = header.text("alg").ok_or(Refusal::Malformed)?;
        let algorithm = Algorithm::parse(name).filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or_else(|| Refusal::signing_method(name))?;
        let kid = match (header.get("kid"), algorithm.key_kind()) {
            (Some(kid), _) => kid.as_str().ok_or(Refusal::UnknownKey)?.to_owned(),
            (None, KeyKind::Secret) => String::new(),
            (None, KeyKind::Rsa | KeyKind::Ec { .. } | KeyKind::Ed25519) => return Err(Refusal::UnknownKey),
        };
        let signature = decode(signature)?;
        Ok(Self { signed, signature, algorithm, kid, payload })
    }

    /// What is signed. A full stop is no base64url character: a token of four parts has none.
    ///
    /// # Errors
    /// If it is not encoded as it must be.
    pub fn payload(&self) -> Result<Vec<u8>, Refusal> {
        decode(self.payload)
    }
}

// === impl Token ===

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// If it is not a signed token of an algorithm that may be used.
    pub fn parse(text: &'a str, allowed: &[Algorithm]) -> Result<Self, Refusal> {
        let Envelope { signed, signature, algorithm, kid, payload } = Envelope::parse(text, allowed)?;
        Ok(Self { signed, signature, algorithm, kid, claims: json(payload)? })
    }
}

/// The JSON object that one segment of a token is.
pub(super) fn json(segment: &str) -> Result<Claims, Refusal> {
    serde_json::from_slice(&decode(segment)?).map_err(|_| Refusal::Malformed)
}

/// One spelling for each value: no padding, no blanks, no bits that stand for nothing. A full stop is no base64url character:
/// a token of four parts ends here.
fn decode(segment: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Refusal::Malformed)
}

// === impl Claims ===

impl Claims {
    /// The claim of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The claim of this name, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Seconds since the epoch (NumericDate: RFC 7519, 2).
    ///
    /// # Errors
    /// If the claim is there and is not a number.
    pub fn seconds(&self, name: &str) -> Result<Option<f64>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(Refusal::Malformed),
        }
    }

    /// The texts of a claim that is a text or a list of texts.
    ///
    /// # Errors
    /// If the claim is there and is neither.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(vec![text])),
            Some(Value::Array(items)) => {
                let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
                texts.map(Some).ok_or(Refusal::Malformed)
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                Err(Refusal::Malformed)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(strict::Members).map(Self)
    }
}

mod strict;
#[cfg(test)]
mod tests;
