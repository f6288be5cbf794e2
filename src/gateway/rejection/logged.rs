//! What access logs tell of a refusal.

use super::{Denial, Rejection};

impl Rejection {
    /// How an authorizer ended: `$context.authorizer.status`. None where it was not the authorizer that refused.
    #[must_use]
    pub fn authorizer_status(self) -> Option<u16> {
        match self {
            Self::InvalidToken(_) | Self::Unauthorized | Self::ExpiredToken => Some(401),
            Self::InsufficientScope | Self::AccessDenied(Denial::Explicit | Denial::Implicit) => Some(403),
            Self::AuthorizerFailure
            | Self::AuthorizerBusy
            | Self::AuthorizerUnsigned
            | Self::AuthorizerConfiguration => Some(500),
            _ => None,
        }
    }

    /// What went wrong with an integration: `$context.integration.error`. AWS's words are not documented.
    #[must_use]
    pub fn integration_error(self) -> Option<&'static str> {
        match self {
            Self::ApiConfiguration => Some("the integration cannot answer as it is configured"),
            Self::BadMappedValue => Some("a mapped value may not stand in a header or a path"),
            Self::EventTooLarge => Some("the event is longer than Lambda takes"),
            Self::Unsigned => Some("there are no credentials to sign the call with"),
            Self::FunctionFailure => Some("the function failed, or what it returned is no answer"),
            Self::FunctionThrottled => Some("Lambda has no room for one more invocation"),
            Self::IntegrationBusy => Some("too many calls are on their way"),
            Self::IntegrationFailure => Some("the integration cannot be reached, or broke off"),
            Self::IntegrationTimeout => Some("the integration did not answer in time"),
            _ => None,
        }
    }
}
