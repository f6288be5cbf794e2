//! Why a request is refused, and what the client is told: the only place where a refusal gets its status and words.
//!
//! HTTP APIs answer `{"message":"…"}` with AWS's fixed words; REST APIs answer through gateway responses, which a document
//! may customise. <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use super::admission::LimitKind;
use super::arn;
use super::authorizers::iam;
use super::authorizers::jwt::refusal::Refusal;
use super::config::ProtocolType;
use super::flow::{Answer, Bytes};
use super::gateway_responses::{GatewayResponses, ResponseType};
use super::request::Request;
use std::borrow::Cow;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The host could not hand over the head.
    UnreadableHead,
    /// The authority is not a host and a port.
    BadAuthority,
    /// The path cannot be matched safely.
    BadPath,
    /// The client presented a certificate that is not told as it should be, or cannot be read.
    ClientCert,
    /// No API answers this host.
    UnknownHost,
    /// The custom domain wants a certificate, and the client has not proved itself to it.
    MutualTls,
    /// Nothing of the custom domain fits the path.
    UnknownMapping,
    /// The API answers only custom domains.
    DefaultEndpointDisabled,
    /// No stage of the API answers this path.
    UnknownStage,
    /// No route answers this method and path.
    UnknownRoute,
    /// A rule of the stage's web ACL blocks it.
    WafBlocked,
    /// Request line and headers are over the limit.
    HeaderTooLarge,
    /// The body is over the limit.
    PayloadTooLarge,
    /// The event of a function is longer than Lambda takes.
    EventTooLarge,
    /// A token is missing or not valid.
    InvalidToken(Refusal),
    /// A valid token carries none of the route's scopes.
    InsufficientScope,
    /// What an authorizer or a function asks for is missing, or it said `Unauthorized`.
    Unauthorized,
    /// A user pool's token is too old.
    ExpiredToken,
    /// An authorizer could not be asked, or its answer could not be read.
    AuthorizerFailure,
    /// There are no credentials to sign an authorizer's invocation with.
    AuthorizerUnsigned,
    /// Too many questions to an authorizer are on their way.
    AuthorizerBusy,
    /// An authorizer cannot be asked as it is configured, or its answer is none.
    AuthorizerConfiguration,
    /// A caller's or an authorizer's policy does not allow the request.
    AccessDenied(Denial),
    /// The API's resource policy does not allow the request.
    ResourcePolicy(Denial),
    /// The request is not signed.
    MissingAuthenticationToken,
    /// The request's signature is not the caller's, or is none.
    InvalidSignature(iam::refusal::Refusal),
    /// The route requires an API key, and there is none that opens the stage.
    InvalidApiKey,
    /// A limit has no token left.
    Throttled(LimitKind),
    /// The key's quota is used up.
    QuotaExceeded,
    /// Too many workers wrote one limit at the same time, or what is kept of it cannot be read.
    LimitContended,
    /// The service that counts a key's quota for a fleet does not answer, and the document says that this refuses. AWS has no
    /// such case: its own counts are always there.
    UsageUnknown,
    /// The request's ARN is too long.
    UriTooLong,
    /// A REST API has no upgrades, and an HTTP API no others than WebSocket's: Envoy has made the connection a tunnel already, so
    /// the request cannot go on without one.
    Upgrade,
    /// A mapping would put bytes into a header or a path that may not stand there.
    BadMappedValue,
    /// The integration cannot answer as it is configured.
    ApiConfiguration,
    /// There are no credentials to sign an integration's call to AWS with.
    Unsigned,
    /// A function failed, or what it returned is no answer.
    FunctionFailure,
    /// Lambda has no room for one more invocation.
    FunctionThrottled,
    /// Too many calls of the service are on their way.
    IntegrationBusy,
    /// The backend cannot be reached, or broke off.
    IntegrationFailure,
    /// The backend did not answer in time.
    IntegrationTimeout,
    /// The request was not complete in time.
    RequestTimeout,
    /// Envoy refuses requests because it has too many.
    Overloaded,
    /// A state that cannot be.
    Internal,
}

/// How a policy came to refuse a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// A statement denies it.
    Explicit,
    /// No statement allows it.
    Implicit,
}

/// How a rejection is told.
struct Words {
    /// Envoy's `RESPONSE_CODE_DETAILS`.
    details: &'static str,
    /// Status and message of an HTTP API.
    http: (u16, &'static str),
    /// Gateway response type of a REST API; its own status and message, or these where AWS has no type of its own.
    rest: Told,
}

enum Told {
    /// By a gateway response type.
    As(ResponseType),
    /// By `DEFAULT_4XX`, because AWS has no type for it: status and `x-amzn-ErrorType`.
    Default(u16, &'static str),
    /// Outside the customisable types: status, message, `x-amzn-ErrorType`.
    Fixed(u16, &'static str, &'static str),
}

// === impl Rejection ===

impl Rejection {
    /// Why, for Envoy's access log.
    #[must_use]
    pub fn details(self) -> &'static str {
        self.words().details
    }

