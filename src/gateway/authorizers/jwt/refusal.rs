//! Why a token is refused, in the words of `www-authenticate` and `$context.authorizer.error`.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html>. Only the words for the
//! audience are documented; the others were seen by third parties, or are ours.

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no token.
    Missing,
    /// It cannot be read.
    Malformed,
    /// Its algorithm may not be used here: what is said of it.
    SigningMethod(&'static str),
    /// No key of the issuer has its key id.
    UnknownKey,
    /// Its signature is not the key's.
    Signature,
    /// It is another issuer's.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// It is a user pool's, and not of the kind that the route asks for: an ID token, or an access token.
    TokenUse,
    /// It does not claim what its issuer's tokens must.
    AdditionalClaim,
    /// It is too old.
    Expired,
    /// It is not valid yet.
    NotYet,
    /// The issuer's discovery document cannot be had.
    Discovery,
    /// The issuer's keys cannot be had.
    Keys,
}

/// What is said of an algorithm that may not be used. Its name is the client's to choose: only known ones are repeated.
const SIGNING_METHODS: [(&str, &str); 14] = [
    ("none", "signing method none is invalid"),
    ("HS256", "signing method HS256 is invalid"),
    ("HS384", "signing method HS384 is invalid"),
    ("HS512", "signing method HS512 is invalid"),
    ("RS256", "signing method RS256 is invalid"),
    ("RS384", "signing method RS384 is invalid"),
    ("RS512", "signing method RS512 is invalid"),
    ("ES256", "signing method ES256 is invalid"),
    ("ES384", "signing method ES384 is invalid"),
    ("ES512", "signing method ES512 is invalid"),
    ("PS256", "signing method PS256 is invalid"),
    ("PS384", "signing method PS384 is invalid"),
    ("PS512", "signing method PS512 is invalid"),
    ("EdDSA", "signing method EdDSA is invalid"),
];

// === impl Refusal ===

impl Refusal {
    /// A refused algorithm.
    #[must_use]
    pub fn signing_method(name: &str) -> Self {
        let known = SIGNING_METHODS.iter().find(|(known, _)| *known == name);
        Self::SigningMethod(known.map_or("the token's signing method is invalid", |(_, words)| words))
    }

    /// The words.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Missing => "missing: token not provided",
            Self::Malformed => "the token is malformed",
            Self::SigningMethod(words) => words,
            Self::UnknownKey => "the token's kid does not match a key of the issuer",
            Self::Signature => "the token's signature is invalid",
            Self::Issuer => "issuer does not match",
            Self::Audience => "the token does not have a valid audience",
            Self::TokenUse => "the token is not of the kind that the route asks for",
            Self::AdditionalClaim => "the token does not have a required claim",
            Self::Expired => "the token has expired",
            Self::NotYet => "the token is not valid yet",
            Self::Discovery => "OIDC discovery endpoint communication error",
            Self::Keys => "JWKS communication error",
        }
    }

    /// Why, for Envoy's access log.
    #[must_use]
    pub fn details(self) -> &'static str {
        match self {
            Self::Missing => "sekisho_token_missing",
            Self::Malformed => "sekisho_token_malformed",
            Self::SigningMethod(_) => "sekisho_token_signing_method",
            Self::UnknownKey => "sekisho_token_unknown_key",
            Self::Signature => "sekisho_token_signature",
            Self::Issuer => "sekisho_token_issuer",
            Self::Audience => "sekisho_token_audience",
            Self::TokenUse => "sekisho_token_use",
            Self::AdditionalClaim => "sekisho_token_additional_claim",
            Self::Expired => "sekisho_token_expired",
            Self::NotYet => "sekisho_token_not_yet",
            Self::Discovery => "sekisho_token_discovery",
            Self::Keys => "sekisho_token_keys",
        }
    }

    /// `www-authenticate`.
    #[must_use]
    pub fn challenge(self) -> String {
        match self {
            Self::Missing => "Bearer".to_owned(),
            _ => format!(
                "Bearer scope=\"\" error=\"invalid_token\" error_description=\"{}\"",
                self.description()
            ),
        }
    }
}
