//! Why a request is refused, and what the client is told: the only place where a refusal gets its status and words.
//!
//! HTTP APIs answer `{"message":"…"}` with AWS's fixed words; REST APIs answer through gateway responses, which a document
//! may customise. <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

mod logged;
mod reasons;
mod words;

use super::admission::LimitKind;
use super::arn;
use super::authorizers::iam;
use super::authorizers::jwt::refusal::Refusal;
use super::config::ProtocolType;
use super::flow::{Answer, Bytes};
use super::gateway_responses::{GatewayResponses, ResponseType};
use super::request::{Problem, Request};
use std::borrow::Cow;
use words::Told;

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
    /// A rule of the stage's web ACL looks at the body, which is sent compressed in a way that it cannot, or may not, look into.
    ContentEncoding,
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

    /// What the client is told went wrong, with the status that it gets: `$context.error`.
    #[must_use]
    pub fn problem(self, status: u16, request: &Request) -> Problem {
        let words = self.words();
        let (response_type, message) = match words.rest {
            Told::As(response_type) => response_type.told(),
            Told::Default(built_in, _) if built_in < 500 => (ResponseType::Default4xx.told().0, None),
            Told::Default(..) => (ResponseType::Default5xx.told().0, None),
            Told::Fixed(built_in, message, _) if built_in < 500 => {
                (ResponseType::Default4xx.told().0, Some(message))
            }
            Told::Fixed(_, message, _) => (ResponseType::Default5xx.told().0, Some(message)),
        };
        let message = match request.protocol() {
            ProtocolType::Http | ProtocolType::Websocket => Some(words.http.1.into()),
            ProtocolType::Rest => self.message(request).or(message.map(Cow::from)),
        };
        Problem { response_type, message, status }
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