    /// What is answered before any head has come: the status alone.
    #[must_use]
    pub fn bare(self) -> Answer {
        let words = self.words();
        Answer { status: words.http.0, details: words.details.into(), ..Answer::default() }
    }

    /// Why an authorizer refused: `$context.authorizer.error`.
    #[must_use]
    pub fn authorizer_error(self) -> Option<&'static str> {
        match self {
            Self::InvalidToken(refusal) => Some(refusal.description()),
            Self::InsufficientScope => Some("the token does not have a required scope"),
            Self::Unauthorized => Some("Unauthorized"),
            Self::ExpiredToken => Some("The incoming token has expired"),
            Self::AuthorizerFailure | Self::AuthorizerBusy | Self::AuthorizerUnsigned => {
                Some("the authorizer could not be asked")
            }
            Self::AuthorizerConfiguration => Some("the authorizer's answer could not be used"),
            Self::AccessDenied(Denial::Explicit) => Some("the policy denies the request"),
            Self::AccessDenied(Denial::Implicit) => Some("the policy does not allow the request"),
            _ => None,
        }
    }

    fn words(self) -> Words {
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

    /// What the client is told.
    #[must_use]
    pub fn answer(self, protocol: ProtocolType, responses: &GatewayResponses, request: &Request) -> Answer {
        let words = self.words();
        let mut answer = match (protocol, words.rest) {
            (ProtocolType::Http | ProtocolType::Websocket, _) => plain(words.http.0, words.http.1),
            (ProtocolType::Rest, Told::As(response_type)) => {
                responses.answer(response_type, self.message(request), request)
            }
            (ProtocolType::Rest, Told::Default(status, error_type)) => {
                responses.answer_default(status, error_type, self.message(request), request)
            }
            (ProtocolType::Rest, Told::Fixed(status, message, error_type)) => {
                let mut answer = plain(status, message);
                answer.headers.push((b"x-amzn-errortype".into(), error_type.as_bytes().into()));
                answer
            }
        };
        if let (ProtocolType::Http, Some(challenge)) = (protocol, self.challenge(request)) {
            answer.headers.push((b"www-authenticate".into(), challenge.into_bytes().into()));
        }
        answer.headers.extend(request.ids.headers(protocol));
        answer.details = words.details.into();
        answer
    }

    /// The message of a REST API where it is not the gateway response type's own.
    fn message(self, request: &Request) -> Option<Cow<'static, str>> {
        match self {
            Self::ExpiredToken => Some("The incoming token has expired".into()),
            Self::FunctionFailure => Some("Internal server error".into()),
            Self::EventTooLarge => Some("Request Too Long".into()),
            Self::AccessDenied(denial) => match (caller(request), denial) {
                (Some(_), Denial::Explicit) => {
                    Some(not_authorized(request, " with an explicit deny in an identity-based policy"))
                }
                (Some(_), Denial::Implicit) => Some(not_authorized(
                    request,
                    " because no identity-based policy allows the execute-api:Invoke action",
                )),
                (None, Denial::Explicit) => Some(
                    "User is not authorized to access this resource with an explicit deny in an identity-based policy".into(),
                ),
                (None, Denial::Implicit) => None,
            },
            Self::ResourcePolicy(Denial::Explicit) => Some(not_authorized(request, " with an explicit deny")),
            Self::ResourcePolicy(Denial::Implicit) => Some(not_authorized(request, "")),
            Self::InvalidSignature(refusal) => {
                let authorization = iam::authorization(&request.head).unwrap_or_default();
                Some(refusal.message(&authorization).into())
            }
            _ => None,
        }
    }

    /// `www-authenticate` (RFC 6750, 3), as HTTP APIs write it.
    fn challenge(self, request: &Request) -> Option<String> {
        match self {
            Self::InvalidToken(refusal) => Some(refusal.challenge()),
            Self::InsufficientScope => {
                let scopes =
                    request.route.as_ref().map(|(_, route)| route.scopes.join(" ")).unwrap_or_default();
                Some(format!(
                    "Bearer scope=\"{scopes}\" error=\"insufficient_scope\" error_description=\"the token does not have a required scope\""
                ))
            }
            _ => None,
        }
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

/// The ARN of whoever signed the request.
fn caller(request: &Request) -> Option<&str> {
    Some(request.principal.as_ref()?.caller()?.user_arn.as_str())
}

/// How AWS tells a caller that a policy does not let him in.
fn not_authorized(request: &Request, why: &str) -> Cow<'static, str> {
    let caller = caller(request).unwrap_or("anonymous");
    let arn = arn::masked(request);
    format!("User: {caller} is not authorized to perform: execute-api:Invoke on resource: {arn}{why}").into()
}

/// `{"message":"…"}`; the messages are constants without characters that JSON escapes.
fn plain(status: u16, message: &'static str) -> Answer {
    let body: Bytes = format!("{{\"message\":\"{message}\"}}").into_bytes().into();
    Answer {
        status,
        headers: vec![(b"content-type".into(), b"application/json".into())],
        body,
        details: "".into(),
    }
}
