//! Why a signature is refused, in the words that AWS's services use.
//!
//! The words come from AWS's documentation and from answers that people have published; which of them API Gateway uses,
//! and when, is not verified but for the mismatch, the unknown key and the header that is no signature. What AWS adds to
//! the mismatch, the canonical string of the request, is never told.

use super::moment::Moment;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Seconds by which a client's clock may differ.
pub const SKEW: i64 = 300;

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `authorization` holds something else: a bearer token, say.
    NotKeyValue,
    /// Parameters of `authorization` are missing, odd, or there twice.
    Header(Missing),
    /// The same in the query string.
    Query(Missing),
    /// A signature in the header and one in the query string.
    Both,
    /// Another algorithm.
    Algorithm,
    /// The credential is not five parts.
    Credential,
    /// The date is not one.
    Date,
    /// A presigned request that is to live longer than a week, or not at all.
    Expires,
    /// Signed for another region.
    Region,
    /// Signed for another service.
    Service,
    /// Not `aws4_request`.
    Terminator,
    /// The credential's day is not the date's.
    Day,
    /// Too old, or presigned and run out.
    Expired(Window),
    /// From the future.
    NotYetCurrent(Window),
    /// Nobody has this access key.
    UnknownKey,
    /// The session token is not the caller's, or none was expected.
    Token,
    /// `host` is not signed.
    HostNotSigned,
    /// A header that must be signed is not.
    HeaderNotSigned,
    /// The signature is not the caller's, or does not cover this request.
    Mismatch,
}

/// Names of parameters, in AWS's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Missing(pub [Option<&'static str>; 6]);

/// A signature's moment and the clock's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it was signed.
    pub signed: Moment,
    /// The gateway's time.
    pub now: Moment,
    /// Seconds between them that would be right.
    pub allowed: i64,
}

/// AWS's exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exception {
    /// `IncompleteSignatureException`.
    Incomplete,
    /// `InvalidSignatureException`: the gateway response type `INVALID_SIGNATURE`.
    Invalid,
    /// `UnrecognizedClientException`.
    Unrecognized,
}

// === impl Refusal ===

impl Refusal {
    /// How AWS classes it.
    #[must_use]
    pub fn exception(self) -> Exception {
        match self {
            Self::NotKeyValue
            | Self::Header(_)
            | Self::Query(_)
            | Self::Algorithm
            | Self::Credential
            | Self::Date => Exception::Incomplete,
            Self::UnknownKey | Self::Token => Exception::Unrecognized,
            Self::Both
            | Self::Expires
            | Self::Region
            | Self::Service
            | Self::Terminator
            | Self::Day
            | Self::Expired(_)
            | Self::NotYetCurrent(_)
            | Self::HostNotSigned
            | Self::HeaderNotSigned
            | Self::Mismatch => Exception::Invalid,
        }
    }

    /// Why, for Envoy's access log.
    #[must_use]
    pub fn details(self) -> &'static str {
        match self {
            Self::NotKeyValue => "sekisho_signature_none",
            Self::Header(_) | Self::Query(_) => "sekisho_signature_incomplete",
            Self::Both => "sekisho_signature_twice",
            Self::Algorithm => "sekisho_signature_algorithm",
            Self::Credential => "sekisho_signature_credential",
            Self::Date => "sekisho_signature_date",
            Self::Expires => "sekisho_signature_expires",
            Self::Region => "sekisho_signature_region",
            Self::Service => "sekisho_signature_service",
            Self::Terminator => "sekisho_signature_terminator",
            Self::Day => "sekisho_signature_day",
            Self::Expired(_) => "sekisho_signature_expired",
            Self::NotYetCurrent(_) => "sekisho_signature_not_yet_current",
            Self::UnknownKey => "sekisho_signature_unknown_key",
            Self::Token => "sekisho_signature_token",
            Self::HostNotSigned => "sekisho_signature_without_host",
            Self::HeaderNotSigned => "sekisho_signature_without_header",
            Self::Mismatch => "sekisho_signature_mismatch",
        }
    }

    /// AWS's words. `authorization` is the header's value: AWS tells its digest, so that no secret in it is shown.
    #[must_use]
    pub fn message(self, authorization: &[u8]) -> String {
        let digest = || STANDARD.encode(Sha256::digest(authorization));
        match self {
            Self::NotKeyValue => format!(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{}'.",
                digest()
            ),
            Self::Header(missing) => {
                let mut text = missing.sentence("Authorization header requires ", " parameter. ");
                text.push_str("(Hashed with SHA-256 and encoded with Base64) Authorization=");
                text + &digest()
            }
            Self::Query(missing) => {
                missing.sentence("AWS query-string parameters must include ", ". ")
                    + "Re-examine the query-string parameters."
            }
            Self::Both => "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified".to_owned(),
            Self::Algorithm => "Unsupported AWS 'algorithm': only 'AWS4-HMAC-SHA256' is supported.".to_owned(),
            Self::Credential => "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.".to_owned(),
            Self::Date => "Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601.".to_owned(),
            Self::Expires => "X-Amz-Expires must be a number between 1 and 604800 seconds".to_owned(),
            Self::Region => "Credential should be scoped to a valid region. ".to_owned(),
            Self::Service => "Credential should be scoped to correct service: 'execute-api'. ".to_owned(),
            Self::Terminator => "Credential should be scoped with a valid terminator: 'aws4_request'. ".to_owned(),
            Self::Day => "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP".to_owned(),
            Self::Expired(Window { signed, now, allowed }) => format!(
                "Signature expired: {signed} is now earlier than {} ({now} - {}.)",
                now.plus(-allowed),
                span(allowed)
            ),
            Self::NotYetCurrent(Window { signed, now, allowed }) => format!(
                "Signature not yet current: {signed} is still later than {} ({now} + {}.)",
                now.plus(allowed),
                span(allowed)
            ),
            Self::UnknownKey | Self::Token => "The security token included in the request is invalid.".to_owned(),
            Self::HostNotSigned => "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            Self::HeaderNotSigned => "There were headers present in the request which were not signed".to_owned(),
            Self::Mismatch => "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.".to_owned(),
        }
    }
}

// === impl Missing ===

impl Missing {
    /// A name more; more than AWS knows are not counted.
    pub fn add(&mut self, name: &'static str) {
        if let Some(free) = self.0.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(name);
        }
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    fn sentence(self, before: &str, after: &str) -> String {
        let names = self.0.iter().flatten();
        names.fold(String::new(), |text, name| match *name {
            // AWS's own sentence for the one that may stand in two places.
            "Date" => {
                text + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            }
            name => format!("{text}{before}'{name}'{after}"),
        })
    }
}

/// `5 min`, as AWS writes it; what is no number of minutes in seconds.
fn span(seconds: i64) -> String {
    if seconds % 60 == 0 { format!("{} min", seconds / 60) } else { format!("{seconds} sec") }
}
