//! The certificate by which a client proved itself (mutual TLS): `$context.identity.clientCert`, and its like in events.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html>
//!
//! Envoy verifies it, and hands it over in `x-forwarded-client-cert`. A header alone proves nothing, because another listener
//! may let a client's own pass: what counts is that Envoy says of the connection which digest its certificate has.

mod forwarded;
mod x509;

use super::Env;
use super::head::Head;
use super::rejection::Rejection;
use sha2::{Digest, Sha256};

/// The header that carries it. It goes to no backend.
pub const HEADER: &[u8] = b"x-forwarded-client-cert";

/// A client's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCert {
    /// The certificate as PEM, each line ended.
    pub pem: String,
    /// Whose it is: `C=US,O=Example,CN=client`, in the certificate's order.
    pub subject_dn: String,
    /// Who issued it.
    pub issuer_dn: String,
    /// Its number.
    pub serial_number: String,
    /// From when it is valid: `May 28 12:30:02 2019 GMT`.
    pub not_before: String,
    /// Until when it is valid.
    pub not_after: String,
}

/// A member of `$context.identity.clientCert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// `clientCertPem`
    Pem,
    /// `subjectDN`
    SubjectDn,
    /// `issuerDN`
    IssuerDn,
    /// `serialNumber`
    SerialNumber,
    /// `validity.notBefore`
    NotBefore,
    /// `validity.notAfter`
    NotAfter,
}

/// The members by the names of their variables, without `$context.`.
pub const MEMBERS: [(&str, Member); 6] = [
    ("identity.clientCert.clientCertPem", Member::Pem),
    ("identity.clientCert.subjectDN", Member::SubjectDn),
    ("identity.clientCert.issuerDN", Member::IssuerDn),
    ("identity.clientCert.serialNumber", Member::SerialNumber),
    ("identity.clientCert.validity.notBefore", Member::NotBefore),
    ("identity.clientCert.validity.notAfter", Member::NotAfter),
];

// === impl ClientCert ===

impl ClientCert {
    /// The certificate of the client that sent a request; none if it presented none, or nothing of the document asks.
    ///
    /// # Errors
    /// If it presented one that is not told, or cannot be read. Taken for none, it would pass where only known ones are kept
    /// out.
    pub fn of(head: &Head, env: &Env<'_>) -> Result<Option<Self>, Rejection> {
        if env.client_cert_digest.is_empty() {
            return Ok(None);
        }
        let told = head.only(HEADER).and_then(|told| Self::parse(told, env.client_cert_digest));
        told.map(Some).ok_or(Rejection::ClientCert)
    }

    /// Reads the header of a connection whose certificate has this SHA-256 digest, in hexadecimal.
    #[must_use]
    pub fn parse(header: &[u8], digest: &[u8]) -> Option<Self> {
        let pem = forwarded::pem(header)?;
        let der = forwarded::der(&pem)?;
        if !is_hex_of(digest, &Sha256::digest(&der)) {
            return None;
        }
        let parts = x509::parse(&der)?;
        Some(Self {
            pem,
            subject_dn: parts.subject,
            issuer_dn: parts.issuer,
            serial_number: parts.serial,
            not_before: parts.not_before,
            not_after: parts.not_after,
        })
    }

    /// A member.
    #[must_use]
    pub fn member(&self, member: Member) -> &str {
        match member {
            Member::Pem => &self.pem,
            Member::SubjectDn => &self.subject_dn,
            Member::IssuerDn => &self.issuer_dn,
            Member::SerialNumber => &self.serial_number,
            Member::NotBefore => &self.not_before,
            Member::NotAfter => &self.not_after,
        }
    }
}

/// Whether a text is the hexadecimal form of these bytes, in either case.
fn is_hex_of(text: &[u8], bytes: &[u8]) -> bool {
    let (pairs, rest) = text.as_chunks();
    let byte = |[high, low]: &[u8; 2]| {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        Some(digit(*high)? * 16 + digit(*low)?)
    };
    rest.is_empty() && pairs.iter().map(byte).eq(bytes.iter().map(|byte| Some(u32::from(*byte))))
}

#[cfg(test)]
mod tests;
