//! Statuses and words of every rejection.

use super::{Denial, Rejection};
use crate::gateway::admission::LimitKind;
use crate::gateway::authorizers::iam;
use crate::gateway::gateway_responses::ResponseType;

/// How a rejection is told.
pub(super) struct Words {
    /// Envoy's `RESPONSE_CODE_DETAILS`.
    pub(super) details: &'static str,
    /// Status and message of an HTTP API.
    pub(super) http: (u16, &'static str),
    /// Gateway response type of a REST API; its own status and message, or these where AWS has no type of its own.
    pub(super) rest: Told,
}

pub(super) enum Told {
    /// By a gateway response type.
    As(ResponseType),
    /// By `DEFAULT_4XX`, because AWS has no type for it: status and `x-amzn-ErrorType`.
    Default(u16, &'static str),
    /// Outside the customisable types: status, message, `x-amzn-ErrorType`.
    Fixed(u16, &'static str, &'static str),
}

// === impl Rejection ===

impl Rejection {
    pub(super) fn words(self) -> Words {
        use ResponseType as Type;
        use Told::{As, Default, Fixed};
        use iam::refusal::Exception;
        const TOO_MANY: (u16, &str) = (429, "Too Many Requests");
        const BAD_REQUEST: Told = Fixed(400, "Bad Request", "BadRequestException");
        const FORBIDDEN: Told = Fixed(403, "Forbidden", "ForbiddenException");
        let (details, http, rest) = match self {
            Self::UnreadableHead => {
                ("sekisho_unreadable_head", (500, "Internal Server Error"), As(Type::ApiConfigurationError))
            }
            Self::BadAuthority => ("sekisho_bad_authority", (400, "Bad Request"), BAD_REQUEST),
            Self::BadPath => ("sekisho_bad_path", (400, "Bad Request"), BAD_REQUEST),
            Self::ClientCert => ("sekisho_client_cert", (403, "Forbidden"), FORBIDDEN),
            Self::UnknownHost => ("sekisho_unknown_host", (403, "Forbidden"), FORBIDDEN),
            Self::MutualTls => ("sekisho_mutual_tls", (403, "Forbidden"), FORBIDDEN),
            Self::UnknownMapping => ("sekisho_unknown_mapping", (404, "Not Found"), FORBIDDEN),
            Self::DefaultEndpointDisabled => {
                ("sekisho_default_endpoint_disabled", (403, "Forbidden"), FORBIDDEN)
            }
            Self::UnknownStage => ("sekisho_unknown_stage", (404, "Not Found"), FORBIDDEN),
            Self::UnknownRoute => {
                ("sekisho_unknown_route", (404, "Not Found"), As(Type::MissingAuthenticationToken))
            }
            Self::WafBlocked => ("sekisho_waf_blocked", (403, "Forbidden"), As(Type::WafFiltered)),
            Self::ContentEncoding => {
                ("sekisho_content_encoding", (415, "Unsupported Media Type"), As(Type::UnsupportedMediaType))
            }
            Self::HeaderTooLarge => (
                "sekisho_header_too_large",
                (431, "Request Header Fields Too Large"),
                Fixed(431, "Request Header Fields Too Large", "BadRequestException"),
            ),
            Self::PayloadTooLarge => {
                ("sekisho_payload_too_large", (413, "Request Entity Too Large"), As(Type::RequestTooLarge))
            }
            Self::EventTooLarge => {
                ("sekisho_event_too_large", (413, "Request Entity Too Large"), As(Type::RequestTooLarge))
            }
            Self::InvalidToken(refusal) => (refusal.details(), (401, "Unauthorized"), As(Type::Unauthorized)),
            Self::InsufficientScope => {
                ("sekisho_insufficient_scope", (403, "Forbidden"), As(Type::Unauthorized))
            }
            Self::Unauthorized => ("sekisho_unauthorized", (401, "Unauthorized"), As(Type::Unauthorized)),
            Self::ExpiredToken => ("sekisho_expired_token", (401, "Unauthorized"), As(Type::Unauthorized)),
            Self::AuthorizerFailure => {
                ("sekisho_authorizer_failure", (500, "Internal Server Error"), As(Type::AuthorizerFailure))
            }
            Self::AuthorizerUnsigned => (
                "sekisho_authorizer_unsigned",
                (500, "Internal Server Error"),
                As(Type::AuthorizerConfigurationError),
            ),
            Self::AuthorizerBusy => {
                ("sekisho_authorizer_busy", (500, "Internal Server Error"), As(Type::AuthorizerFailure))
            }
            Self::AuthorizerConfiguration => (
                "sekisho_authorizer_configuration",
                (500, "Internal Server Error"),
                As(Type::AuthorizerConfigurationError),
            ),
            Self::AccessDenied(Denial::Explicit) => {
                ("sekisho_access_denied_explicitly", (403, "Forbidden"), As(Type::AccessDenied))
            }
            Self::AccessDenied(Denial::Implicit) => {
                ("sekisho_access_denied", (403, "Forbidden"), As(Type::AccessDenied))
            }
            Self::ResourcePolicy(Denial::Explicit) => {
                ("sekisho_resource_policy_denies", (403, "Forbidden"), As(Type::AccessDenied))
            }
            Self::ResourcePolicy(Denial::Implicit) => {
                ("sekisho_resource_policy", (403, "Forbidden"), As(Type::AccessDenied))
            }
            Self::MissingAuthenticationToken => {
                ("sekisho_signature_missing", (403, "Forbidden"), As(Type::MissingAuthenticationToken))
            }
            Self::InvalidSignature(refusal) => {
                let told = match refusal.exception() {
                    Exception::Invalid => As(Type::InvalidSignature),
                    Exception::Incomplete => Default(403, "IncompleteSignatureException"),
                    Exception::Unrecognized => Default(403, "UnrecognizedClientException"),
                };
                (refusal.details(), (403, "Forbidden"), told)
            }
            Self::InvalidApiKey => ("sekisho_invalid_api_key", (403, "Forbidden"), As(Type::InvalidApiKey)),
            Self::Throttled(kind) => (throttled(kind), TOO_MANY, As(Type::Throttled)),
            Self::LimitContended => ("sekisho_limit_contended", TOO_MANY, As(Type::Throttled)),
            Self::QuotaExceeded => {
                ("sekisho_quota_exceeded", (429, "Limit Exceeded"), As(Type::QuotaExceeded))
            }
            Self::UsageUnknown => {
                ("sekisho_usage_unknown", (500, "Internal Server Error"), As(Type::ApiConfigurationError))
            }
            Self::UriTooLong => (
                "sekisho_uri_too_long",
                (414, "Request URI too long"),
                Fixed(414, "Request URI too long", "RequestUriTooLongException"),
            ),
            Self::Upgrade => ("sekisho_upgrade", (403, "Forbidden"), FORBIDDEN),
            Self::BadMappedValue => ("sekisho_bad_mapped_value", (400, "Bad Request"), BAD_REQUEST),
            Self::ApiConfiguration => {
                ("sekisho_api_configuration", (500, "Internal Server Error"), As(Type::ApiConfigurationError))
            }
            Self::Unsigned => {
                ("sekisho_unsigned", (500, "Internal Server Error"), As(Type::ApiConfigurationError))
            }
            Self::FunctionFailure => (
                "sekisho_function_failure",
                (500, "Internal Server Error"),
                Default(502, "InternalServerErrorException"),
            ),
            Self::FunctionThrottled => {
                ("sekisho_function_throttled", (503, "Service Unavailable"), As(Type::IntegrationFailure))
            }
            Self::IntegrationBusy => {
                ("sekisho_integration_busy", (503, "Service Unavailable"), As(Type::IntegrationFailure))
            }
            Self::IntegrationFailure => {
                ("sekisho_integration_failure", (503, "Service Unavailable"), As(Type::IntegrationFailure))
            }
            Self::IntegrationTimeout => (
                "sekisho_integration_timeout",
                (504, "Endpoint request timed out"),
                As(Type::IntegrationTimeout),
            ),
            Self::RequestTimeout => (
                "sekisho_request_timeout",
                (408, "Request Timeout"),
                Fixed(408, "Request Timeout", "RequestTimeoutException"),
            ),
            Self::Overloaded => (
                "sekisho_overloaded",
                (503, "Service Unavailable"),
                Fixed(503, "Service Unavailable", "ServiceUnavailableException"),
            ),
            Self::Internal => {
                ("sekisho_internal", (500, "Internal Server Error"), As(Type::ApiConfigurationError))
            }
        };
        Words { details, http, rest }
    }
}

/// Which limit refused, for Envoy's access log.
fn throttled(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Plan => "sekisho_throttled_plan",
        LimitKind::PlanMethod => "sekisho_throttled_plan_method",
        LimitKind::Route => "sekisho_throttled_route",
        LimitKind::Account => "sekisho_throttled_account",
    }
}
